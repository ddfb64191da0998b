"""The store of one environment: records, journals, partition rows, references, outcomes, ownership."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from mkondo.contracts.journal import (
    JournalRow,
    Partition,
    PartitionBatch,
    PartitionState,
    StoredOutcome,
    StoredRecord,
    StoredReference,
)
from mkondo.domain.ids import Instant, RecordKey


class Store(Protocol):
    """One environment's store. Every method may raise TryLater: nothing was done. `commit` may raise CommitUnknown.

    Promises, each a test of the conformance suite:

    - `commit` applies all batches or none. It raises Fenced, and applies nothing, unless every batch's partition row
      holds exactly the epoch and last sequence of `before`.
    - What `commit` returned from survives the death of this process and of the store's.
    - `acquire` raises the epoch and returns the whole row in one step; a later commit with an older epoch is Fenced.
    - `read_journal` returns rows in order of sequence, without gaps, only committed ones; a row is never changed.
    - References and outcomes are written once: a second write of the same key is ignored, never an overwrite.
    - A record that was deleted is absent from `load`, `load_kind`, `page` and `due`.
    """

    async def acquire(self, partition: Partition, member: str) -> PartitionState:
        """Take ownership: epoch + 1, everything returned, before any record is loaded (rule 4)."""
        ...

    async def commit(self, batches: Sequence[PartitionBatch]) -> None: ...

    async def load(self, wanted: Mapping[Partition, Collection[RecordKey]]) -> dict[RecordKey, bytes]:
        """The records among those wanted that exist. Keys of kind `reference` are read from the reference table
        (`reference/APPLICATION/THIRD_PARTY_CONVERSATION_ID`), all others from the records of their partition."""
        ...

    async def load_kind(self, partition: Partition, kind: str) -> dict[RecordKey, StoredRecord]:
        """All records of one kind: parked messages at start, and audits."""
        ...

    async def page(self, partition: Partition, kind: str, after: str, limit: int) -> Sequence[tuple[RecordKey, bytes]]:
        """Up to `limit` records of one kind in the order of their keys, behind a key: lists that people look at."""
        ...

    async def due(self, partition: Partition) -> dict[RecordKey, Instant]:
        """Every record of the partition that has a timer, with its instant."""
        ...

    async def read_journal(
        self, source: str, after: int, limit: int, destination: str | None = None
    ) -> Sequence[JournalRow]:
        """Rows of a source with a sequence above `after`; with `destination`, only those routed there."""
        ...

    async def read_journals(self, positions: Mapping[str, int], limit: int) -> Sequence[JournalRow]:
        """Of each source named, up to `limit` rows above its position, in order: one look at everything new. All as of
        one moment; in which order the sources follow each other is not said."""
        ...

    async def states(self) -> Sequence[PartitionState]:
        """Every partition row of the environment, for health and audits."""
        ...

    # Ownership (rule 5): leases give liveness only, the epoch alone gives safety.

    async def claim(self, member: str, deciders: Collection[str], lease_seconds: float) -> Collection[Partition]:
        """Announce that the member lives and hosts these deciders, renew its leases, and settle its fair share of
        each decider's partitions: claim free ones, let surplus ones go. Returns what it now holds. By the
        store's clock."""
        ...

    async def release(self, member: str) -> None:
        """A clean goodbye: its leases are free at once."""
        ...

    # Watermarks of the relay: how far a source has been published.

    async def watermarks(self) -> Mapping[str, int]: ...

    async def move_watermark(self, source: str, sequence: int) -> None:
        """Forward only: a lower value than the stored one changes nothing."""
        ...


class Facts(Protocol):
    """The immutable facts, and the application and session rows, that the ingress may read (rule 8).

    May raise TryLater. Promise: what a commit has returned from is seen by every later read.
    """

    async def record(self, key: RecordKey) -> bytes | None:
        """A record of kind `application`, `api-key`, `session` or `organisation`, whichever partition owns it (an
        organisation's in the partition that is asked for with it); of kind `account` only
        to learn that it exists, which once true stays true (rule 8)."""
        ...

    async def reference(self, application: str, text: str) -> StoredReference | None:
        """One of the application's requests by TransactionID, then ConversationID, then ThirdPartyConversationID."""
        ...

    async def transaction(self, transaction_id: str) -> StoredReference | None:
        """Whoever's request it is: only to tell one of somebody else's from none at all (contract section 12)."""
        ...

    async def outcome(self, name: str) -> StoredOutcome | None:
        """The fact of that name (domain/facts.py): how a payment ended, what a request was answered, and so on."""
        ...
