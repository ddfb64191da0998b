"""Rows of the store that may be a second old: applications and sessions, as the edge may cache them (architecture
section 4).

A row that is not there is not remembered, so that a new session works at once, unless its absence means something.
Read next: callers.py.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from mkondo.domain.ids import Instant
from mkondo.ports.clock import Clock

Row = TypeVar("Row")


class Recent(Generic[Row]):
    """Reads through `read`, at most once at a time for each name, and remembers what it found for `age_ms`; with
    `absent`, that it found nothing too."""

    def __init__(
        self,
        read: Callable[[str], Awaitable[Row | None]],
        clock: Clock,
        age_ms: int = 1_000,
        most: int = 50_000,
        *,
        absent: bool = False,
    ) -> None:
        self._read = read
        self._clock = clock
        self._age_ms = age_ms
        self._most = most
        self._absent = absent
        self._found: dict[str, tuple[Instant, Row | None]] = {}
        self._reading: dict[str, asyncio.Task[Row | None]] = {}

    async def get(self, name: str) -> Row | None:
        """May raise TryLater."""
        found = self._found.get(name)
        if found is not None and 0 <= self._clock.now() - found[0] < self._age_ms:
            return found[1]
        reading = self._reading.get(name)
        if reading is None:
            reading = self._reading[name] = asyncio.create_task(self._refresh(name))
        # One caller that goes away must not take the row from the others that wait for it.
        return await asyncio.shield(reading)

    async def renew(self, name: str) -> Row | None:
        """As it is now, for whoever knows that there is something newer. May raise TryLater."""
        self._found.pop(name, None)
        return await self.get(name)

    async def _refresh(self, name: str) -> Row | None:
        began = self._clock.now()
        self._found.pop(name, None)
        try:
            row = await self._read(name)
        finally:
            del self._reading[name]
        if row is not None or self._absent:
            while len(self._found) >= self._most:
                del self._found[next(iter(self._found))]
            self._found[name] = began, row
        return row
