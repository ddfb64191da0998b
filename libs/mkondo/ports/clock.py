"""The environment's clock, and in the sandbox how far somebody has moved it (architecture section 7)."""

from typing import Protocol

from mkondo.domain.ids import Instant

AHEAD_MS_MAX = 100 * 366 * 86_400_000
"""Altogether, a hundred years. The clock never moves back, and the calendar has an end: a clock past it would be lost
for good."""


class TooFarAhead(Exception):
    """The clock would be further ahead than it may be. It was not moved."""


class Clock(Protocol):
    """Promise: `now` never goes back by more than the machine's own clock does; the sandbox's only moves forward."""

    def now(self) -> Instant: ...

    async def wait(self, seconds: float) -> None:
        """Let that much real time pass. Virtual in the simulation."""
        ...


class ClockSetting(Protocol):
    """How far the sandbox's clock is ahead of the machines', kept with its store. May raise TryLater: nothing was done.
    `advance` may raise CommitUnknown: look with `ahead_ms` before moving it again.

    Promises, each a test of the conformance suite:

    - `ahead_ms` is 0 until somebody moves it, and what `advance` returned from survives.
    - `advance` adds; it never takes away, and two at once both count. It returns the new total.
    - No total passes AHEAD_MS_MAX, however many move at once: who would pass it gets TooFarAhead, and moves nothing.
    - `everybody_has(N)` is true unless a follower that lives has said a lower number last, or none since it lives.
    """

    async def ahead_ms(self) -> int: ...

    async def advance(self, milliseconds: int) -> int: ...

    async def follow(self, follower: str, ahead_ms: int, lives_seconds: float) -> None:
        """This process works with that offset now, and will say so again before that much time has passed."""
        ...

    async def leave(self, follower: str) -> None:
        """A clean goodbye: nobody waits for it any more."""
        ...

    async def everybody_has(self, ahead_ms: int) -> bool: ...
