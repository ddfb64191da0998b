"""Follows the sandbox's clock: takes the stored offset, lets what has fallen due happen, and says that it has.

So whoever moves the clock can wait until every process has done what the new time asks (architecture section 7).
Read next: ports/clock.py.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from mkondo.ports.clock import ClockSetting
from mkondo.ports.errors import TryLater
from mkondo.runtime.processor import Processor

log = logging.getLogger(__name__)

NOTHING_YET = -1
"""What a process says that has not worked by any offset yet: below all of them, so whoever moves the clock waits."""

LOOK_SECONDS = 0.02
"""How often whoever moves the clock asks whether everybody has it."""


class NotTakenYet(Exception):
    """The clock is moved, and stays so; that some process is late undoes nothing. No TryLater: trying again would move
    it twice."""


class MovableClock(Protocol):
    """This process's clock."""

    ahead_ms: int

    def move_to(self, ahead_ms: int) -> None: ...


class FollowerSettings(msgspec.Struct, frozen=True):
    """Seconds are real time. A process that says nothing for `lives_seconds` is taken for dead and not waited for, so
    it has to be long for a process that is only slow."""

    look_seconds: float = 0.25
    lives_seconds: float = 5.0
    turn_seconds: float = 0.005
    """How often the processors are asked whether they are done."""


async def advance_for_all(setting: ClockSetting, milliseconds: int, seconds_max: float = 30.0) -> int:
    """Move the clock on. Returns how far it is ahead then, once every process has done what that asks.

    Raises TryLater when it could not be moved, CommitUnknown when it may be moved or not, and NotTakenYet when it is
    moved and nobody can say that all have done it: some process takes longer, or the setting is out of reach."""
    ahead_ms = await setting.advance(milliseconds)
    try:
        async with asyncio.timeout(seconds_max):
            while not await setting.everybody_has(ahead_ms):
                await asyncio.sleep(LOOK_SECONDS)
    except (TimeoutError, TryLater) as trouble:
        raise NotTakenYet("the clock is moved, and a process has not taken it yet") from trouble
    return ahead_ms


class ClockFollower:
    """Keeps one process's clock at the stored offset. `join` before anything works by it, then `run` until `stop`."""

    def __init__(
        self,
        name: str,
        setting: ClockSetting,
        clock: MovableClock,
        processors: Sequence[Processor] = (),
        moved: Callable[[], None] | None = None,
        settings: FollowerSettings | None = None,
    ) -> None:
        """`moved` is called whenever a new offset was taken and what it asks is done."""
        self._name, self._setting, self._clock, self._processors = name, setting, clock, processors
        self._moved = moved
        self._settings = settings or FollowerSettings()
        self._done_ms = NOTHING_YET
        self._stop = asyncio.Event()

    async def join(self) -> None:
        """Announce this process before it reads the offset: whoever moves it in between waits for us."""
        await self._say(NOTHING_YET)
        self._clock.move_to(await self._setting.ahead_ms())

    async def run(self) -> None:
        while not self._stop.is_set():
            try:
                done = await self._look()
            except TryLater as trouble:
                log.warning("the clock's offset is out of reach", extra={"trouble": str(trouble)})
                done = True  # as far as we can know: look again when it is time
            if done:
                await self._pause()
        await self._leave()

    async def _look(self) -> bool:
        """Take the stored offset and say how far this process is. False: it is not done yet, look again at once.

        One that is late says so, even if it was done with the same offset before: it may have been given partitions.
        """
        self._clock.move_to(await self._setting.ahead_ms())
        ahead_ms = self._clock.ahead_ms
        done = await self._settled()
        if done and ahead_ms > self._done_ms and self._moved is not None:
            self._moved()
        self._done_ms = ahead_ms if done else min(self._done_ms, ahead_ms - 1)
        await self._say(self._done_ms)
        return done

    async def _settled(self) -> bool:
        """Give the processors a moment to do what is due. One that can't work keeps the clock's mover waiting, which is
        the truth; but it says that it lives meanwhile."""
        looks = max(round(self._settings.look_seconds / self._settings.turn_seconds), 1)
        for _ in range(looks):
            late = [processor for processor in self._processors if not processor.has_done_what_is_due()]
            if not late or self._stop.is_set():
                return not late
            for processor in late:
                processor.wake()
            await asyncio.sleep(self._settings.turn_seconds)
        return False

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._settings.look_seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    async def _say(self, ahead_ms: int) -> None:
        await self._setting.follow(self._name, ahead_ms, self._settings.lives_seconds)

    async def _leave(self) -> None:
        """A clean goodbye, after the last word: nobody waits for us any more."""
        try:
            await self._setting.leave(self._name)
        except TryLater as trouble:
            log.warning("the clock's follower can't say goodbye", extra={"trouble": str(trouble)})

    def stop(self) -> None:
        """`run` says goodbye and returns."""
        self._stop.set()
