"""The projector: folds the journals of all sources into the rows that people read.

One code path in every mode: the journals are the truth, a hint or a poll says that there may be more. Rows and
positions are one transaction, refused when anybody else has moved a position; so several projectors, and restarts at
any point, are harmless (G7). Read next: domain/views for the rows, services/projector for its place in the platform.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from mkondo.contracts import codec
from mkondo.contracts.events import BY_NAME
from mkondo.contracts.journal import JournalRow
from mkondo.contracts.views import decode_row, encode_row
from mkondo.domain.decider import Event
from mkondo.domain.views import VIEWS
from mkondo.domain.views.view import Change, View
from mkondo.ports.back_off import back_off
from mkondo.ports.clock import Clock
from mkondo.ports.errors import Fenced, TryLater
from mkondo.ports.ids import Ids
from mkondo.ports.store import Store
from mkondo.ports.views import ViewBatch, Views
from mkondo.runtime import metrics

log = logging.getLogger(__name__)

Followers = Mapping[str, tuple[tuple[View, Change], ...]]


def followers(views: Mapping[str, View] = VIEWS) -> Followers:
    """Which views follow an event, by its type's name. What none follows is not even decoded."""
    return {
        name: tuple((view, view.changes[message.struct]) for view in views.values() if message.struct in view.changes)
        for name, message in BY_NAME.items()
    }


Rows = dict[str, msgspec.Struct]


class ProjectorSettings(msgspec.Struct, frozen=True):
    """How much is read at once, how long it waits. Seconds are real time.

    After a page the projector gathers for a moment, so that a busy account's row is written once for many events.
    """

    page_rows: int = 500
    """Of each source."""
    rows_kept_max: int = 50_000
    gather_seconds: float = 0.03
    idle_seconds: float = 0.03
    """The first wait when nothing is new; it doubles up to the ceiling."""
    idle_seconds_max: float = 0.25


Touched = tuple[View, str, Change, Event, JournalRow]
"""One row that one event changes: the view and the row's key, how, by what. A plain tuple: there are many of them."""


class Projector:
    """Keeps the views of one environment up with its journals. `run` until `stop`."""

    def __init__(
        self,
        environment: str,
        sources: Iterable[str],
        store: Store,
        views: Views,
        clock: Clock,
        ids: Ids,
        settings: ProjectorSettings | None = None,
        table: Mapping[str, View] = VIEWS,
    ) -> None:
        self.lag = 0
        """Events that are not in the views yet, as of the last look."""
        self.failures = 0
        """Attempts to reach the store that failed in a row: 0 means healthy."""
        self._environment, self._sources = environment, tuple(sources)
        self._store, self._views, self._clock, self._ids = store, views, clock, ids
        self._settings = settings or ProjectorSettings()
        self._table, self._followers = table, followers(table)
        self._positions: dict[str, int] | None = None
        """How far each source has been read; None until the stored positions have been read."""
        self._kept: defaultdict[str, Rows] = defaultdict(dict)
        """Rows as stored, of the views that are read back. True for as long as nobody else moves a position."""
        self._wake = asyncio.Event()
        self._stopping = False

    # The loop -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until `stop`, and then until the journals hold nothing more."""
        idle = self._settings.idle_seconds
        while True:
            try:
                self._wake.clear()
                found = await self.step()
                self.failures = 0
            except Fenced:
                await self._stand_back()
                continue
            except TryLater as trouble:
                self.failures += 1
                log.warning("views or store out of reach", extra={"trouble": str(trouble)})
                if self._stopping:
                    return
                await back_off(self._clock, self._ids, self.failures)
                continue
            if self._stopping and not found:
                return
            idle = await self._pause(found, idle)

    def stop(self) -> None:
        """Project what is committed, then `run` returns."""
        self._stopping = True
        self._wake.set()

    def wake(self) -> None:
        """A hint: there may be new events. None is needed, they only save the time until the next poll."""
        self._wake.set()

    async def _pause(self, found: int, idle: float) -> float:
        """Nothing while it is behind, a moment while events keep coming, longer and longer while none come."""
        first = self._settings.idle_seconds
        if self._stopping or self.lag:
            return first
        if found:
            await self._clock.wait(self._settings.gather_seconds)
            return first
        try:
            async with asyncio.timeout(idle):
                await self._wake.wait()
        except TimeoutError:
            return min(idle * 2, self._settings.idle_seconds_max)
        return first

    async def _stand_back(self) -> None:
        """Another projector was quicker: let it work in peace for a while, it does the same."""
        metrics.PROJECTOR_FENCED.labels(self._environment).inc()
        if not self._stopping:
            await self._clock.wait(self._settings.idle_seconds_max * (0.5 + self._ids.jitter() / 2))

    # One page -----------------------------------------------------------------------------------------------------

    async def step(self) -> int:
        """Read a page of every source and apply it. Returns the number of events; 0: there was nothing new.

        Raises Fenced or TryLater; either way nothing that is in memory is believed any more."""
        try:
            return await self._step()
        except (Fenced, TryLater):
            self._forget()
            raise

    def _forget(self) -> None:
        self._positions = None
        self._kept.clear()

    async def _step(self) -> int:
        if self._positions is None:
            stored = await self._views.positions()
            self._positions = {source: stored.get(source, 0) for source in self._sources}
        before = self._positions
        page = await self._store.read_journals(before, self._settings.page_rows)
        if not page:
            self._see_lag(0)
            return 0
        after = before | {row.source: row.sequence for row in page}
        changed = await self._fold(page)
        encoded = {view: {key: encode_row(row) for key, row in rows.items()} for view, rows in changed.items()}
        await self._views.apply(before, ViewBatch(after, encoded))
        self._positions = after
        self._keep(changed)
        await self._look_how_far(before, after)
        metrics.PROJECTED.labels(self._environment).inc(len(page))
        return len(page)

    async def _fold(self, page: Sequence[JournalRow]) -> dict[str, Rows]:
        """The rows that the page changes, as they are after it."""
        touched = [one for row in page for one in touch(row, self._followers)]
        await self._read_back(touched)
        changed: dict[str, Rows] = {view: {} for view in self._table}
        for view, key, change, event, at in touched:
            rows = changed[view.name]
            before = None if view.written_once else rows.get(key) or self._kept[view.name].get(key)
            after = change.evolve(before, event, at)
            if after is not None:
                rows[key] = after
        return {view: rows for view, rows in changed.items() if rows}

    async def _read_back(self, touched: Iterable[Touched]) -> None:
        """Read the stored rows that the page changes and that are not in memory: one query a view."""
        missing: defaultdict[str, set[str]] = defaultdict(set)
        for view, key, *_ in touched:
            if not view.written_once and key not in self._kept[view.name]:
                missing[view.name].add(key)
        for name, keys in missing.items():
            for key, data in (await self._views.read(name, keys)).items():
                self._kept[name][key] = decode_row(name, data)

    def _keep(self, changed: Mapping[str, Rows]) -> None:
        """Rows that will change again are worth their place in memory; the oldest make room."""
        for name, rows in changed.items():
            view, kept = self._table[name], self._kept[name]
            if view.written_once:
                continue
            for key, row in rows.items():
                if view.final(row):
                    kept.pop(key, None)
                else:
                    kept[key] = row
            surplus = len(kept) - self._settings.rows_kept_max
            for key in list(kept)[: max(surplus, 0)]:
                del kept[key]

    async def _look_how_far(self, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        """A page that is full for any source says that there may be more: only then it is worth a look."""
        if all(after[source] - before[source] < self._settings.page_rows for source in after):
            self._see_lag(0)
            return
        last = {str(state.partition): state.last_sequence for state in await self._store.states()}
        self._see_lag(sum(max(last.get(source, 0) - position, 0) for source, position in after.items()))

    def _see_lag(self, lag: int) -> None:
        self.lag = lag
        metrics.PROJECTOR_LAG.labels(self._environment).set(lag)

    # Rebuilding ---------------------------------------------------------------------------------------------------

    async def catch_up(self) -> int:
        """Apply pages until there is nothing new, whoever else is at it. Returns the number of events."""
        total = 0
        while True:
            try:
                found = await self.step()
            except Fenced:
                await self._stand_back()
                continue
            if not found:
                return total
            total += found

    async def rebuild(self) -> int:
        """Wipe the views and replay everything. Projectors that run meanwhile are fenced, and join in."""
        await self._views.wipe()
        self._forget()
        return await self.catch_up()


def touch(row: JournalRow, by_type: Followers) -> list[Touched]:
    """The rows that an event changes."""
    following = by_type.get(row.type)
    if following is None:
        raise codec.Unreadable(f"{row.source} {row.sequence}: unknown message type {row.type!r}: upgrade this Mkondo")
    if not following:
        return []
    event = codec.decode(row.type, row.version, row.data)
    return [(view, key, change, event, row) for view, change in following for key in change.keys(event, row)]
