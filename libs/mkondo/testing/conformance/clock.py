"""What every Clock and ClockSetting adapter promises (ports/clock.py). A test module subclasses a suite and gives its
fixture, `clock` or `world`."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from mkondo.ports.clock import AHEAD_MS_MAX, Clock, ClockSetting, TooFarAhead

YEAR_2024_MS = 1_704_067_200_000


class ClockConformance:
    def test_an_instant_is_whole_milliseconds_since_1970(self, clock: Clock) -> None:
        assert isinstance(clock.now(), int)
        assert clock.now() > YEAR_2024_MS

    def test_now_does_not_go_back(self, clock: Clock) -> None:
        instants = [clock.now() for _ in range(10_000)]
        assert instants == sorted(instants)

    async def test_waiting_lets_time_pass(self, clock: Clock) -> None:
        before = clock.now()
        await clock.wait(0.02)
        assert clock.now() - before >= 19


class ClockWorld(msgspec.Struct):
    """A setting, the same one as another process sees it, and a way to let the store's time pass."""

    setting: ClockSetting
    other: ClockSetting
    wait: Callable[[float], Awaitable[None]]


class ClockSettingConformance:
    async def test_nobody_has_moved_a_new_clock(self, world: ClockWorld) -> None:
        assert await world.setting.ahead_ms() == 0

    async def test_moves_add_up_and_everybody_sees_them(self, world: ClockWorld) -> None:
        assert await world.setting.advance(3_600_000) == 3_600_000
        assert await world.other.advance(1) == 3_600_001
        assert await world.setting.ahead_ms() == await world.other.ahead_ms() == 3_600_001

    async def test_moves_at_once_all_count(self, world: ClockWorld) -> None:
        await asyncio.gather(*(setting.advance(10) for setting in (world.setting, world.other) for _ in range(10)))
        assert await world.other.ahead_ms() == 200

    async def test_it_never_moves_back(self, world: ClockWorld) -> None:
        await world.setting.advance(5)
        for setting in (world.setting, world.other):
            with pytest.raises(ValueError, match="forward"):
                await setting.advance(-1)
        assert await world.setting.ahead_ms() == 5

    async def test_it_is_never_too_far_ahead(self, world: ClockWorld) -> None:
        for setting in (world.setting, world.other):
            with pytest.raises(TooFarAhead):
                await setting.advance(AHEAD_MS_MAX + 1)
        assert await world.setting.ahead_ms() == 0
        assert await world.setting.advance(AHEAD_MS_MAX) == AHEAD_MS_MAX
        with pytest.raises(TooFarAhead):
            await world.other.advance(1)
        assert await world.other.advance(0) == AHEAD_MS_MAX

    async def test_moves_at_once_do_not_pass_the_ceiling_together(self, world: ClockWorld) -> None:
        tenth = AHEAD_MS_MAX // 10
        moves = (setting.advance(tenth) for setting in (world.setting, world.other) for _ in range(8))
        done = await asyncio.gather(*moves, return_exceptions=True)
        assert sum(isinstance(one, TooFarAhead) for one in done) == 6
        assert await world.setting.ahead_ms() == 10 * tenth

    async def test_everybody_has_it_when_each_follower_has_said_so(self, world: ClockWorld) -> None:
        await world.setting.follow("one", 0, 60)
        await world.other.follow("two", 0, 60)
        assert await world.setting.everybody_has(0)
        await world.setting.follow("one", 7, 60)
        assert not await world.setting.everybody_has(7)
        await world.other.follow("two", 9, 60)
        assert await world.setting.everybody_has(7)

    async def test_nobody_waits_for_the_dead_or_for_who_has_left(self, world: ClockWorld) -> None:
        await world.setting.follow("dead", 0, 0.05)
        await world.setting.follow("leaves", 0, 60)
        assert not await world.setting.everybody_has(1)
        await world.setting.leave("leaves")
        await world.wait(0.06)
        assert await world.setting.everybody_has(1)
