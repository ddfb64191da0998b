"""A receipt proves its payment with nothing but a public key, and not with one byte of it changed."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mkondo.adapters.keys.ed25519 import Ed25519Signer, is_signed
from mkondo.contracts import codec, merkle
from mkondo.contracts.digest import (
    DigestBody,
    StoredDigest,
    canonical,
    day_leaves,
    format_digest,
    key_id,
    parse_digest,
    source_root,
)
from mkondo.contracts.journal import JournalRow, Route, seal
from mkondo.contracts.receipt import NotProven, check_receipt, make_receipt
from mkondo.domain.decider import Event
from mkondo.domain.ids import Instant
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.testing.builders import SESSION, payment, tzs

SIGNER, OTHER = (Ed25519Signer(Ed25519PrivateKey.from_private_bytes(letter * 32)) for letter in (b"k", b"o"))
PAYMENT = payment("é" * 3, tzs(1_050), description='"Shoes", \\ and more: 鞋')
COMPLETED = PaymentCompleted(PAYMENT)
SOURCE = "ledger/3"


def row(sequence: int, event: Event) -> JournalRow:
    routes = (Route("admission/4", sequence - 1), Route("callbacks/1", 0))
    return JournalRow(SOURCE, sequence, Instant(1_000), type(event).__name__, 1, "kéy", codec.encode(event), routes)


def made(signer: Ed25519Signer = SIGNER, ended: Event = COMPLETED) -> tuple[bytes, StoredDigest]:
    """The receipt of the fourth row of the second of three batches, and its digest."""
    events = [PaymentFailed(PAYMENT, "INS-6", "no"), COMPLETED] * 4
    rows = [row(number, event) for number, event in enumerate(events, 1)]
    rows[4] = row(5, ended)
    batches, seals = [rows[:1], rows[1:6], rows[6:]], [b""]
    for batch in batches:
        seals.append(seal(seals[-1], batch))
    roots = {SOURCE: source_root(seals[1:]).hex()} | {f"admission/{number}": f"{number:064x}" for number in range(4)}
    until = {SOURCE: len(rows), "admission/0": 1}
    body = DigestBody(
        "sandbox", 1, "2026-11-26", Instant(2_000), until, merkle.root(day_leaves(roots)).hex(), "",
        key_id(signer.public_key()),
    )  # fmt: skip
    text = canonical(body)
    digest = StoredDigest(1, text, signer.sign(text), signer.public_key(), canonical(roots))
    return make_receipt(batches[1], 3, seals[1], seals[1:], 1, digest), digest


def step_of(text: bytes, trusted: bytes | None = None, kept: StoredDigest | None = None) -> str:
    """At which step it proves nothing; nothing when it does."""
    try:
        check_receipt(text, is_signed, trusted, kept)
    except NotProven as trouble:
        return trouble.step
    return ""


def test_a_receipt_proves_its_payment_and_says_which() -> None:
    text, digest = made()
    proven = check_receipt(text, is_signed, SIGNER.public_key(), digest)
    assert proven.ended == COMPLETED
    assert (proven.time, proven.where, proven.digest.number) == (1_000, "ledger/3 sequence 5", 1)
    assert proven.public_key == SIGNER.public_key()


def test_a_payment_that_failed_is_proven_too() -> None:
    failed = PaymentFailed(PAYMENT, "INS-2006", "not enough")
    assert check_receipt(made(ended=failed)[0], is_signed).ended == failed


@pytest.mark.parametrize("trusted", [None, SIGNER.public_key()])
def test_no_byte_of_a_receipt_can_be_changed(trusted: bytes | None) -> None:
    """Each byte of it, every bit and a few likely others: with and without a key that is known beforehand."""
    text, _ = made()
    assert step_of(text, trusted) == ""
    for place, byte in enumerate(text):
        others = {byte ^ (1 << bit) for bit in range(8)} | set(b' 0aA"+\\') - {byte}
        for other in others if trusted is None or place % 7 == 0 else {byte ^ 1}:
            changed = text[:place] + bytes([other]) + text[place + 1 :]
            assert step_of(changed, trusted), (place, changed[max(place - 20, 0) : place + 20])


def test_no_byte_can_be_left_out_or_put_in() -> None:
    text, _ = made()
    for place in range(len(text)):
        assert step_of(text[:place] + text[place + 1 :]), place
        for more in (b" ", b"0", b"\n", text[place : place + 1]):
            assert step_of(text[:place] + more + text[place:]), (place, more)


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        (b'"sequence":5', b'"sequence":6', "batch"),
        (b'"time":1000', b'"time":1001', "batch"),
        (b'\\"minor\\":1050', b'\\"minor\\":9050', "batch"),
        (b'"left"', b'"right"', "batch"),
        (b'"routes":"admission/4:4', b'"routes":"admission/4:5', "batch"),
        (b'"day":"2026-11-26"', b'"day":"2026-11-27"', "signature"),
        (b'"until":{"admission/0":1', b'"until":{"admission/0":2', "signature"),
        (b'"format":"mkondo-receipt-1"', b'"format":"mkondo-receipt-2"', "reading"),
        (b'"left":"', b'"LEFT":"', "reading"),
        (b'","routes"', b'" ,"routes"', "reading"),
    ],
)
def test_it_is_said_which_step_fails(old: bytes, new: bytes, step: str) -> None:
    text, _ = made()
    assert old in text
    assert step_of(text.replace(old, new, 1)) == step


def test_a_receipt_that_somebody_else_signed_proves_nothing_to_who_knows_the_key() -> None:
    forged, _ = made(OTHER)
    assert step_of(forged) == "", "its own claim is believed, as it says"
    assert step_of(forged, SIGNER.public_key()) == "key"
    body, key = SIGNER.public_key().hex().encode(), OTHER.public_key().hex().encode()
    assert step_of(forged.replace(key, body), SIGNER.public_key()) == "key"


def test_a_receipt_has_to_lead_to_the_digest_that_is_kept() -> None:
    text, digest = made()
    assert step_of(text, kept=digest) == ""
    assert step_of(text, kept=made(OTHER)[1]) == "digest"


def test_an_event_that_ends_no_payment_is_none_of_a_receipt() -> None:
    assert step_of(made(ended=PaymentAdmitted(PAYMENT, SESSION, 1))[0]) == "event"


@pytest.mark.parametrize("text", [b"", b"{}", b"null", b"[" * 100_000, b"\xff", b'{"a":"\\ud800"}', b"1e999"])
def test_what_is_no_receipt_is_refused_in_words(text: bytes) -> None:
    assert step_of(text) == "reading"


def test_a_digest_is_a_text_that_can_be_carried_away() -> None:
    _, digest = made()
    text = format_digest(digest)
    assert parse_digest(text) == digest
    assert text.endswith(b"}\n")
    assert text.count(b"\n") == 1


def test_a_receipt_tells_nothing_of_others_but_hashes() -> None:
    """The other rows of its batch and the other sources' roots are not in it."""
    text, digest = made()
    assert b"INS-6" not in text
    assert digest.roots not in text
