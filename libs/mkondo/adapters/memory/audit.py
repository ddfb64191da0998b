"""Snapshots of the store and the views in memory: a copy of their dictionaries; the rows themselves never change.

Read next: ports/audit.py for the promises.
"""

from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from sys import maxsize
from typing import Any, TypeVar

from mkondo.adapters.memory.digests import MemoryDigests
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
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

_Row = TypeVar("_Row")


class MemoryAudit:
    """Audit of one environment in memory (ports/audit.py)."""

    def __init__(self, store: MemoryStore, views: MemoryViews, digests: MemoryDigests | None = None) -> None:
        self._store, self._views, self._digests = store, views, digests or MemoryDigests(store)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["MemorySnapshot"]:
        states, positions = await self._store.states(), await self._views.positions()
        yield MemorySnapshot(self._store, self._views, states, positions, await self._digests.page(-maxsize, maxsize))


class MemorySnapshot:
    """One moment, copied, in the order of the keys."""

    def __init__(
        self,
        store: MemoryStore,
        views: MemoryViews,
        states: Sequence[PartitionState],
        positions: Mapping[str, int],
        digests: Sequence[StoredDigest],
    ) -> None:
        self._states, self._positions, self._digests = states, positions, digests
        self._journals = {source: sorted(rows, key=_sequence) for source, rows in store._journals.items()}
        records = [(key, partition, row) for partition, kept in store._records.items() for key, row in kept.items()]
        self._records = sorted(records, key=_record_key)
        self._references = sorted(store._references.values(), key=_payment_id)
        self._outcomes = sorted(store._outcomes.values(), key=_name)
        self._rows = {view: sorted(rows.items()) for view, rows in views._rows.items()}

    async def states(self) -> Sequence[PartitionState]:
        return self._states

    async def sources(self) -> Sequence[str]:
        return sorted(source for source, rows in self._journals.items() if rows)

    async def journal(self, source: str, after: int, limit: int) -> Sequence[JournalRow]:
        return _page(self._journals.get(source, []), _sequence, after, limit)

    async def records(
        self, after: tuple[RecordKey, str], limit: int
    ) -> Sequence[tuple[RecordKey, Partition, StoredRecord]]:
        return _page(self._records, _record_key, after, limit)

    async def references(self, after: str, limit: int) -> Sequence[StoredReference]:
        return _page(self._references, _payment_id, after, limit)

    async def outcomes(self, after: str, limit: int) -> Sequence[StoredOutcome]:
        return _page(self._outcomes, _name, after, limit)

    async def view_positions(self) -> Mapping[str, int]:
        return self._positions

    async def view_rows(self, view: str, after: str, limit: int) -> Sequence[tuple[str, bytes]]:
        return _page(self._rows.get(view, []), lambda row: row[0], after, limit)

    async def digests(self, after: int, limit: int) -> Sequence[StoredDigest]:
        return [digest for digest in self._digests if digest.number > after][:limit]


def _page(rows: list[_Row], key: Callable[[_Row], Any], after: Any, limit: int) -> list[_Row]:
    start = bisect_right(rows, after, key=key)
    return rows[start : start + limit]


def _sequence(row: JournalRow) -> int:
    return row.sequence


def _record_key(row: tuple[RecordKey, Partition, StoredRecord]) -> tuple[RecordKey, str]:
    return row[0], str(row[1])


def _payment_id(row: StoredReference) -> str:
    return row.payment_id


def _name(row: StoredOutcome) -> str:
    return row.name
