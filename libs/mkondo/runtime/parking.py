"""Messages that nobody can decide stop as little as possible (architecture rule 14).

An exception in `decide` is tried once more, alone. If it repeats, a command that was not admitted yet is ended by the
decider's `give_up`; anything else is parked, and later messages about the same record wait behind it.
Read next: batch.py.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from mkondo.contracts import codec
from mkondo.contracts.journal import Partition, StoredRecord
from mkondo.contracts.parking import DiscardParked, RetryParked
from mkondo.contracts.records import PARKED, Parked, decode_record, encode_record
from mkondo.domain.decider import Decider, Event, Message, Records, TimerDue, record_key
from mkondo.domain.ids import Instant, RecordKey
from mkondo.ports.log import Received
from mkondo.runtime import metrics

log = logging.getLogger(__name__)


class Poison(msgspec.Struct, frozen=True):
    """A message that `decide` raised on, twice."""

    reason: str


def attempt(decider: Decider, message: Message, records: Records, now: Instant) -> Sequence[Event] | Poison:
    """Events, or Poison. The only place where any exception of a decider is caught: rule 14 says what follows."""
    for _ in range(2):
        try:
            return decider.decide(message, records, now)
        except Exception as bug:  # rule 14: this is where it stops
            trouble = bug
    metrics.POISON.labels(type(message).__name__).inc()
    log.error(
        "message can't be decided",
        exc_info=trouble,
        extra={"message_type": type(message).__name__},
    )
    return Poison(f"{type(trouble).__name__}: {trouble}")


class ParkedMessages:
    """The parked messages of one partition, in the order in which they were parked."""

    def __init__(self, partition: Partition, stored: Mapping[RecordKey, StoredRecord]) -> None:
        self._prefix = record_key(PARKED, str(partition))
        self._parked: dict[RecordKey, Parked] = {}
        self._about: defaultdict[RecordKey, list[RecordKey]] = defaultdict(list)
        for key in sorted(stored):
            parked = decode_record(key, stored[key].data)
            if isinstance(parked, Parked):
                self._remember(key, parked)

    def _remember(self, key: RecordKey, parked: Parked) -> None:
        self._parked[key] = parked
        self._about[parked.about].append(key)

    def __len__(self) -> int:
        return len(self._parked)

    def wait(self, about: RecordKey | None) -> str | None:
        """Why a message about that record has to wait, or None."""
        waiting = self._about.get(about) if about is not None else None
        return f"waits behind {waiting[0]}" if waiting else None

    def park(self, received: Received, about: RecordKey, reason: str) -> tuple[RecordKey, StoredRecord]:
        """Set a message aside; returns the record to be committed with the batch."""
        last = max(self._parked, default=f"{self._prefix}/0")
        key = RecordKey(f"{self._prefix}/{int(last.rpartition('/')[2]) + 1:012d}")
        known = codec.type_of(received.message)
        data = codec.encode(received.message)
        parked = Parked(
            received.source,
            received.sequence,
            known.name,
            known.version,
            data,
            reason,
            about,
        )
        self._remember(key, parked)
        log.error("message parked", extra={"parked": key, "about": about, "reason": reason})
        return key, StoredRecord(encode_record(parked))

    def about(self, subject: RecordKey) -> list[tuple[RecordKey, Message]]:
        """The messages parked about a record, oldest first."""
        found = ((key, self._parked[key]) for key in self._about.get(subject, ()))
        return [(key, codec.decode(parked.type, parked.version, parked.data)) for key, parked in found]

    def discard(self, key: RecordKey) -> bool:
        """Forget one. False: there is no such parked message."""
        parked = self._parked.pop(key, None)
        if parked is None:
            return False
        self._about[parked.about].remove(key)
        return True


def subject_of(decider: Decider, message: Message) -> RecordKey | None:
    """The record that a message is about: the first of those it reads."""
    return next(iter(decider.reads(message)), None)


def records_needed(decider: Decider, parked: ParkedMessages, message: Message) -> Sequence[RecordKey]:
    """What deciding a message looks at. A retry looks at what the messages parked about its record would."""
    match message:
        case RetryParked(about=about):
            return [key for _, waiting in parked.about(about) for key in decider.reads(waiting)]
        case DiscardParked():
            return ()
        case _:
            return decider.reads(message)


def can_be_parked(message: Message) -> bool:
    """A timer is not a message from anybody: its record is still there, and it fires again."""
    return not isinstance(message, TimerDue)
