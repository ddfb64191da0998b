"""Messages to bytes and back: readable JSON, a type name and a version beside it, and upcasters for old versions.

The type is told by the row, the header or the caller, never by the bytes: a tag inside them is for people only.
Old bytes are never rewritten (G6); `decode` lifts them step by step to today's shape. The table is events.py.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from mkondo.contracts.events import BY_NAME, BY_STRUCT, MessageType
from mkondo.domain.decider import Message

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""From the fields of one version to those of the next."""

UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}
"""(type, version the bytes have) to the function that gives the next one's fields. Empty: no type has changed yet."""


class Unreadable(Exception):
    """These bytes are not a message that this program knows. The text says what they claim to be, and what to do."""


_encoder = msgspec.json.Encoder()
_decoders = {name: msgspec.json.Decoder(message.struct) for name, message in BY_NAME.items()}
_fields_decoder = msgspec.json.Decoder(dict[str, Any])


def type_of(message: Message) -> MessageType:
    """The table's line for a message. A KeyError is a bug: somebody forgot the line in events.py."""
    return BY_STRUCT[type(message)]


encode: Callable[[Message], bytes] = _encoder.encode
"""JSON of a message in its current version. Under a microsecond: it is on the path of every payment."""


def decode(name: str, version: int, data: bytes, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS) -> Message:
    """The message of these bytes, lifted to its current version. Raises Unreadable for anything else."""
    known = BY_NAME.get(name)
    if known is None:
        raise Unreadable(f"unknown message type {name!r}: it was written by a newer Mkondo, upgrade this one")
    try:
        if version == known.version:
            return _decoders[name].decode(data)
        return msgspec.convert(_lift(known, version, data, upcasters), known.struct)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as trouble:
        raise Unreadable(f"{name} version {version} does not have the fields of that type: {trouble}") from trouble


def _lift(
    known: MessageType, version: int, data: bytes, upcasters: Mapping[tuple[str, int], Upcaster]
) -> dict[str, Any]:
    """The fields of an old version, one upcaster at a time, up to the current one."""
    if version > known.version:
        raise Unreadable(f"{known.name} has version {version}, newer than {known.version}: upgrade this Mkondo")
    fields = _fields_decoder.decode(data)
    fields.pop("type", None)  # A renamed class must still read its old bytes.
    for step in range(version, known.version):
        upcaster = upcasters.get((known.name, step))
        if upcaster is None:
            raise Unreadable(f"{known.name} version {version}: no upcaster from version {step}")
        fields = upcaster(fields)
    return fields
