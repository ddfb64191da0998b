"""A place in an environment's events: how far each source has been read, as one opaque word.

Sources go on beside each other, so a place is a number for each of them; nothing is lost whatever came first. The word
is base64url of JSON; who holds one may only keep it and give it back. Read next: runtime/event_stream.py.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from mkondo.contracts.journal import parse_partition, partitions_of
from mkondo.domain.ids import PARTITIONS

Positions = Mapping[str, int]
"""The sequence of the last event taken, by source (`ledger/3`); a source that is missing has not been read."""


class BadCursor(ValueError):
    """It was not made by this environment, or not by Mkondo at all. The text says which."""


class _Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    environment: str
    positions: dict[str, list[int]]
    """By decider, one number a partition."""


_decoder = msgspec.json.Decoder(_Word)


def encode_cursor(environment: str, positions: Positions) -> str:
    """At most about 400 characters."""
    columns: dict[str, list[int]] = {}
    for source, sequence in positions.items():
        decider, number = _column(source)
        if decider not in columns:
            columns[decider] = [0] * PARTITIONS
        columns[decider][number] = sequence
    word = msgspec.json.encode(_Word(environment, columns))
    return urlsafe_b64encode(word).rstrip(b"=").decode()


@lru_cache(maxsize=256)
def _column(source: str) -> tuple[str, int]:
    partition = parse_partition(source)
    return partition.decider, partition.number


def decode_cursor(environment: str, text: str) -> dict[str, int]:
    """The positions of a cursor of this environment. Raises BadCursor."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        word = _decoder.decode(urlsafe_b64decode(padded))
    except (ValueError, binascii.Error, msgspec.DecodeError) as trouble:
        raise BadCursor("this is no cursor") from trouble
    if word.environment != environment:
        raise BadCursor(f"this cursor is one of {word.environment!r}, not of {environment!r}")
    found = {
        str(source): word.positions[source.decider][source.number]
        for source in partitions_of(*word.positions)
        if len(word.positions[source.decider]) == PARTITIONS
    }
    if len(found) != len(word.positions) * PARTITIONS or any(sequence < 0 for sequence in found.values()):
        raise BadCursor("this is no cursor")
    return found
