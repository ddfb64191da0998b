"""Verify finds and names digests that were spoiled, and journals that no longer give theirs, however well resealed."""

from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from mkondo.adapters.keys.ed25519 import Ed25519Signer
from mkondo.contracts.digest import body_of, canonical, key_id
from mkondo.domain.ids import Instant
from mkondo.domain.payment import PaymentCompleted
from tests.unit.audit.spoil import (
    SIGNER,
    Spoiled,
    Spoiling,
    Spoilings,
    assert_found,
    digested,
    eventful_and_projected,
    projected,
    sources,
)
from tests.unit.audit.test_verify_any_byte import flipped, fresh

spoilings = Spoilings()


def stored(spoiled: Spoiled, number: int, **fields: object) -> str:
    spoiled.digests._digests[number] = replace(spoiled.digests._digests[number], **fields)
    return f"digest {number}"


def signed(spoiled: Spoiled, number: int, **fields: object) -> str:
    """Altered, and signed anew by somebody who has the key."""
    body = canonical(replace(body_of(spoiled.digests._digests[number]), **fields))
    return stored(spoiled, number, body=body, signature=SIGNER.sign(body))


def stretch(spoiled: Spoiled, source: str, number: int) -> str:
    """The rows of a source that a digest covers."""
    until = [0, *(body_of(digest).until.get(source, 0) for digest in spoiled.digests._digests.values())]
    return f"{source} sequence {until[number - 1] + 1} to {until[number]}"


def busiest(spoiled: Spoiled) -> str:
    return max(sources(spoiled, "ledger"), key=lambda source: len(spoiled.rows(source)))


@spoilings.finds("its signature is not that of its key")
def a_day(spoiled: Spoiled) -> str:
    return stored(spoiled, 1, body=spoiled.digests._digests[1].body.replace(b'"day":"2', b'"day":"3'))


@spoilings.finds("its signature is not that of its key")
def a_signature(spoiled: Spoiled) -> str:
    return stored(spoiled, 2, signature=bytes(64))


@spoilings.finds("it names the key")
def a_public_key(spoiled: Spoiled) -> str:
    return stored(spoiled, 2, public_key=bytes(32))


@spoilings.finds("the roots of its sources do not give its root")
def a_root_of_a_source(spoiled: Spoiled) -> str:
    roots = spoiled.digests._digests[1].roots
    return stored(spoiled, 1, roots=roots[:-3] + (b"1" if roots[-3:-2] != b"1" else b"2") + roots[-2:])


@spoilings.finds("the digest's body can't be read")
def a_body_that_is_none(spoiled: Spoiled) -> str:
    return stored(spoiled, 1, body=b"\xff")


@spoilings.finds("the digest's body is not written as this platform writes it")
def a_blank_in_a_body(spoiled: Spoiled) -> str:
    return stored(spoiled, 1, body=spoiled.digests._digests[1].body.replace(b",", b", ", 1))


@spoilings.finds("missing: the next one there is has the number 2")
def a_lost_digest(spoiled: Spoiled) -> str:
    del spoiled.digests._digests[1]
    return "digest 1"


@spoilings.finds("it says that it is digest 2")
def a_renumbered_digest(spoiled: Spoiled) -> str:
    spoiled.digests._digests[3] = replace(spoiled.digests._digests.pop(2), number=3)
    return "digest 3"


@spoilings.finds("the digest before it is another than the one it was signed to follow")
def a_digest_that_was_signed_anew(spoiled: Spoiled) -> str:
    signed(spoiled, 1, closed_at=Instant(7))
    return "digest 2"


@spoilings.finds("it covers less than the digest before it")
def a_digest_that_goes_back(spoiled: Spoiled) -> str:
    source = busiest(spoiled)
    return signed(spoiled, 2, until={**body_of(spoiled.digests._digests[2]).until, source: 1})


@spoilings.finds("it is of the environment 'openapi'")
def a_digest_of_the_other_environment(spoiled: Spoiled) -> str:
    return signed(spoiled, 2, environment="openapi")


@spoilings.finds("signed with the key")
def another_platforms_key(spoiled: Spoiled) -> str:
    other = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"o" * 32))
    body = canonical(replace(body_of(spoiled.digests._digests[2]), key=key_id(other.public_key())))
    return stored(spoiled, 2, body=body, signature=other.sign(body), public_key=other.public_key())


@spoilings.finds("it is not what digest 1 was signed for")
def an_event_of_the_first_day_with_every_seal_made_anew(spoiled: Spoiled) -> str:
    row = spoiled.first(PaymentCompleted)
    spoiled.change(row, time=Instant(row.time + 1))
    spoiled.reseal(row.source)
    return stretch(spoiled, row.source, 1)


@spoilings.finds("it is not what digest 2 was signed for")
def an_event_of_the_second_day_with_every_seal_made_anew(spoiled: Spoiled) -> str:
    row = spoiled.rows(busiest(spoiled))[-1]
    spoiled.change(row, time=Instant(row.time + 1))
    spoiled.reseal(row.source)
    spoiled.state(row.source, time=Instant(row.time + 1))
    return stretch(spoiled, row.source, 2)


@spoilings.finds("missing, and digest 2 was signed for it")
def a_tail_cut_off_with_the_partitions_row(spoiled: Spoiled) -> str:
    source = busiest(spoiled)
    rows = spoiled.rows(source)
    last = len(rows)
    rows.pop()
    while rows[-1].seal is None:
        rows.pop()
    spoiled.reseal(source)
    return f"{source} sequence {len(rows) + 1} to {last}"


@spoilings.finds("missing: the partition's row says that they were committed")
def a_tail(spoiled: Spoiled) -> str:
    source = busiest(spoiled)
    row = spoiled.rows(source).pop()
    return f"{source} sequence {row.sequence} to {row.sequence}"


@spoilings.finds("there is no such partition")
def events_of_nobody(spoiled: Spoiled) -> str:
    row = spoiled.rows(busiest(spoiled))[0]
    spoiled.store._journals["ledges/3"] = [replace(row, source="ledges/3")]
    return "ledges/3 sequence 1"


@spoilings.finds("there is no such row: the first one is 1")
def an_event_before_the_first(spoiled: Spoiled) -> str:
    rows = spoiled.rows(busiest(spoiled))
    rows.append(replace(rows[0], sequence=0))
    return f"{rows[0].source} sequence 0"


@spoilings.finds("no seal after the rows from")
def an_event_after_the_last(spoiled: Spoiled) -> str:
    rows = spoiled.rows(busiest(spoiled))
    rows.append(replace(rows[-1], sequence=rows[-1].sequence + 1, seal=None, routes=()))
    return f"{rows[0].source} sequence {rows[-1].sequence}"


@spoilings.finds("the hash chain breaks in this batch")
def an_event_in_the_middle(spoiled: Spoiled) -> str:
    """Everything behind it is numbered anew, and nothing sealed anew."""
    source = busiest(spoiled)
    rows = spoiled.rows(source)
    place = next(place for place, row in enumerate(rows) if place > 3 and row.seal is None)
    rows.insert(place, replace(rows[place], data=rows[place - 1].data))
    rows[:] = [replace(row, sequence=number) for number, row in enumerate(rows, 1)]
    return spoiled.batch_of(source, place + 1)


@spoilings.every()
async def test_verify_finds_and_names(what: str, spoiling: Spoiling) -> None:
    await assert_found(what, spoiling)


async def test_who_has_the_signing_key_too_is_found_by_a_digest_that_was_kept_elsewhere() -> None:
    """An event, every seal behind it and every digest are made anew: the books are as good as the true ones."""
    spoiled = await eventful_and_projected()
    kept, row = spoiled.digests._digests[2], next(iter(spoiled.rows(busiest(spoiled))))
    spoiled.change(row, version=row.version, time=Instant(row.time - 1))
    spoiled.reseal(row.source)
    forged = await digested(await projected(spoiled.store))
    assert (await forged.verify()).problems == ()
    forged.kept.append(kept)
    told = {(problem.where, problem.what) for problem in (await forged.verify()).problems}
    assert ("digest 2", "it is not the one that you keep") in told
    assert ("digest 2", "the digest before it is another than the one it was signed to follow") in told


async def test_a_kept_digest_names_the_source_that_was_rewritten() -> None:
    spoiled = await eventful_and_projected()
    kept, row = list(spoiled.digests._digests.values()), next(iter(spoiled.rows(busiest(spoiled))))
    spoiled.change(row, time=Instant(row.time - 1))
    spoiled.reseal(row.source)
    forged = await digested(await projected(spoiled.store))
    forged.kept += kept
    told = {(problem.where, problem.what) for problem in (await forged.verify()).problems}
    assert (stretch(spoiled, row.source, 1), "it is not what digest 1 was signed for") in told
    assert {where.partition(" ")[0] for where, _ in told} == {"digest", row.source}


async def test_a_digest_that_was_kept_and_is_gone_is_missed() -> None:
    spoiled = await eventful_and_projected()
    spoiled.kept.append(spoiled.digests._digests.pop(2))
    assert [(problem.where, problem.what) for problem in (await spoiled.verify()).problems] == [
        ("digest 2", "missing, though you keep it")
    ]


@given(chance=some.integers(0, 2**32))
async def test_any_bit_of_a_stored_digest_is_found_and_named(chance: int) -> None:
    random, spoiled = Random(chance), await fresh()
    number = random.choice((1, 2))
    column = random.choice(("body", "signature", "public_key", "roots"))
    where = stored(spoiled, number, **{column: flipped(getattr(spoiled.digests._digests[number], column), random)})
    assert where in [problem.where for problem in (await spoiled.verify()).problems]
