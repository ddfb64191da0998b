"""What must be true of digests that were closed at any moment, by anybody, also by a process that died meanwhile.

That they are whole, signed, linked, and give what the journals say, is asked by `mkondo verify` (checks.py). Here:
there is one of each, of whole batches; and whoever changes a byte under one is found. Read next: runtime/digests.py.
"""

from collections.abc import Iterator, Sequence
from random import Random

from msgspec.structs import replace

from mkondo.adapters.keys.ed25519 import is_signed
from mkondo.contracts.digest import StoredDigest, body_of
from mkondo.contracts.journal import JournalRow, Partition, seal
from mkondo.runtime.audit.chain import Journal
from mkondo.runtime.audit.digests import Digests, Trust
from mkondo.runtime.audit.report import Findings, Problem
from mkondo.testing.simulation.audit import EVERYTHING, Journals
from mkondo.testing.simulation.loop import at_once
from mkondo.testing.simulation.process import ENVIRONMENT
from mkondo.testing.simulation.rested import Rested
from mkondo.topology import DECIDERS


def every(world: Rested, journals: Journals) -> Iterator[str]:
    digests = at_once(world.digests.page(0, EVERYTHING))
    yield from _one_each(world, digests)
    yield from _whole_batches(digests, journals)
    yield from _tampering(world, digests, journals)


def trust(world: Rested) -> Trust:
    """What an auditor of this world brings along."""
    return Trust(ENVIRONMENT, is_signed, world.signer.public_key())


def _one_each(world: Rested, digests: Sequence[StoredDigest]) -> Iterator[str]:
    """G6: one of each number, and it is the one that whoever closed it was shown."""
    kept = {digest.number: digest for digest in digests}
    if list(kept) != list(range(1, len(digests) + 1)):
        yield f"G6: the digests have the numbers {list(kept)}"
    for shown in world.digests_shown:
        if kept.get(shown.number) != shown:
            yield f"G6: somebody was shown a digest {shown.number} that is not the one that is kept"


def _whole_batches(digests: Sequence[StoredDigest], journals: Journals) -> Iterator[str]:
    """G6: a digest ends where a batch does, or no receipt could lead from that batch to it."""
    ends = {source: {row.sequence for row in rows if row.seal is not None} for source, rows in journals.rows.items()}
    for digest in digests:
        for source, sequence in body_of(digest).until.items():
            if sequence not in ends[source]:
                yield f"G6: digest {digest.number} ends within a batch of {source}, at {sequence}"


def _tampering(world: Rested, digests: Sequence[StoredDigest], journals: Journals) -> Iterator[str]:
    """G6: somebody changes one byte of what a digest covers. The chain tells, and the digest does if every seal from
    there on is made anew."""
    if not digests:
        return
    chance = world.weather.random
    source, until = chance.choice(sorted(body_of(digests[-1]).until.items()))
    changed = list(journals.rows[source])
    place = chance.randrange(until)
    row = changed[place] = _with_a_bit_turned(changed[place], chance)
    if not any(_names(problem, row) for problem in _chain(source, changed)):
        yield f"G6: {source} {row.sequence} was changed, and the chain did not tell"
    found = _signed(world, digests, {**journals.rows, source: _sealed_anew(changed)})
    if not found or not _names(found[0], row):
        yield f"G6: {source} {row.sequence} was changed and sealed anew, the digests tell {found}"


def _with_a_bit_turned(row: JournalRow, chance: Random) -> JournalRow:
    data = bytearray(row.data)
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return replace(row, data=bytes(data))


def _chain(source: str, rows: Sequence[JournalRow]) -> Sequence[Problem]:
    decider, number = source.split("/")
    findings = Findings()
    journal = Journal(Partition(decider, int(number)), DECIDERS[decider], None, findings)
    for row in rows:
        journal.follow(row)
    return [problem for problem in findings.problems if "hash chain" in problem.what]


def _signed(
    world: Rested, digests: Sequence[StoredDigest], journals: dict[str, Sequence[JournalRow]]
) -> Sequence[Problem]:
    findings = Findings()
    auditor = Digests(digests, trust(world), findings)
    for rows in journals.values():
        for row in rows:
            auditor.see(row)
    auditor.finish()
    return findings.problems


def _sealed_anew(rows: Sequence[JournalRow]) -> Sequence[JournalRow]:
    head, batch, made = b"", list[JournalRow](), list[JournalRow]()
    for row in rows:
        batch.append(row)
        if row.seal is not None:
            head = seal(head, batch)
            made += [*batch[:-1], replace(row, seal=head)]
            batch.clear()
    return made


def _names(problem: Problem, row: JournalRow) -> bool:
    """Whether it is about the rows among which this one is."""
    match problem.where.split(" "):
        case source, "sequence", first, "to", last:
            return source == row.source and int(first) <= row.sequence <= int(last)
        case _:
            return False
