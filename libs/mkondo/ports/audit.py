"""Everything that an environment has stored, as of one moment, for an auditor to read page by page."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from mkondo.contracts.digest import StoredDigest
from mkondo.contracts.journal import (
    JournalRow,
    Partition,
    PartitionState,
    StoredOutcome,
    StoredRecord,
    StoredReference,
)
from mkondo.domain.ids import RecordKey


class Snapshot(Protocol):
    """One moment of one environment. Every method may raise TryLater: begin again with a new snapshot.

    Promises, each a test of the conformance suite:

    - Whatever is committed after the snapshot was taken is not in it; two readings give the same.
    - Pages are in the order of their keys, byte by byte; a page that is shorter than its limit is the last.
    """

    async def states(self) -> Sequence[PartitionState]:
        """Every partition row."""
        ...

    async def sources(self) -> Sequence[str]:
        """Every name under which the journal has a row, whether or not there is such a partition."""
        ...

    async def journal(self, source: str, after: int, limit: int) -> Sequence[JournalRow]:
        """Rows with a sequence above `after`, in order; unlike Store.read_journal, also when some are missing, and when
        their routes can't be read."""
        ...

    async def records(
        self, after: tuple[RecordKey, str], limit: int
    ) -> Sequence[tuple[RecordKey, Partition, StoredRecord]]:
        """Records of all partitions after a key and its partition's name, in that order."""
        ...

    async def references(self, after: str, limit: int) -> Sequence[StoredReference]:
        """By ConversationID."""
        ...

    async def outcomes(self, after: str, limit: int) -> Sequence[StoredOutcome]:
        """By name."""
        ...

    async def view_positions(self) -> Mapping[str, int]: ...

    async def view_rows(self, view: str, after: str, limit: int) -> Sequence[tuple[str, bytes]]:
        """By key."""
        ...

    async def digests(self, after: int, limit: int) -> Sequence[StoredDigest]:
        """Those with a number above `after`, in order."""
        ...


class Audit(Protocol):
    """Promise: taking a snapshot and reading it hold nobody up; the platform goes on meanwhile."""

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]: ...
