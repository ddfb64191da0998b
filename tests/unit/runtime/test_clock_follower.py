"""Whoever moves the sandbox's clock is answered when every process has done what fell due, and not a moment earlier."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mkondo.adapters.memory.clock import MemoryClockSetting
from mkondo.adapters.system.clock import SystemClock
from mkondo.domain.account import CreditApplied, HoldExpired, HoldPlaced
from mkondo.runtime.clock_follower import ClockFollower, FollowerSettings, NotTakenYet, advance_for_all
from mkondo.testing.builders import CUSTOMER, HOUR_MS, SHOP, open_with, reserving, tzs
from tests.unit.runtime.house import HandClock, House, Member, Trouble, house

QUICK = FollowerSettings(look_seconds=0.02, lives_seconds=0.1, turn_seconds=0.001)
HOLDS = 3


class HouseClock:
    """The hand clock of a house as one that follows an offset."""

    def __init__(self, clock: HandClock) -> None:
        self.ahead_ms = 0
        self._clock = clock

    def move_to(self, ahead_ms: int) -> None:
        self._clock.advance(ahead_ms - self.ahead_ms)
        self.ahead_ms = ahead_ms


class Setting(MemoryClockSetting):
    """Remembers what its followers say. Who lives is a question of how often they do: each word takes a fifth of a
    life."""

    def __init__(self) -> None:
        self._lives = HandClock()
        super().__init__(self._lives)
        self.said: list[tuple[str, int]] = []

    async def follow(self, follower: str, ahead_ms: int, lives_seconds: float) -> None:
        self.said.append((follower, ahead_ms))
        self._lives.advance(round(lives_seconds * 1_000) // 5)
        await super().follow(follower, ahead_ms, lives_seconds)


@asynccontextmanager
async def following(h: House, setting: Setting, *members: Member, name: str = "m1") -> AsyncIterator[ClockFollower]:
    processors = [processor for member in members for processor in member.processors.values()]
    follower = ClockFollower(name, setting, HouseClock(h.clock), processors, settings=QUICK)
    await follower.join()
    running = asyncio.create_task(follower.run())
    yield follower
    follower.stop()
    await running


async def with_holds(h: House) -> Member:
    """Three customers' money is reserved for an hour."""
    member = await h.member()
    await h.send("ledger", open_with(CUSTOMER, 1_000_00), open_with(SHOP, 0))
    await h.until(lambda: h.happened("ledger", CreditApplied) == 1, "the accounts are open")
    await h.send("ledger", *(reserving(f"p{number}", tzs(1_00)) for number in range(HOLDS)))
    await h.until(lambda: h.happened("ledger", HoldPlaced) == HOLDS, "the money is reserved")
    return member


async def test_what_fell_due_is_done_when_the_clock_was_moved() -> None:
    async with house() as h:
        setting, member = Setting(), await with_holds(h)
        async with following(h, setting, member):
            assert await advance_for_all(setting, HOUR_MS) == HOUR_MS
            assert h.happened("ledger", HoldExpired) == HOLDS


async def test_a_transaction_under_way_is_waited_for_and_its_process_lives_meanwhile() -> None:
    """The timers are out of the heap by then, so nothing seems to be due; and it takes many lives of a follower."""
    async with house() as h:
        setting, member = Setting(), await with_holds(h)
        async with following(h, setting, member):
            h.store.gates["ledger"] = asyncio.Event()
            moving = asyncio.create_task(advance_for_all(setting, HOUR_MS))
            await h.until(lambda: h.store.at_the_gate > 0, "the holds are about to expire")
            spoken = len(setting.said)
            await h.until(lambda: len(setting.said) > spoken + 15, "its follower has looked again and again")
            assert not moving.done() and h.happened("ledger", HoldExpired) == 0
            assert not await setting.everybody_has(HOUR_MS)
            h.store.gates["ledger"].set()
            await moving
            assert h.happened("ledger", HoldExpired) == HOLDS


@pytest.mark.parametrize("trouble", ["fenced", "try later", "unknown, committed", "unknown, not committed"])
async def test_memory_that_was_dropped_is_taken_again_before_anybody_says_done(trouble: Trouble) -> None:
    async with house() as h:
        setting, member = Setting(), await with_holds(h)
        async with following(h, setting, member):
            everything = member.owned()
            h.store.troubles["ledger"].extend([trouble, trouble])
            h.store.may_be_taken.clear()
            moving = asyncio.create_task(advance_for_all(setting, HOUR_MS))
            await h.until(lambda: member.owned() < everything, "its memory is dropped")
            spoken = len(setting.said)
            await h.until(lambda: len(setting.said) > spoken + 5, "its follower has looked again")
            assert not moving.done()
            h.store.may_be_taken.set()
            await moving
            assert h.happened("ledger", HoldExpired) == HOLDS


async def test_whoever_moves_the_clock_waits_for_a_process_that_is_just_starting() -> None:
    setting = Setting()
    one, two = (ClockFollower(name, setting, SystemClock(), settings=QUICK) for name in ("one", "two"))
    await one.join()
    await two.join()
    running = asyncio.create_task(one.run())
    with pytest.raises(NotTakenYet, match="is moved"):
        await advance_for_all(setting, 7, seconds_max=0.03)
    started = asyncio.create_task(two.run())
    assert await advance_for_all(setting, 1) == 8
    for follower, task in ((one, running), (two, started)):
        follower.stop()
        await task


async def test_it_is_done_no_more_when_it_was_given_partitions_with_something_due() -> None:
    """They were another process's, which died before it had done what the new time asks."""
    async with house() as h:
        setting, dead = Setting(), await with_holds(h)
        await dead.die()
        h.members.remove(dead)
        heir = Member(h, "m2", dead.settings)
        h.members.append(heir)
        async with following(h, setting, heir, name="m2"):
            await advance_for_all(setting, HOUR_MS)
            assert h.happened("ledger", HoldExpired) == 0
            h.store.gates["ledger"] = asyncio.Event()
            await heir.ownership.claim()
            await h.until(lambda: setting.said[-1] == ("m2", HOUR_MS - 1), "it says that it is late")
            assert not await setting.everybody_has(HOUR_MS)
            h.store.gates["ledger"].set()
            await h.until(lambda: setting.said[-1] == ("m2", HOUR_MS), "it has caught up")
            assert h.happened("ledger", HoldExpired) == HOLDS


async def test_the_views_are_told_once_that_the_clock_was_moved_and_only_then() -> None:
    told: list[int] = []
    setting, clock = Setting(), SystemClock()
    follower = ClockFollower("m1", setting, clock, (), lambda: told.append(clock.ahead_ms), QUICK)
    await follower.join()
    running = asyncio.create_task(follower.run())
    await advance_for_all(setting, 0)
    await advance_for_all(setting, 5)
    spoken = len(setting.said)
    async with asyncio.timeout(5):
        while len(setting.said) < spoken + 3:
            await asyncio.sleep(0)
    follower.stop()
    await running
    assert told == [0, 5]


async def test_a_process_that_has_stopped_is_waited_for_no_more() -> None:
    setting = Setting()
    async with house() as h:
        async with following(h, setting):
            await advance_for_all(setting, 1)
        spoken = len(setting.said)
        assert await advance_for_all(setting, 1) == 2
        assert len(setting.said) == spoken
