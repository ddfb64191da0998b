"""The store in memory: the oracle of the conformance suite, and the durable half of the simulation.

One instance is the environment store, shared by every process that the simulation crashes. It is single-threaded and
no method awaits, so each call is one atomic step. Read next: ports/store.py for the promises, leases.py for ownership.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from mkondo.adapters.memory.leases import Leases
from mkondo.contracts.journal import (
    JournalRow,
    Partition,
    PartitionBatch,
    PartitionState,
    StoredOutcome,
    StoredRecord,
    StoredReference,
)
from mkondo.domain.ids import PARTITIONS, Instant, RecordKey
from mkondo.ports.clock import Clock
from mkondo.ports.errors import Fenced

_REFERENCE = "reference/"


class MemoryStore:
    """Store and Facts of one environment (ports/store.py)."""

    def __init__(self, clock: Clock, partitions: int = PARTITIONS) -> None:
        self._leases = Leases(clock, partitions)
        self._states: dict[Partition, PartitionState] = {}
        self._journals: defaultdict[str, list[JournalRow]] = defaultdict(list)
        self._records: defaultdict[Partition, dict[RecordKey, StoredRecord]] = defaultdict(dict)
        self._references: dict[RecordKey, StoredReference] = {}
        self._named: dict[str, StoredReference] = {}
        self._outcomes: dict[str, StoredOutcome] = {}
        self._watermarks: dict[str, int] = {}

    async def acquire(self, partition: Partition, member: str) -> PartitionState:
        last = self._states.get(partition) or PartitionState(partition, epoch=0)
        self._states[partition] = _own_copy(replace(last, epoch=last.epoch + 1))
        return _own_copy(self._states[partition])

    async def commit(self, batches: Sequence[PartitionBatch]) -> None:
        for batch in batches:
            _check_numbering(batch)
        for batch in batches:
            row = self._states.get(batch.before.partition)
            expected = (batch.before.epoch, batch.before.last_sequence)
            if row is None or (row.epoch, row.last_sequence) != expected:
                raise Fenced(f"{batch.before.partition}: expected epoch, sequence {expected}, the store has {row}")
        for batch in batches:
            self._apply(batch)

    def _apply(self, batch: PartitionBatch) -> None:
        partition = batch.before.partition
        self._states[partition] = _own_copy(batch.after)
        self._journals[str(partition)].extend(batch.rows)
        records = self._records[partition]
        for key, record in batch.records.items():
            if record is None:
                records.pop(key, None)
            else:
                records[key] = record
        for reference in batch.references:
            self._write_once(reference)
        for outcome in batch.outcomes:
            self._outcomes.setdefault(outcome.name, outcome)

    def _write_once(self, reference: StoredReference) -> None:
        key = _reference_key(reference.application, reference.third_party_conversation_id)
        if key in self._references or reference.payment_id in self._named or reference.transaction_id in self._named:
            return
        self._references[key] = reference
        self._named[reference.payment_id] = self._named[reference.transaction_id] = reference

    async def load(self, wanted: Mapping[Partition, Collection[RecordKey]]) -> dict[RecordKey, bytes]:
        found: dict[RecordKey, bytes] = {}
        for partition, keys in wanted.items():
            records = self._records[partition]
            for key in keys:
                row = self._references.get(key) if key.startswith(_REFERENCE) else records.get(key)
                if row is not None:
                    found[key] = row.data
        return found

    async def load_kind(self, partition: Partition, kind: str) -> dict[RecordKey, StoredRecord]:
        return {key: record for key, record in self._records[partition].items() if key.startswith(f"{kind}/")}

    async def page(self, partition: Partition, kind: str, after: str, limit: int) -> Sequence[tuple[RecordKey, bytes]]:
        records = sorted((await self.load_kind(partition, kind)).items())
        return [(key, record.data) for key, record in records if key > after][:limit]

    async def due(self, partition: Partition) -> dict[RecordKey, Instant]:
        return {key: record.due for key, record in self._records[partition].items() if record.due is not None}

    async def read_journal(
        self, source: str, after: int, limit: int, destination: str | None = None
    ) -> Sequence[JournalRow]:
        rows = self._journals[source][after:]  # row n is at index n - 1
        if destination is not None:
            rows = [row for row in rows if any(route.destination == destination for route in row.routes)]
        return rows[:limit]

    async def read_journals(self, positions: Mapping[str, int], limit: int) -> Sequence[JournalRow]:
        return [row for source, after in positions.items() for row in self._journals[source][after : after + limit]]

    async def states(self) -> Sequence[PartitionState]:
        return [_own_copy(self._states[partition]) for partition in sorted(self._states)]

    async def claim(self, member: str, deciders: Collection[str], lease_seconds: float) -> Collection[Partition]:
        return self._leases.claim(member, deciders, lease_seconds)

    async def release(self, member: str) -> None:
        self._leases.release(member)

    async def watermarks(self) -> Mapping[str, int]:
        return dict(self._watermarks)

    async def move_watermark(self, source: str, sequence: int) -> None:
        self._watermarks[source] = max(sequence, self._watermarks.get(source, 0))

    # Facts.

    async def record(self, key: RecordKey) -> bytes | None:
        found = (records[key].data for records in self._records.values() if key in records)
        return next(found, None)

    async def reference(self, application: str, text: str) -> StoredReference | None:
        for named in (self._named.get(text), self._references.get(_reference_key(application, text))):
            if named is not None and named.application == application:
                return named
        return None

    async def transaction(self, transaction_id: str) -> StoredReference | None:
        named = self._named.get(transaction_id)
        return named if named is not None and named.transaction_id == transaction_id else None

    async def outcome(self, name: str) -> StoredOutcome | None:
        return self._outcomes.get(name)


def _own_copy(state: PartitionState) -> PartitionState:
    """The row's dictionaries belong to whoever holds the row: a caller that changes its own must not change ours."""
    return replace(state, positions=dict(state.positions), sent=dict(state.sent))


def _check_numbering(batch: PartitionBatch) -> None:
    numbers = [row.sequence for row in batch.rows]
    if numbers != list(range(batch.before.last_sequence + 1, batch.after.last_sequence + 1)):
        raise ValueError(f"{batch.before.partition}: rows {numbers} do not go on from {batch.before.last_sequence}")


def _reference_key(application: str, third_party_conversation_id: str) -> RecordKey:
    return RecordKey(f"{_REFERENCE}{application}/{third_party_conversation_id}")
