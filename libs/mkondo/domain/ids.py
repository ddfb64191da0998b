"""The names of things, and the partition a name belongs to.

Pure: random parts arrive as data (ports/ids.py makes them). Read next: decider.py.
"""

import re
from functools import lru_cache
from typing import NewType

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00Z, by the environment's clock."""

PaymentId = NewType("PaymentId", str)
"""32 lower-case hex characters, time-ordered; also the wire's ConversationID, so one row serves both look-ups."""

TransactionId = NewType("TransactionId", str)
"""12 mixed-case alphanumerics, the wire's TransactionID (contract section 4, identifier formats)."""

ApplicationId = NewType("ApplicationId", str)
SessionHash = NewType("SessionHash", str)
"""Lower-case hex SHA-256 of a session id: the id itself is never stored."""

AccountId = NewType("AccountId", str)
RecordKey = NewType("RecordKey", str)
"""`kind/identifier`, unique within one decider's partition. The kind names the record's type (contracts/records.py)."""

PARTITIONS = 8
"""Logical partitions of every decider, fixed when an environment is initialised (architecture rule 2)."""

_PIN = "#"

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


def is_name(text: str) -> bool:
    """Whether a text may be part of record keys and account ids: it can neither be taken for two parts, nor pin the key
    to a partition."""
    return _NAME.fullmatch(text) is not None


def pinned(name: str, partition: int) -> str:
    """A key that lives in a given partition whatever it hashes to: each partition has its own suspense account."""
    return f"{name}{_PIN}{partition}"


@lru_cache(maxsize=1 << 16)
def partition_of(key: str) -> int:
    """The partition that owns a key: murmur2 over its UTF-8 bytes as Kafka's default partitioner, or the pinned one."""
    _, pin, pinned_to = key.rpartition(_PIN)
    if pin:
        return int(pinned_to) % PARTITIONS
    return (murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS


def murmur2(data: bytes) -> int:
    """32-bit murmur2 with Kafka's seed, so that Kafka's own producers agree with us about a key's partition."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    length = len(data)
    h = (0x9747B28C ^ length) & mask
    whole = length & ~3
    for start in range(0, whole, 4):
        k = int.from_bytes(data[start : start + 4], "little") * m & mask
        k = (k ^ (k >> 24)) * m & mask
        h = (h * m & mask) ^ k
    rest = data[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ (h >> 13)) * m & mask
    return h ^ (h >> 15)
