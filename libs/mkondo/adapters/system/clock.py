"""The machine's clock, as the environment's. Read next: ports/clock.py for what is promised."""

import asyncio
import time

from mkondo.domain.ids import Instant


class SystemClock:
    """Time of the machine, moved forward by a fixed offset that only the sandbox may grow (architecture section 7)."""

    def __init__(self, ahead_ms: int = 0) -> None:
        self.ahead_ms = ahead_ms

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1_000_000 + self.ahead_ms)

    def move_to(self, ahead_ms: int) -> None:
        """Be that far ahead. Never back: what has expired stays expired."""
        self.ahead_ms = max(ahead_ms, self.ahead_ms)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
