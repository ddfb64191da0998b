"""The sandbox's clock offset in memory: the oracle of its conformance suite. Read next: ports/clock.py."""

from mkondo.ports.clock import AHEAD_MS_MAX, Clock, TooFarAhead


class MemoryClockSetting:
    """ClockSetting of one environment."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_ms = 0
        self._followers: dict[str, tuple[int, int]] = {}
        """By name: the offset it works with, and the instant until which it lives."""

    async def ahead_ms(self) -> int:
        return self._ahead_ms

    async def advance(self, milliseconds: int) -> int:
        if milliseconds < 0:
            raise ValueError("the clock only moves forward")
        if self._ahead_ms + milliseconds > AHEAD_MS_MAX:
            raise TooFarAhead
        self._ahead_ms += milliseconds
        return self._ahead_ms

    async def follow(self, follower: str, ahead_ms: int, lives_seconds: float) -> None:
        self._followers[follower] = (ahead_ms, self._clock.now() + round(lives_seconds * 1000))

    async def leave(self, follower: str) -> None:
        self._followers.pop(follower, None)

    async def everybody_has(self, ahead_ms: int) -> bool:
        now = self._clock.now()
        return all(taken >= ahead_ms for taken, lives_until in self._followers.values() if lives_until > now)
