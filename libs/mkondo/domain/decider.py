"""What a decider is, and the few words that every decider and the runtime share.

Pure. A decider is a module (or folder) with seven functions:

    key(message)                    -> the key whose partition's owner decides it
    reads(message)                  -> record keys that `decide` may look at; the first is what the message is about
    decide(message, records, now)   -> events (or a Rejection); no clock, randomness or I/O (architecture rule 1)
    evolve(records, event)          -> the records that the event changes, new value or None for "deleted"
    react(event)                    -> who must hear of it: committed with the event, never recomputed
    due(record)                     -> when the record wants to be looked at again, or None
    give_up(message, reason)        -> events that end a message nobody can decide (rule 14)

Commands, events and records are frozen msgspec Structs: on the hot path they are several times cheaper to make, encode
and decode than dataclasses. Read next: payment.py, then admission/ and ledger/.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec

from mkondo.domain.ids import Instant, RecordKey

Message: TypeAlias = msgspec.Struct
"""A command, another decider's event, or TimerDue: whatever `decide` is asked about."""

Event: TypeAlias = msgspec.Struct
Record: TypeAlias = msgspec.Struct
Records: TypeAlias = Mapping[RecordKey, Record]
"""The records that `reads` named; one that does not exist is absent."""

Changes: TypeAlias = dict[RecordKey, Record | None]


class TimerDue(msgspec.Struct, frozen=True, tag=True):
    """A record's `due` instant has come. The runtime makes it; it is never stored."""

    record: RecordKey


class Send(msgspec.Struct, frozen=True):
    """The event itself is the message: deliver it to the owner of `key` at another (or the same) decider."""

    decider: str
    key: str


class ReplyTo(msgspec.Struct, frozen=True, array_like=True):
    """Who asked: its reply partition, the random incarnation it drew at start, and what it waits for.

    `asked` is the ConversationID, session hash or application id of the question: one process waits for many answers.
    """

    partition: int
    incarnation: str
    asked: str


class Rejection(msgspec.Struct, frozen=True):
    """An answer that is not an event (rule 12): it goes to the asking process and is never stored."""

    reply_to: ReplyTo | None
    code: str
    text: str


class Decider(Protocol):
    """The shape a decider module has; topology.py names the modules."""

    def key(self, message: Message, /) -> str: ...
    def reads(self, message: Message, /) -> Sequence[RecordKey]: ...
    def decide(self, message: Message, records: Records, now: Instant, /) -> Sequence[Event]: ...
    def evolve(self, records: Records, event: Event, /) -> Changes: ...
    def react(self, event: Event, /) -> Sequence[Send]: ...
    def due(self, record: Record, /) -> Instant | None: ...
    def give_up(self, message: Message, reason: str, /) -> Sequence[Event]:
        """Events that end a message which can't be decided (rule 14), or none: then it must be parked."""
        ...


def record_key(kind: str, *names: str) -> RecordKey:
    """`kind/name/name`: the first part says which type the record has."""
    return RecordKey("/".join((kind, *names)))
