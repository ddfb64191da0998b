"""An auditor's reading of the journals: chain, numbers, channels, balances, and the records that they must give.

It trusts nothing but the rows. `mkondo verify` asks the same questions of a real store. Read next: checks.py.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

import msgspec

from mkondo.adapters.memory.store import MemoryStore
from mkondo.contracts import codec
from mkondo.contracts.journal import JournalRow, PartitionState, seal
from mkondo.contracts.records import KINDS, PARKED, REFERENCE, decode_record, encode_record
from mkondo.domain.account import (
    Account,
    CreditApplied,
    CreditSuspended,
    Hold,
    JournalEntryPosted,
)
from mkondo.domain.decider import Event, Record
from mkondo.domain.facts import names_of
from mkondo.domain.ids import RecordKey
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentEnded, PaymentFailed
from mkondo.domain.request import RequestAdmitted, RequestAnswered
from mkondo.topology import DECIDERS

E = TypeVar("E")
R = TypeVar("R", bound=Record)
EVERYTHING = 1_000_000


class Journals:
    """All rows of all sources, with their events."""

    def __init__(
        self,
        states: Sequence[PartitionState],
        rows: dict[str, Sequence[JournalRow]],
        stored: dict[str, dict[RecordKey, bytes]],
    ) -> None:
        self.rows = rows
        self._states = states
        self._stored = stored
        self._events = {
            source: [codec.decode(row.type, row.version, row.data) for row in own] for source, own in rows.items()
        }
        self._by_type: defaultdict[type, list[tuple[JournalRow, Event]]] = defaultdict(list)
        for source, own in rows.items():
            for row, event in zip(own, self._events[source], strict=True):
                self._by_type[type(event)].append((row, event))

    @classmethod
    async def read(cls, store: MemoryStore) -> "Journals":
        states = await store.states()
        rows = {str(state.partition): await store.read_journal(str(state.partition), 0, EVERYTHING) for state in states}
        stored: dict[str, dict[RecordKey, bytes]] = defaultdict(dict)
        for state in states:
            for kind in KINDS.keys() - {PARKED}:
                found = await store.load_kind(state.partition, kind)
                stored[str(state.partition)] |= {key: record.data for key, record in found.items()}
        return cls(states, rows, stored)

    def of(self, kind: type[E]) -> list[E]:
        return [event for _, event in self._by_type[kind] if isinstance(event, kind)]

    def rows_of(self, kind: type[E]) -> list[tuple[JournalRow, E]]:
        return [(row, event) for row, event in self._by_type[kind] if isinstance(event, kind)]

    def events_of(self, source: str) -> list[Event]:
        return self._events[source]

    def counts(self) -> dict[str, int]:
        return {kind.__name__: len(rows) for kind, rows in self._by_type.items() if rows}

    def facts(self) -> Iterator[Event]:
        """The events that anybody may read by name."""
        return (event for events in self._events.values() for event in events if names_of(event))

    def stored(self, kind: type[R]) -> list[R]:
        """The records of a kind, as they stand at the end."""
        found = (decode_record(key, data) for own in self._stored.values() for key, data in own.items())
        return [record for record in found if isinstance(record, kind)]

    def endings(self) -> list[tuple[JournalRow, PaymentEnded]]:
        return [*self.rows_of(PaymentCompleted), *self.rows_of(PaymentFailed)]

    def decided(self) -> set[str]:
        """The requests that admission has taken for one."""
        payments = [event.payment for event in self.of(PaymentAdmitted)]
        payments += [event.payment for event in self.of(PaymentFailed)]
        requests = [event.request for event in self.of(RequestAdmitted)]
        requests += [event.request for event in self.of(RequestAnswered)]
        return {payment.payment_id for payment in payments} | {request.request_id for request in requests}

    def troubles(self) -> Iterator[str]:
        for state in self._states:
            source = str(state.partition)
            yield from self._chain(state, self.rows[source])
            yield from self._replayed(state, self._events[source])
        yield from self._channels()

    def _chain(self, state: PartitionState, rows: Sequence[JournalRow]) -> Iterator[str]:
        """G6: numbered without gaps, time never goes back, and the seals give the head."""
        source = state.partition
        if [row.sequence for row in rows] != list(range(1, state.last_sequence + 1)):
            yield f"G6: {source} is not numbered from 1 to {state.last_sequence}"
        if any(after.time < before.time for before, after in pairwise(rows)):
            yield f"G6: time goes back in {source}"
        head, batch = b"", list[JournalRow]()
        for row in rows:
            batch.append(row)
            if row.seal is not None:
                head, batch = seal(head, batch), []
                if head != row.seal:
                    yield f"G6: the seal of {source} is broken at {row.sequence}"
                    return
        if batch or head != state.head:
            yield f"G6: the chain of {source} does not end at its head"

    def _channels(self) -> Iterator[str]:
        """G6: `previous` is the row before it on the same way, and every channel was read to its end."""
        positions = {str(state.partition): state.positions for state in self._states}
        for source, rows in self.rows.items():
            last: defaultdict[str, int] = defaultdict(int)
            for row in rows:
                for route in row.routes:
                    before = last[route.destination]
                    if route.previous != before:
                        yield f"G6: {source} {row.sequence} names {route.previous} before it, not {before}"
                    last[route.destination] = row.sequence
            for destination, sequence in last.items():
                if positions[destination].get(source, 0) != sequence:
                    yield f"G1: {destination} never took {sequence} of {source}"

    def _replayed(self, state: PartitionState, events: Sequence[Event]) -> Iterator[str]:
        """G7: the events alone give the records; G3: at no moment do they give a wrong balance."""
        decider = DECIDERS[state.partition.decider]
        records: dict[RecordKey, Record] = {}
        for event in events:
            yield from _balance(event, records)
            try:
                changes = decider.evolve(records, event)
            except (LookupError, TypeError) as trouble:
                yield f"G7: {state.partition} can't replay {event}: {trouble!r}"
                return
            for key, record in changes.items():
                if record is None:
                    records.pop(key, None)
                else:
                    records[key] = record
                    yield from _floor(record)
        yield from _held(records)
        replayed = {key: encode_record(record) for key, record in records.items() if not key.startswith(REFERENCE)}
        stored = self._stored[str(state.partition)]
        for key in sorted(replayed.keys() | stored.keys()):
            if replayed.get(key) != stored.get(key):
                yield f"G7: {state.partition} replays {key} as {records.get(key)}, the store has {stored.get(key)!r}"


def _balance(event: Event, records: dict[RecordKey, Record]) -> Iterator[str]:
    """G3: an entry sums to zero, and every balance is the one before it and its posting."""
    match event:
        case JournalEntryPosted():
            if event.debit.minor != event.credit.minor or event.debit.minor <= 0:
                yield f"G3: entry {event.entry} does not sum to zero"
            account, change = event.debit.account, -event.debit.minor
        case CreditApplied():
            account, change = event.account, event.minor
        case CreditSuspended():
            account, change = event.suspense, event.minor
        case _:
            return
    before = records.get(RecordKey(f"account/{account}"))
    posted = before.posted if isinstance(before, Account) else 0
    if posted + change != event.balance:
        yield f"G3: {account} has {posted}, {change} more and is said to have {event.balance}"


def _floor(record: Record) -> Iterator[str]:
    if isinstance(record, Account) and record.floor is not None and record.available < record.floor:
        yield f"G3: {record.account} is below its floor: {msgspec.structs.asdict(record)}"


def _held(records: dict[RecordKey, Record]) -> Iterator[str]:
    """G3: held is the sum of the open holds."""
    held: defaultdict[str, int] = defaultdict(int)
    for record in records.values():
        if isinstance(record, Hold):
            held[record.account] += record.minor
    for record in records.values():
        if isinstance(record, Account) and record.held != held[record.account]:
            yield f"G3: {record.account} holds {record.held}, its open holds are {held[record.account]}"
