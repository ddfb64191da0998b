"""Two processes on one Postgres: whoever moves the clock is answered when both work by the new time."""

import asyncio

from mkondo.adapters.postgres.clock import connect_clock_setting
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.system.clock import SystemClock
from mkondo.runtime.clock_follower import ClockFollower, FollowerSettings, advance_for_all

DAY_MS = 86_400_000
MOVES = 5


async def test_both_work_by_the_new_time_when_it_was_moved_and_so_does_one_that_starts_later(database: str) -> None:
    await initialise(database, "sandbox")
    settings = [await connect_clock_setting(database) for _ in range(4)]
    mover, *theirs = settings
    clocks = [SystemClock() for _ in theirs]
    quick, slow, late = (
        ClockFollower(f"p{number}", setting, clock, settings=FollowerSettings(look_seconds=look))
        for number, setting, clock, look in zip(range(3), theirs, clocks, (0.01, 0.2, 0.01), strict=True)
    )
    for follower in (quick, slow):
        await follower.join()
    running = [asyncio.create_task(follower.run()) for follower in (quick, slow)]
    for move in range(1, MOVES + 1):
        assert await advance_for_all(mover, DAY_MS) == move * DAY_MS
        assert [clock.ahead_ms for clock in clocks] == [move * DAY_MS, move * DAY_MS, 0]
    await late.join()
    assert clocks[2].ahead_ms == MOVES * DAY_MS
    assert not await mover.everybody_has(0), "it has not begun"
    running.append(asyncio.create_task(late.run()))
    await advance_for_all(mover, 1)
    assert {clock.ahead_ms for clock in clocks} == {MOVES * DAY_MS + 1}
    for follower in (quick, slow, late):
        follower.stop()
    await asyncio.gather(*running)
    assert await mover.everybody_has(MOVES * DAY_MS + 2), "nobody is left to wait for"
    for setting in settings:
        await setting.close()
