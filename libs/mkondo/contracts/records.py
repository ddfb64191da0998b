"""Record kinds and their types, and how records become bytes. Internal: never leaves the store."""

import msgspec

from mkondo.domain.decider import Record
from mkondo.domain.ids import RecordKey

_encoder = msgspec.msgpack.Encoder()


def encode_record(record: Record) -> bytes:
    """msgpack: records are internal, so compactness wins over readability."""
    return _encoder.encode(record)
