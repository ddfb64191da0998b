"""The environment's clock (architecture section 7)."""

from typing import Protocol

from mkondo.domain.ids import Instant


class Clock(Protocol):
    """Promise: `now` never goes back by more than the machine's own clock does; the sandbox's only moves forward."""

    def now(self) -> Instant: ...

    async def wait(self, seconds: float) -> None:
        """Let that much real time pass. Virtual in the simulation."""
        ...
