"""The public events of an environment, read from its journals: page after page, from any place, nothing left out.

The journals hold committed rows only and each is read in order, so a reader who keeps how far each source was read
misses nothing, whatever became visible first. A reader costs something only when it reads: one look at the partition
rows, shared by all who wait, says which journals have moved. Read next: contracts/cursor.py, services/portal/api.
"""

import asyncio
from collections.abc import Collection, Sequence

import msgspec

from mkondo.contracts import codec
from mkondo.contracts.belonging import NOBODY, application_of
from mkondo.contracts.cursor import Positions
from mkondo.contracts.events import BY_NAME
from mkondo.contracts.journal import JournalRow
from mkondo.ports.store import Store

LOOK_SECONDS = 0.1
"""How old a look may be that several waiting readers share."""


class Wanted(msgspec.Struct, frozen=True):
    """Which events a reader is told of. No types: all; no application: everybody's."""

    types: frozenset[str] = frozenset()
    application: str = NOBODY

    def includes(self, environment: str, row: JournalRow) -> bool:
        kind = BY_NAME.get(row.type)
        if kind is None or kind.topic is None or (self.types and row.type not in self.types):
            return False
        if not self.application:
            return True
        if self.application.encode() not in row.data:  # cheap, and true of nearly all that is somebody else's
            return False
        return application_of(environment, codec.decode(row.type, row.version, row.data)) == self.application


class Page(msgspec.Struct, frozen=True):
    """The events of one read, the place of each, and the place behind it. `more`: it was not all there is."""

    events: tuple[tuple[JournalRow, Positions], ...]
    positions: Positions
    more: bool


class EventStream:
    """The events of one environment, for any number of readers. Its calls may raise TryLater."""

    def __init__(self, environment: str, sources: Collection[str], store: Store) -> None:
        self._environment, self._sources, self._store = environment, tuple(sources), store
        self._looking = asyncio.Lock()
        self._seen: dict[str, int] = {}
        self._seen_at = float("-inf")

    async def latest(self) -> Positions:
        """The place behind everything that is committed now."""
        return await self._look(fresh=True)

    async def page(self, after: Positions, wanted: Wanted, limit: int, *, fresh: bool = True) -> Page:
        """What comes behind a place, at most `limit` events of which those wanted are told. With `fresh` False what was
        committed in the last LOOK_SECONDS may come with the next page only."""
        last = await self._look(fresh)
        moved = {source: after.get(source, 0) for source in self._sources if last[source] > after.get(source, 0)}
        if not moved:
            return Page((), after, more=False)
        rows = await self._store.read_journals(moved, max(1, limit // len(moved)))
        told, positions = self._told(_by_time(rows)[:limit], after, wanted)
        more = any(last[source] > positions.get(source, 0) for source in self._sources)
        return Page(tuple(told), positions, more)

    def _told(
        self, rows: Sequence[JournalRow], after: Positions, wanted: Wanted
    ) -> tuple[list[tuple[JournalRow, Positions]], Positions]:
        positions = dict(after)
        told: list[tuple[JournalRow, Positions]] = []
        for row in rows:
            positions[row.source] = row.sequence
            if wanted.includes(self._environment, row):
                told.append((row, positions.copy()))
        return told, positions

    async def _look(self, fresh: bool) -> dict[str, int]:
        """The last sequence of every source. Who comes while somebody looks shares what is seen, unless it is to be
        fresh: then the look must have begun later than the question."""
        now = asyncio.get_running_loop().time
        oldest = now() - (0 if fresh else LOOK_SECONDS)
        async with self._looking:
            if self._seen_at < oldest:
                began = now()
                states = {str(state.partition): state.last_sequence for state in await self._store.states()}
                self._seen = {source: states.get(source, 0) for source in self._sources}
                self._seen_at = began
            return self._seen


def _by_time(rows: Sequence[JournalRow]) -> list[JournalRow]:
    """Time never goes back within a source, so its order stays."""
    return sorted(rows, key=lambda row: (row.time, row.source, row.sequence))
