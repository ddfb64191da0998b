"""Merkle trees over SHA-256: one root for many things, and a short path that proves one of them under it.

Pure. As in RFC 9162 section 2.1: a leaf is SHA-256(0x00 || what it stands for), a node SHA-256(0x01 || left || right),
so neither can be passed off as the other; a node without a partner goes up as it is. Read next: journal.py, digest.py.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec


class Step(msgspec.Struct, frozen=True):
    """One step up: the partner to hash with, and whether it stands to the left."""

    partner: bytes
    is_left: bool


def leaf(of: bytes) -> bytes:
    return sha256(b"\0" + of).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Of one leaf or more, each 32 bytes. On the path of every payment. ValueError for none: nothing has no root."""
    if not leaves:
        raise ValueError("a tree has a leaf at least")
    level = leaves
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path(leaves: Sequence[bytes], place: int) -> tuple[Step, ...]:
    """The steps from the leaf at that place up to the root. IndexError where there is no such leaf."""
    if not 0 <= place < len(leaves):
        raise IndexError(f"no leaf {place} among {len(leaves)}")
    steps: list[Step] = []
    level = leaves
    while len(level) > 1:
        partner = place ^ 1
        if partner < len(level):
            steps.append(Step(level[partner], is_left=partner < place))
        level, place = _above(level), place // 2
    return tuple(steps)


def climb(start: bytes, steps: Sequence[Step]) -> bytes:
    """The root to which a path leads from this leaf."""
    here = start
    for step in steps:
        here = sha256(b"\1" + (step.partner + here if step.is_left else here + step.partner)).digest()
    return here


def _above(level: Sequence[bytes]) -> list[bytes]:
    above = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    if len(level) % 2:
        above.append(level[-1])
    return above
