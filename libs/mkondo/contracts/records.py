"""Record kinds and their types, and how records become bytes. Internal: records never leave the store.

A record key is `kind/identifier`; the kind says the type. msgpack, because records are read by nobody but us.
A reference is stored as the event that made it, so that its bytes are the journal's own.
"""

from typing import Any

import msgspec

from mkondo.contracts import codec
from mkondo.domain.account import Account, Hold
from mkondo.domain.application import ApiKey, Application
from mkondo.domain.approval import Approval
from mkondo.domain.decider import Event, Record
from mkondo.domain.delivery import Delivery
from mkondo.domain.endpoint import Endpoint
from mkondo.domain.ids import RecordKey
from mkondo.domain.mandate import Mandate, MandateCount
from mkondo.domain.organisation import Organisation
from mkondo.domain.payment import PaymentAdmitted, PaymentFailed
from mkondo.domain.request import Reference, RequestAdmitted, RequestAnswered
from mkondo.domain.reversal import Reversals
from mkondo.domain.room import Room
from mkondo.domain.session import Session

REFERENCE = "reference"
PARKED = "parked"


class StoredEvent(msgspec.Struct, frozen=True, array_like=True):
    """An event's type, version and bytes, together: what reference and outcome rows hold."""

    type: str
    version: int
    data: bytes


class Parked(msgspec.Struct, frozen=True):
    """A message set aside: why, and the record whose later messages wait for it (architecture rule 14)."""

    source: str
    sequence: int
    type: str
    version: int
    data: bytes
    reason: str
    about: RecordKey


KINDS: dict[str, type[msgspec.Struct]] = {
    "application": Application,
    "api-key": ApiKey,
    "session": Session,
    "session-room": Room,
    "customer-room": Room,
    "organisation": Organisation,
    "account": Account,
    "hold": Hold,
    "approval": Approval,
    "mandate": Mandate,
    "mandate-count": MandateCount,
    "reversals": Reversals,
    "delivery": Delivery,
    "endpoint": Endpoint,
    PARKED: Parked,
}

_encoder = msgspec.msgpack.Encoder()
_decoders: dict[str, msgspec.msgpack.Decoder[Any]] = {
    kind: msgspec.msgpack.Decoder(struct) for kind, struct in KINDS.items()
}
_stored_event = msgspec.msgpack.Decoder(StoredEvent)


def kind_of(key: RecordKey) -> str:
    return key.partition("/")[0]


def encode_record(record: Record) -> bytes:
    return _encoder.encode(record)


def decode_record(key: RecordKey, data: bytes) -> Record:
    """The record of a key. KeyError for an unknown kind, msgspec.DecodeError for bytes that are not of that kind."""
    kind = kind_of(key)
    if kind == REFERENCE:
        return _reference(decode_event(data))
    record: Record = _decoders[kind].decode(data)
    return record


def _reference(event: Event) -> Reference:
    match event:
        case PaymentAdmitted() | PaymentFailed():
            return Reference(event.payment)
        case RequestAdmitted() | RequestAnswered():
            return Reference(event.request)
        case _:
            raise TypeError(f"a reference is made by an admission, not by {type(event).__name__}")


def encode_event(event: Event, data: bytes) -> bytes:
    """What a reference or outcome row holds, from an event and its bytes in the journal."""
    known = codec.type_of(event)
    return _encoder.encode(StoredEvent(known.name, known.version, data))


def decode_event(data: bytes) -> Event:
    """The event of a reference or outcome row, in its current version."""
    stored = _stored_event.decode(data)
    return codec.decode(stored.type, stored.version, stored.data)
