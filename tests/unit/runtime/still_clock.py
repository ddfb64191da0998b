"""A clock for what waits between attempts: no test waits for it."""

import asyncio

from mkondo.domain.ids import Instant
from mkondo.testing.builders import NOW, later


class StillClock:
    """Stands at NOW and moves by what is waited; while `goes` is not set, whoever waits goes on waiting."""

    def __init__(self) -> None:
        self.moment = NOW
        self.goes = asyncio.Event()
        self.goes.set()

    def now(self) -> Instant:
        return self.moment

    async def wait(self, seconds: float) -> None:
        self.moment = later(round(seconds * 1000), self.moment)
        await asyncio.sleep(0)
        await self.goes.wait()
