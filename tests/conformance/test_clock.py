"""The clocks, and how far the sandbox's is ahead, keep every promise of ports/clock.py."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mkondo.adapters.memory.clock import MemoryClockSetting
from mkondo.adapters.postgres.clock import connect_clock_setting
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.system.clock import SystemClock
from mkondo.ports.clock import Clock
from mkondo.testing.conformance.clock import ClockConformance, ClockSettingConformance, ClockWorld
from tests.conformance.worlds import HandClock


class TestSystemClock(ClockConformance):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()


class TestMemoryClockSetting(ClockSettingConformance):
    @pytest.fixture
    def world(self) -> ClockWorld:
        clock = HandClock()
        setting = MemoryClockSetting(clock)
        return ClockWorld(setting, setting, clock.wait)


class TestPostgresClockSetting(ClockSettingConformance):
    @pytest.fixture
    async def world(self, database: str) -> AsyncIterator[ClockWorld]:
        await initialise(database, "sandbox")
        setting, other = await connect_clock_setting(database), await connect_clock_setting(database)
        yield ClockWorld(setting, other, asyncio.sleep)
        await setting.close()
        await other.close()


def test_a_clock_that_was_moved_is_ahead_by_as_much() -> None:
    moved, other = SystemClock(), SystemClock()
    moved.move_to(3_600_000)
    assert moved.now() - other.now() >= 3_599_000


def test_a_clock_cannot_be_moved_back() -> None:
    clock = SystemClock(5)
    clock.move_to(3)
    assert clock.ahead_ms == 5
