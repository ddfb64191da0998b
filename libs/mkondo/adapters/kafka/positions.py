"""Positions in a commands topic: an offset, and which incarnation of the topic it belongs to.

Commands have no journal behind them, so an offset that silently means another record would lose payments: a topic that
was deleted and made again may already have grown past the position that a partition remembers. Kafka gives every topic
a random id when it is created. 22 bits of it stand above the 40 bits of `offset + 1` in the sequence of a command, so
that the position in the partition's row names the incarnation too. A sequence stays below 2**62. Read next: reader.py.
"""

import msgspec

OFFSET_BITS = 40
FINGERPRINTS = (1 << 22) - 1


class Extent(msgspec.Struct, frozen=True):
    """What a partition of a topic holds now: the first offset, the one after the last, and the topic's fingerprint."""

    start: int
    end: int
    incarnation: int


def fingerprint(topic_id: bytes) -> int:
    """A number from 1 to 2**22 - 1 for a topic's id; 0 is kept for "no command yet"."""
    return int.from_bytes(topic_id) % FINGERPRINTS + 1


def sequence_of(incarnation: int, offset: int) -> int:
    return incarnation << OFFSET_BITS | offset + 1


def next_offset(position: int) -> int:
    """Where to read on after the command with this sequence; 0 when there was none."""
    return position & ((1 << OFFSET_BITS) - 1)


def standing_of(position: int, incarnation: int) -> int:
    """Where a reader of this incarnation stands: at its position, or, before its first command, at the beginning."""
    return position or incarnation << OFFSET_BITS


def trouble_with(position: int, extent: Extent | None) -> str | None:
    """Why reading commands on at a position would lose some, or None. The texts name the mend."""
    if extent is None:
        return GONE
    offset, incarnation = next_offset(position), position >> OFFSET_BITS
    if incarnation not in (0, extent.incarnation):
        return f"the topic was deleted and made again since command {offset} was taken. {MEND}"
    if extent.end < offset:
        return f"the topic ends at {extent.end}, before position {offset}: it was truncated. {MEND}"
    if extent.start > offset:
        return f"the topic begins at {extent.start}, after position {offset}: commands were deleted unread. {MEND}"
    return None


MEND = "Run `mkondo relay --new-incarnation`; what was lost had not been acknowledged to anybody"
GONE = f"the topic is gone. {MEND}"
