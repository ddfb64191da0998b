"""The projector at work on a real Postgres: rivals, rebuilds, hints, troubles, and verify beside it all."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from random import Random

import pytest

from mkondo.adapters.postgres.audit import PostgresAudit, connect_audit
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.postgres.store import PostgresStore, connect_store
from mkondo.adapters.postgres.views import PostgresViews, connect_views
from mkondo.adapters.system.clock import SystemClock
from mkondo.adapters.system.ids import SystemIds
from mkondo.domain.views import VIEWS
from mkondo.ports.errors import TryLater
from mkondo.ports.views import ViewBatch, Views
from mkondo.runtime.audit import verify_store
from mkondo.runtime.projector import Projector, ProjectorSettings
from services.projector.root import SOURCES
from tests.unit.audit.history import begin, eventful, paying

SECONDS = 20


@dataclass(frozen=True)
class House:
    """One environment in Postgres."""

    store: PostgresStore
    views: PostgresViews
    audit: PostgresAudit

    def projector(self, settings: ProjectorSettings | None = None, views: Views | None = None) -> Projector:
        return Projector("sandbox", SOURCES, self.store, views or self.views, SystemClock(), SystemIds(), settings)

    async def rows(self) -> dict[str, list[tuple[str, bytes]]]:
        return {view: list(await self.views.page(view, "", "", 100_000)) for view in VIEWS}

    async def caught_up(self) -> None:
        """Until the stored positions are the journals' ends."""
        async with asyncio.timeout(SECONDS):
            while True:
                ends = {str(state.partition): state.last_sequence for state in await self.store.states()}
                if {source: end for source, end in ends.items() if end} == dict(await self.views.positions()):
                    return
                await asyncio.sleep(0.005)


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    await initialise(database, "sandbox")
    house = House(
        await connect_store(database, "sandbox"),
        await connect_views(database),
        await connect_audit(database, "sandbox"),
    )
    yield house
    for port in (house.store, house.views, house.audit):
        await port.close()


async def test_a_running_projector_follows_the_journals_and_stops_when_all_is_there(house: House) -> None:
    projector = house.projector()
    running = asyncio.create_task(projector.run())
    history = await eventful(house.store, payments=20)
    await house.caught_up()
    history.ask("admission", paying("the-last-one"))
    await history.settle()
    projector.stop()
    await asyncio.wait_for(running, SECONDS)
    assert await house.views.read("payments", ["the-last-one"])
    assert (projector.lag, projector.failures) == (0, 0)
    assert (await verify_store(house.audit)).problems == ()


async def test_rivals_and_restarts_give_the_same_rows_as_one_projector_alone(house: House) -> None:
    await eventful(house.store, payments=40)
    await house.projector().catch_up()
    alone = await house.rows()
    await house.views.wipe()
    random = Random(5)
    async with asyncio.timeout(SECONDS):
        while True:
            settings = ProjectorSettings(page_rows=random.randint(1, 9), idle_seconds_max=0.001)
            rivals = [asyncio.create_task(house.projector(settings).catch_up()) for _ in range(3)]
            done, _ = await asyncio.wait(rivals, timeout=random.random() * 0.1)
            for rival in rivals:
                rival.cancel()
            await asyncio.gather(*rivals, return_exceptions=True)
            if done:
                break
    assert await house.rows() == alone


@pytest.mark.parametrize("page_rows", [3, 500])
async def test_a_rebuild_beside_a_running_projector_gives_the_same_rows(house: House, page_rows: int) -> None:
    await eventful(house.store, payments=20)
    running_one = house.projector()
    running = asyncio.create_task(running_one.run())
    await house.caught_up()
    before = await house.rows()
    await house.projector(ProjectorSettings(page_rows=page_rows, idle_seconds_max=0.01)).rebuild()
    await house.caught_up()
    running_one.stop()
    await asyncio.wait_for(running, SECONDS)
    assert await house.rows() == before


class Watched(Projector):
    """Says when it has found nothing new: from then on it waits."""

    def __init__(self, house: House, settings: ProjectorSettings) -> None:
        super().__init__("sandbox", SOURCES, house.store, house.views, SystemClock(), SystemIds(), settings)
        self.rests = asyncio.Event()

    async def step(self) -> int:
        found = await super().step()
        if not found:
            self.rests.set()
        return found


async def test_a_hint_saves_the_wait_for_the_next_poll(house: House) -> None:
    history = await begin(house.store)
    projector = Watched(house, ProjectorSettings(idle_seconds=3600, idle_seconds_max=3600))
    running = asyncio.create_task(projector.run())
    await asyncio.wait_for(projector.rests.wait(), SECONDS)
    history.ask("admission", paying("hinted"))
    await history.settle()
    projector.wake()
    await house.caught_up()
    projector.stop()
    await asyncio.wait_for(running, SECONDS)


class Moody:
    """Views that are out of reach for a while, then lose an answer."""

    def __init__(self, views: PostgresViews) -> None:
        self._views = views
        self.troubles = 4
        self.reached = asyncio.Event()

    async def positions(self) -> Mapping[str, int]:
        return await self._views.positions()

    async def read(self, view: str, keys: object) -> Mapping[str, bytes]:
        return await self._views.read(view, keys)  # type: ignore[arg-type]

    async def page(self, view: str, prefix: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        return list(await self._views.page(view, prefix, after, limit))

    async def wipe(self) -> None:
        await self._views.wipe()

    async def apply(self, expected: Mapping[str, int], batch: ViewBatch) -> None:
        self.troubles -= 1
        if self.troubles > 0:
            raise TryLater("out of reach")
        await self._views.apply(expected, batch)
        if self.troubles == 0:
            raise TryLater("the answer was lost")


async def test_views_out_of_reach_are_waited_for_and_a_lost_answer_is_found_out(house: House) -> None:
    await eventful(house.store, payments=20)
    await house.projector().catch_up()
    expected = await house.rows()
    await house.views.wipe()
    projector = house.projector(ProjectorSettings(page_rows=20), Moody(house.views))
    running = asyncio.create_task(projector.run())
    await house.caught_up()
    projector.stop()
    await asyncio.wait_for(running, SECONDS)
    assert await house.rows() == expected
    assert projector.failures == 0


async def test_lag_is_how_many_events_are_not_in_the_views(house: House) -> None:
    await eventful(house.store, payments=20)
    projector = house.projector(ProjectorSettings(page_rows=2))
    total = sum(state.last_sequence for state in await house.store.states())
    found = await projector.step()
    assert projector.lag == total - found > 0
    await projector.catch_up()
    assert projector.lag == 0


async def test_verify_is_clean_while_payments_and_projector_go_on(house: House) -> None:
    projector = house.projector(ProjectorSettings(page_rows=5, gather_seconds=0.0))
    running = asyncio.create_task(projector.run())
    history = await begin(house.store)

    async def pay() -> None:
        for number in range(150):
            history.ask("admission", paying(f"p{number}", 1_00))
            await history.turn(3)

    paying_on = asyncio.create_task(pay())
    reports = []
    while not paying_on.done():
        reports.append(await verify_store(house.audit, page=50))
    await paying_on
    projector.stop()
    await asyncio.wait_for(running, SECONDS)
    assert [problem for report in reports for problem in report.problems] == []
    assert len({report.figures["events"] for report in reports}) > 1, "it was audited at several moments"
    assert (await verify_store(house.audit)).clean
