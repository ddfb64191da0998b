"""An event loop whose time is virtual: when nothing is ready it jumps to the next timer.

No waiting, sockets or threads. The real runtime runs on it unchanged. Time passes only by
timers, so a run is decided by its seed alone.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlock(Exception):
    """Every task waits, and no timer is left that could wake one."""


class _Jump:
    """Stands where a loop has its selector: instead of waiting for sockets it moves the clock."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[object]:
        if timeout is None:
            raise Deadlock("nothing is ready and no timer is set")
        self._loop.elapsed += timeout
        return []

    def close(self) -> None:
        """There is nothing to close."""


class VirtualLoop(asyncio.BaseEventLoop):
    """`time` starts at 0 and jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0
        self._selector = _Jump(self)

    def time(self) -> float:
        return self.elapsed

    def _process_events(self, events: list[object]) -> None:
        """There are never any."""

    def _write_to_self(self) -> None:
        """Only other threads need it, and there are none."""


def run_virtually(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time, and cancel whatever is left then."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        left = sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name())
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()


def at_once(asked: Coroutine[Any, Any, T]) -> T:
    """The answer of something that never waits, such as the memory store, within this instant."""
    try:
        asked.send(None)
    except StopIteration as done:
        answer: T = done.value
        return answer
    raise RuntimeError(f"{asked} waits")
