"""One batch of one partition: from messages to everything that its transaction changes.

Synchronous and without I/O: the processor has loaded the records that the messages read. Rows are numbered, routed with
`previous`, and sealed; a record that changes several times is encoded once; references and outcomes are picked out.
Read next: processor.py.
"""

import logging
from collections.abc import Iterable, MutableMapping

import msgspec

from mkondo.contracts import codec
from mkondo.contracts.journal import (
    JournalRow,
    PartitionBatch,
    PartitionState,
    Route,
    StoredOutcome,
    StoredRecord,
    StoredReference,
    seal,
)
from mkondo.contracts.parking import DiscardParked, RetryParked
from mkondo.contracts.records import encode_event, encode_record
from mkondo.domain.account import CreditSuspended
from mkondo.domain.decider import Decider, Event, Message, Record, Rejection, ReplyTo
from mkondo.domain.facts import names_of
from mkondo.domain.ids import Instant, RecordKey, partition_of
from mkondo.domain.request import Reference
from mkondo.ports.log import Received
from mkondo.runtime import metrics
from mkondo.runtime.parking import (
    ParkedMessages,
    Poison,
    attempt,
    can_be_parked,
    subject_of,
)
from mkondo.runtime.replies import asker

log = logging.getLogger(__name__)

Memory = MutableMapping[RecordKey, Record]


class Decided(msgspec.Struct, frozen=True):
    """A batch that is ready to commit, and what goes out once it has.

    `events` are the decoded events of `batch.rows`, in the same order. `touched` are the records that it changed, with
    the instants of their timers.
    """

    batch: PartitionBatch
    events: list[Event]
    replies: list[tuple[ReplyTo, Message]]
    touched: dict[RecordKey, Instant | None]


class BatchWriter:
    """Collects the effects of one partition's messages. `records` is the owner's memory and is changed in place."""

    def __init__(
        self,
        decider: Decider,
        state: PartitionState,
        records: Memory,
        parked: ParkedMessages,
        now: Instant,
    ) -> None:
        self._decider = decider
        self._before = state
        self._records = records
        self._parked = parked
        self._now = Instant(max(now, state.time))
        self._source = str(state.partition)
        self._sequence = state.last_sequence
        self._positions = dict(state.positions)
        self._sent = dict(state.sent)
        self._rows: list[JournalRow] = []
        self._events: list[Event] = []
        self._replies: list[tuple[ReplyTo, Message]] = []
        self._touched: set[RecordKey] = set()
        self._parking: dict[RecordKey, StoredRecord | None] = {}
        self._references: list[StoredReference] = []
        self._outcomes: list[StoredOutcome] = []

    def take(self, received: Received) -> None:
        """Decide one message; its channel moves on in the same transaction."""
        match received.message:
            case RetryParked():
                self._retry(received.message.about)
            case DiscardParked():
                if self._parked.discard(received.message.parked):
                    self._parking[received.message.parked] = None
            case _:
                self._decide(received)
        if received.sequence:
            self._positions[received.source] = received.sequence

    def _decide(self, received: Received) -> None:
        message = received.message
        reason = self._parked.wait(subject_of(self._decider, message)) if self._parked else None
        if reason is None:
            events = attempt(self._decider, message, self._records, self._now)
            if not isinstance(events, Poison):
                self._write(events)
                return
            reason = events.reason
            ended = self._decider.give_up(message, reason)
            if ended:
                self._write(ended)
                return
        if can_be_parked(message):
            key, record = self._parked.park(received, subject_of(self._decider, message) or RecordKey(""), reason)
            self._parking[key] = record

    def _retry(self, subject: RecordKey) -> None:
        """One that fails again stays where it is, and those behind it go on waiting."""
        for key, message in self._parked.about(subject):
            events = attempt(self._decider, message, self._records, self._now)
            if isinstance(events, Poison):
                return
            self._parked.discard(key)
            self._parking[key] = None
            self._write(events)

    def _write(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Rejection):
                self._reply(event)
            else:
                self._write_event(event)

    def _write_event(self, event: Event) -> None:
        self._sequence += 1
        known = codec.type_of(event)
        data = codec.encode(event)
        key, routes = self._decider.key(event), self._routes(event)
        row = JournalRow(
            self._source,
            self._sequence,
            self._now,
            known.name,
            known.version,
            key,
            data,
            routes,
        )
        self._rows.append(row)
        self._events.append(event)
        self._change(event, data)
        self._outcomes += [StoredOutcome(name, encode_event(event, data)) for name in names_of(event)]
        if isinstance(event, CreditSuspended):
            metrics.SUSPENDED.inc()
            log.error("credit suspended", extra={"entry": event.entry, "reason": event.reason})
        self._reply(event)

    def _reply(self, message: Message) -> None:
        reply_to = asker(message)
        if reply_to is not None:
            self._replies.append((reply_to, message))

    def _routes(self, event: Event) -> tuple[Route, ...]:
        routes: list[Route] = []
        for send in self._decider.react(event):
            destination = f"{send.decider}/{partition_of(send.key)}"
            routes.append(Route(destination, self._sent.get(destination, 0)))
            self._sent[destination] = self._sequence
        return tuple(routes)

    def _change(self, event: Event, data: bytes) -> None:
        for key, record in self._decider.evolve(self._records, event).items():
            if isinstance(record, Reference):
                self._references.append(_stored_reference(record, event, data))
            else:
                self._touched.add(key)
            if record is None:
                self._records.pop(key, None)
            else:
                self._records[key] = record

    def finish(self) -> Decided:
        """Everything that was collected, numbered and sealed."""
        before, rows = self._before, self._rows
        head = before.head
        if rows:
            head = seal(head, rows)
            rows[-1] = msgspec.structs.replace(rows[-1], seal=head)
        touched = {key: self._due(key) for key in self._touched}
        records = {key: self._stored(key, due) for key, due in touched.items()}
        after = PartitionState(
            before.partition,
            before.epoch,
            self._sequence,
            self._now,
            head,
            self._positions,
            self._sent,
        )
        batch = PartitionBatch(
            before,
            after,
            tuple(rows),
            records | self._parking,
            tuple(self._references),
            tuple(self._outcomes),
        )
        return Decided(batch, self._events, self._replies, touched)

    def _due(self, key: RecordKey) -> Instant | None:
        record = self._records.get(key)
        return None if record is None else self._decider.due(record)

    def _stored(self, key: RecordKey, due: Instant | None) -> StoredRecord | None:
        record = self._records.get(key)
        return None if record is None else StoredRecord(encode_record(record), due)


def _stored_reference(reference: Reference, event: Event, data: bytes) -> StoredReference:
    about = reference.about
    return StoredReference(
        about.application,
        about.third_party_conversation_id,
        about.transaction_id,
        about.conversation_id,
        encode_event(event, data),
    )
