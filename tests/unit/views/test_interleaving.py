"""G7: the same journals give the same rows, byte for byte, for every interleaving, page size, restart and rival."""

from collections.abc import Mapping, Sequence
from functools import cache
from random import Random

from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.journal import JournalRow
from mkondo.domain.views import VIEWS
from mkondo.domain.views.view import Change, View
from mkondo.ports.errors import Fenced, TryLater
from mkondo.ports.store import Store
from mkondo.ports.views import ViewBatch, Views
from mkondo.runtime.projector import Projector, ProjectorSettings
from services.projector.root import SOURCES
from tests.conformance.worlds import HandClock
from tests.unit.audit.history import eventful

HISTORIES = 4


class ShuffledStore(MemoryStore):
    """Gives what is new in any order of the sources, and as much of it as it likes."""

    random = Random(0)

    async def read_journals(self, positions: Mapping[str, int], limit: int) -> Sequence[JournalRow]:
        waiting = [source for source, position in positions.items() if len(self._journals[source]) > position]
        if not waiting:
            return []
        chosen = self.random.sample(waiting, self.random.randint(1, len(waiting)))
        rows = [self._journals[source][positions[source] :][: self.random.randint(1, limit)] for source in chosen]
        return _interleaved(rows, self.random)


def _interleaved(rows: list[list[JournalRow]], random: Random) -> list[JournalRow]:
    """One list in which each source keeps its order."""
    waiting = [list(reversed(some_rows)) for some_rows in rows]
    page = []
    while waiting:
        source = random.choice(waiting)
        page.append(source.pop())
        waiting = [source for source in waiting if source]
    return page


def projecting(
    store: Store,
    views: Views,
    page_rows: int = 500,
    rows_kept_max: int = 50_000,
    table: Mapping[str, View] = VIEWS,
) -> Projector:
    settings = ProjectorSettings(page_rows=page_rows, rows_kept_max=rows_kept_max)
    return Projector("sandbox", SOURCES, store, views, HandClock(), SystemIds(), settings, table)


@cache
def _histories() -> dict[int, tuple[ShuffledStore, dict[str, dict[str, bytes]]]]:
    return {}


async def history_of(seed: int) -> tuple[ShuffledStore, dict[str, dict[str, bytes]]]:
    """A store, and the rows that a plain replay of it gives."""
    known = _histories()
    if seed not in known:
        store = ShuffledStore(HandClock())
        await eventful(store, payments=30, seed=seed)
        views = MemoryViews()
        for source in SOURCES:
            await Projector("sandbox", [source], store, views, HandClock(), SystemIds()).catch_up()
        known[seed] = store, dict(views._rows)
    return known[seed]


async def replay(
    store: ShuffledStore, random: Random, table: Mapping[str, View] = VIEWS
) -> dict[str, dict[str, bytes]]:
    """Steps of several projectors that come and go, until nothing is new."""
    store.random = random
    views = MemoryViews()
    crew = [projecting(store, views, random.randint(1, 40), random.choice((0, 3, 50_000)), table)]
    while True:
        if random.random() < 0.2:
            crew.append(projecting(store, views, random.randint(1, 40), table=table))
        if random.random() < 0.1 and len(crew) > 1:
            crew.pop(0)
        try:
            if not await random.choice(crew).step():
                return dict(views._rows)
        except Fenced:
            continue  # Somebody else was quicker; it has forgotten everything.


@given(seed=some.integers(0, HISTORIES - 1), chance=some.integers(0, 2**32))
async def test_rows_are_the_same_for_every_interleaving_and_page_size(seed: int, chance: int) -> None:
    store, expected = await history_of(seed)
    assert await replay(store, Random(chance)) == expected


def _forgetting(change: Change) -> Change:
    return Change(change.key, lambda row, event, at: change.evolve(None, event, at))


async def test_the_test_above_finds_a_row_that_depends_on_the_order() -> None:
    """A payment's row that any event begins anew forgets what another source has said of it."""
    payments = VIEWS["payments"]
    forgetful = replace(payments, changes={event: _forgetting(change) for event, change in payments.changes.items()})
    store, expected = await history_of(0)
    assert await replay(store, Random(1), {**VIEWS, "payments": forgetful}) != expected


class LostAnswers(MemoryViews):
    """Every third answer is lost, after the work was done or before it."""

    calls = 0

    async def apply(self, expected: Mapping[str, int], batch: ViewBatch) -> None:
        self.calls += 1
        if self.calls % 3 == 1:
            raise TryLater("out of reach")
        await super().apply(expected, batch)
        if self.calls % 3 == 2:
            raise TryLater("the answer was lost")


async def test_an_answer_that_is_lost_is_found_out_by_the_positions() -> None:
    store, expected = await history_of(1)
    views = LostAnswers()
    one = projecting(store, views, page_rows=5)
    while True:
        try:
            if not await one.step():
                break
        except TryLater:
            continue
    assert dict(views._rows) == expected


async def test_a_rebuild_gives_the_same_rows() -> None:
    store, expected = await history_of(2)
    for page_rows in (1, 7, 500):
        views = MemoryViews()
        one = projecting(store, views, page_rows)
        assert await one.catch_up() == await one.rebuild() > 0
        assert dict(views._rows) == expected


class CountingViews(MemoryViews):
    """Remembers how many rows each transaction wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[int] = []

    async def apply(self, expected: Mapping[str, int], batch: ViewBatch) -> None:
        self.written.append(len(batch.rows["balances"]))
        await super().apply(expected, batch)


async def test_a_busy_accounts_row_is_written_once_for_a_page() -> None:
    store, views = MemoryStore(HandClock()), CountingViews()
    await eventful(store)
    await projecting(store, views).catch_up()
    assert views.written == [len(views._rows["balances"])]
