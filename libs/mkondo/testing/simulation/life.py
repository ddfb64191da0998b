"""One life of one process. It ends between any two of its steps, and nothing it does afterwards has an effect.

Every call of a port is a step: the caller waits, the call happens at once, the caller waits again. A crash cancels all
tasks where they wait; whatever their clean-up still calls is answered by cancellation before anything is done.
Read next: handles.py.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from mkondo.domain.ids import Instant
from mkondo.ports.errors import TryLater
from mkondo.testing.simulation.weather import START, Weather

T = TypeVar("T")

SKEW_MS = 40
"""How far a machine's clock may be from the true time, either way."""


class Life:
    """The tasks of one process, and its own idea of the time: clocks of machines differ a little."""

    def __init__(self, name: str, weather: Weather, report: Callable[[str], None]) -> None:
        self.name = name
        self.weather = weather
        self.dead = False
        self.died_at: float | None = None
        self._report = report
        self._tasks: list[asyncio.Task[Any]] = []
        self._paused_until = 0.0
        self._skew = weather.random.randrange(-SKEW_MS, SKEW_MS + 1)

    # What happens to it -------------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.append(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.remove(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self.dead:
            self._report(f"{self.name} fell over: {type(error).__name__}: {error}")
            self.crash()

    def crash(self) -> None:
        self.dead = True
        self.died_at = asyncio.get_running_loop().time()
        for task in list(self._tasks):
            task.cancel()

    def lasted(self, since: float, seconds: float) -> bool:
        """Whether it went on for that long after a moment."""
        return self.died_at is None or self.died_at > since + seconds

    def pause(self, seconds: float) -> None:
        """Every step from now on stalls until then: the process becomes a zombie and does not know it."""
        self._paused_until = asyncio.get_running_loop().time() + seconds

    # What it does -------------------------------------------------------------------------------------------------

    async def call(self, step: str, effect: Callable[[], Awaitable[T]]) -> T:
        """One call of a port."""
        await self.before(step)
        answer = await effect()
        if self.weather.happens(0.3):
            await self.lag()
        return answer

    async def before(self, step: str) -> None:
        """The way there, on which a call may fail without having done anything."""
        self.weather.note(f"{asyncio.get_running_loop().time():.6f} {self.name} {step}\n")
        await self.lag()
        if self.weather.happens(self.weather.refused):
            raise TryLater(f"{step}: out of reach")

    async def lag(self) -> None:
        self.check()
        await asyncio.sleep(self.weather.lag())
        while (left := self._paused_until - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(left)
        self.check()

    def check(self) -> None:
        if self.dead:
            raise asyncio.CancelledError(f"{self.name} is dead")

    # Its clock (ports/clock.py) -----------------------------------------------------------------------------------

    def now(self) -> Instant:
        return now(self._skew)

    async def wait(self, seconds: float) -> None:
        self.check()
        await asyncio.sleep(seconds)


def now(skew: int = 0) -> Instant:
    """The true time of the run."""
    return Instant(START + skew + round(asyncio.get_running_loop().time() * 1000))


class TrueClock:
    """The store's clock, by which leases run out."""

    def now(self) -> Instant:
        return now()

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
