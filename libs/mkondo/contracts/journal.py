"""What crosses a process boundary: a row of a partition's journal, and the partition's own row.

The journal of a partition is its source: rows numbered from 1 without gaps, immutable bytes, sealed per batch by a hash
chain. A row is an event; `routes` name the partitions that must hear of it, each with the sequence of the row before it
that went the same way (`previous`), so that a consumer notices what it has missed (architecture rule 6).
"""

import hashlib
from collections.abc import Sequence

import msgspec

from mkondo.contracts import merkle
from mkondo.domain.ids import PARTITIONS, Instant, RecordKey


class Partition(msgspec.Struct, frozen=True, order=True):
    """One partition of one decider, written `ledger/3`. As a source of events it goes by the same name."""

    decider: str
    number: int

    def __str__(self) -> str:
        return f"{self.decider}/{self.number}"

    def __hash__(self) -> int:
        return hash(self.decider) ^ self.number


def parse_partition(name: str) -> Partition:
    """The partition of a name such as `ledger/3`. Raises ValueError for anything else."""
    decider, _, number = name.rpartition("/")
    return Partition(decider, int(number))


def partitions_of(*deciders: str) -> tuple[Partition, ...]:
    """Every partition of these deciders; as text, the names of their journals."""
    return tuple(Partition(decider, number) for decider in deciders for number in range(PARTITIONS))


class Route(msgspec.Struct, frozen=True, array_like=True):
    """One destination of a row and the sequence of this source's row before it that went there (0: none)."""

    destination: str
    previous: int


class JournalRow(msgspec.Struct, frozen=True):
    """One event, as stored. `data` is JSON; `key` is the decider's key, and the key of the public event topic.

    `seal` is the chain's head after this row's batch, on the last row of each batch only.
    """

    source: str
    sequence: int
    time: Instant
    type: str
    version: int
    key: str
    data: bytes
    routes: tuple[Route, ...] = ()
    seal: bytes | None = None


class PartitionState(msgspec.Struct, frozen=True):
    """The partition's row: it fences every transaction (architecture rule 4).

    `positions` is, per source, the sequence of the last message taken; `sent` is, per destination, the last sequence
    that went there; `head` is the hash chain's head; `time` is the partition time (rule 11).
    """

    partition: Partition
    epoch: int
    last_sequence: int = 0
    time: Instant = Instant(0)
    head: bytes = b""
    positions: dict[str, int] = {}
    sent: dict[str, int] = {}


class StoredRecord(msgspec.Struct, frozen=True, array_like=True):
    """A record's bytes and the instant at which its timer fires, if it has one."""

    data: bytes
    due: Instant | None = None


class StoredReference(msgspec.Struct, frozen=True):
    """A row of the reference table: three ways to find one request, and the encoded event with which it began.

    `payment_id` is the ConversationID, of a service request too.
    """

    application: str
    third_party_conversation_id: str
    transaction_id: str
    payment_id: str
    data: bytes


class StoredOutcome(msgspec.Struct, frozen=True):
    """A row of the outcome table: one encoded event, by one of the names it is known by (domain/facts.py)."""

    name: str
    data: bytes


class PartitionBatch(msgspec.Struct, frozen=True):
    """Everything one batch changes in one partition, committed whole or not at all (rule 3).

    `before` is the row as this owner last saw it: the transaction must find exactly its epoch and last sequence.
    A record of None is deleted.
    """

    before: PartitionState
    after: PartitionState
    rows: tuple[JournalRow, ...] = ()
    records: dict[RecordKey, StoredRecord | None] = {}
    references: tuple[StoredReference, ...] = ()
    outcomes: tuple[StoredOutcome, ...] = ()


def format_routes(routes: Sequence[Route]) -> str:
    """`ledger/3:17 callbacks/1:4`: small, and searchable for a destination."""
    return " ".join([f"{route.destination}:{route.previous}" for route in routes])


def parse_routes(text: str) -> tuple[Route, ...]:
    """The inverse of `format_routes`, for what it has written."""
    if not text:
        return ()
    parts = [part.split(":") for part in text.split(" ")]
    return tuple([Route(destination, int(previous)) for destination, previous in parts])


def check_routes(text: str) -> tuple[Route, ...]:
    """The same for anybody's text. ValueError unless `format_routes` would have written just that: `07` is no 7."""
    routes = parse_routes(text)
    if format_routes(routes) != text:
        raise ValueError(f"{text[:80]!r} are no routes as they are written")
    return routes


def leaf_of(row: JournalRow) -> bytes:
    """What stands for a row in its batch's tree: every field but the seal, each as `LENGTH:BYTES,`, so that none can
    take a byte of another."""
    source, kind, key, data = row.source.encode(), row.type.encode(), row.key.encode(), row.data
    sequence, time, version = b"%d" % row.sequence, b"%d" % row.time, b"%d" % row.version
    routes = format_routes(row.routes).encode()
    frame = b"\0%d:%b,%d:%b,%d:%b,%d:%b,%d:%b,%d:%b,%d:%b,%d:%b," % (
        *(len(source), source, len(sequence), sequence, len(time), time, len(kind), kind),
        *(len(version), version, len(key), key, len(routes), routes, len(data), data),
    )
    return hashlib.sha256(frame).digest()


def seal_of(head: bytes, batch_root: bytes) -> bytes:
    """The chain's next head, over the last one and the root of the batch's tree."""
    return hashlib.sha256(head + batch_root).digest()


def seal(head: bytes, rows: Sequence[JournalRow]) -> bytes:
    """The chain's next head after a batch of these rows. It is on the path of every payment: see docs/proofs.md."""
    return seal_of(head, merkle.root([leaf_of(row) for row in rows]))
