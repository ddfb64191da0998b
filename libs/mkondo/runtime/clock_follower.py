"""Follows the sandbox's clock: takes the stored offset, lets what has fallen due happen, and says that it has.

So whoever moves the clock can wait until every process has done what the new time asks (architecture section 7).
Read next: ports/clock.py.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from mkondo.ports.clock import ClockSetting
from mkondo.ports.errors import TryLater
from mkondo.runtime.processor import Processor

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
LIVES_SECONDS = 3.0
TURN_SECONDS = 0.005


class MovableClock(Protocol):
    """This process's clock."""

    ahead_ms: int

    def move_to(self, ahead_ms: int) -> None: ...


class ClockFollower:
    """Keeps one process's clock at the stored offset. `take` once before anything works by it, then `run` until
    `stop`."""

    def __init__(
        self, name: str, setting: ClockSetting, clock: MovableClock, processors: Sequence[Processor] = ()
    ) -> None:
        self._name, self._setting, self._clock, self._processors = name, setting, clock, processors
        self._stop = asyncio.Event()

    async def take(self) -> None:
        self._clock.move_to(await self._setting.ahead_ms())

    async def run(self) -> None:
        while not self._stop.is_set():
            try:
                await self.take()
                await self._settle()
                await self._setting.follow(self._name, self._clock.ahead_ms, LIVES_SECONDS)
            except TryLater as trouble:
                log.warning("the clock's offset is out of reach", extra={"trouble": str(trouble)})
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._stop.wait()
            except TimeoutError:
                continue

    async def _settle(self) -> None:
        """Until no timer of this process is due any more. A processor that can't work keeps its clock's taker waiting,
        which is the truth."""
        while not self._stop.is_set():
            late = [processor for processor in self._processors if processor.has_due_timers()]
            if not late:
                return
            for processor in late:
                processor.wake()
            await asyncio.sleep(TURN_SECONDS)

    async def stop(self) -> None:
        self._stop.set()
        try:
            await self._setting.leave(self._name)
        except TryLater as trouble:
            log.warning("the clock's follower can't say goodbye", extra={"trouble": str(trouble)})
