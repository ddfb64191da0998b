"""Hands for spoiling a store behind the platform's back, and a table of spoilings with what verify must say of each.

Read next: test_verify.py, then test_verify_journals.py, test_verify_money.py and test_verify_rows.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from mkondo.adapters.keys.ed25519 import Ed25519Signer, is_signed
from mkondo.adapters.memory.audit import MemoryAudit
from mkondo.adapters.memory.digests import MemoryDigests
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts import codec
from mkondo.contracts.digest import StoredDigest
from mkondo.contracts.journal import JournalRow, PartitionState, StoredRecord, parse_partition, seal
from mkondo.contracts.records import decode_record, encode_record
from mkondo.domain.decider import Event, Record
from mkondo.domain.ids import Instant, RecordKey
from mkondo.runtime.audit import Report, Trust, verify_store
from mkondo.runtime.digests import DAY_MS, Prefixes, Proofs, close_digest
from mkondo.runtime.projector import Projector
from mkondo.testing.builders import NOW
from services.projector.root import SOURCES
from tests.conformance.worlds import HandClock
from tests.unit.audit.history import eventful

SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"k" * 32))
"""The platform's."""


@dataclass
class Spoiled:
    """A store and views in memory, open to anybody's hands."""

    store: MemoryStore
    views: MemoryViews
    digests: MemoryDigests
    kept: list[StoredDigest] = field(default_factory=list)

    def rows(self, source: str) -> list[JournalRow]:
        return self.store._journals[source]

    def first(self, of: type[Event], such: Callable[[Any], bool] = lambda event: True) -> JournalRow:
        """The first row of a type, in any source."""
        for rows in self.store._journals.values():
            for row in rows:
                if row.type == of.__name__ and such(event_of(row)):
                    return row
        raise LookupError(of.__name__)

    def change(self, row: JournalRow, **fields: object) -> str:
        """Alter a row where it stands; returns where that is."""
        rows = self.rows(row.source)
        rows[rows.index(row)] = replace(row, **fields)
        return f"{row.source} sequence {row.sequence}"

    def rewrite(self, row: JournalRow, event: Event) -> str:
        """Alter an event as somebody would who knows how to seal: the whole chain is made anew."""
        where = self.change(row, data=codec.encode(event))
        self.reseal(row.source)
        return where

    def insert(self, after: JournalRow, *events: Event) -> None:
        """Slip events in after a row of the same batch, number everything anew, and seal it."""
        rows = self.rows(after.source)
        place = rows.index(after) + 1
        rows[place:place] = [
            replace(after, type=type(event).__name__, data=codec.encode(event), routes=(), seal=None)
            for event in events
        ]
        for number, row in enumerate(rows, 1):
            rows[number - 1] = replace(row, sequence=number)
        self.reseal(after.source)

    def reseal(self, source: str) -> None:
        rows, head, batch = self.rows(source), b"", list[JournalRow]()
        for place, row in enumerate(rows):
            batch.append(row)
            if row.seal is not None:
                head = seal(head, batch)
                rows[place] = replace(row, seal=head)
                batch.clear()
        partition = parse_partition(source)
        self.store._states[partition] = replace(self.store._states[partition], head=head, last_sequence=len(rows))

    def state(self, source: str, **fields: object) -> None:
        partition = parse_partition(source)
        self.store._states[partition] = replace(self.store._states[partition], **fields)

    def record(self, key: RecordKey, alter: Callable[[Any], Record] | None) -> str:
        """Alter a record, or delete it; returns its name."""
        for partition, records in self.store._records.items():
            stored = records.get(key)
            if stored is None:
                continue
            if alter is None:
                del records[key]
            else:
                records[key] = StoredRecord(encode_record(alter(decode_record(key, stored.data))), stored.due)
            return f"record {key} of {partition}"
        raise LookupError(key)

    def batch_of(self, source: str, sequence: int) -> str:
        """The rows of one batch, as the chain's problem names them."""
        ends = [row.sequence for row in self.rows(source) if row.seal is not None]
        end = next(number for number in ends if number >= sequence)
        start = max((number for number in ends if number < sequence), default=0) + 1
        return f"{source} sequence {start} to {end}"

    async def verify(self, page: int = 1000) -> Report:
        return await verify_store(
            MemoryAudit(self.store, self.views, self.digests),
            page,
            Trust("sandbox", is_signed, SIGNER.public_key(), tuple(self.kept)),
        )


def event_of(row: JournalRow) -> Any:
    return codec.decode(row.type, row.version, row.data)


def sources(spoiled: Spoiled, decider: str) -> Sequence[str]:
    return [source for source, rows in spoiled.store._journals.items() if rows and source.startswith(decider)]


class Middle(SystemIds):
    """Jitter without chance."""

    def jitter(self) -> float:
        return 0.5


class AsOf:
    """A store as it was when every journal had about half of its batches."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def states(self) -> Sequence[PartitionState]:
        return [replace(state, last_sequence=self._half(str(state.partition))) for state in await self._store.states()]

    def _half(self, source: str) -> int:
        ends = [row.sequence for row in self._store._journals.get(source, []) if row.seal is not None]
        return ends[len(ends) // 2 - 1] if len(ends) > 1 else 0


async def digested(spoiled: Spoiled) -> Spoiled:
    """With two digests, which cover all of it."""
    proofs = Proofs(spoiled.digests, SIGNER)
    moments: tuple[Prefixes, ...] = (AsOf(spoiled.store), spoiled.store)
    for number, store in enumerate(moments):
        assert await close_digest("sandbox", store, proofs, Instant(NOW + number * DAY_MS)) is not None
    return spoiled


async def projected(store: MemoryStore) -> Spoiled:
    """The store with its views."""
    views = MemoryViews()
    await Projector("sandbox", SOURCES, store, views, HandClock(), Middle()).catch_up()
    return Spoiled(store, views, MemoryDigests(store))


async def eventful_and_projected(payments: int = 60, seed: int = 1) -> Spoiled:
    store = MemoryStore(HandClock())
    await eventful(store, payments, seed)
    return await digested(await projected(store))


Spoiling = Callable[[Spoiled], str]
"""Spoils one thing; returns where verify must point."""


class Spoilings:
    """A table of spoilings: `@spoilings.finds("missing")` enlists one, and what must stand in the problem it causes."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, Spoiling]] = []

    def finds(self, what: str) -> Callable[[Spoiling], Spoiling]:
        def enlist(spoiling: Spoiling) -> Spoiling:
            self._rows.append((what, spoiling))
            return spoiling

        return enlist

    def every(self) -> pytest.MarkDecorator:
        names = [spoiling.__name__ for _, spoiling in self._rows]
        return pytest.mark.parametrize(("what", "spoiling"), self._rows, ids=names)


async def assert_found(what: str, spoiling: Spoiling) -> None:
    """Verify is clean before, and afterwards names the very thing."""
    spoiled = await eventful_and_projected()
    where = spoiling(spoiled)
    report = await spoiled.verify()
    told = "\n".join([f"not found: {where}: {what}", *map(str, report.problems)])
    assert any(problem.where == where and what in problem.what for problem in report.problems), told
    assert report.line().startswith(f"{len(report.problems)} problems in ")
