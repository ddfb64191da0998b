"""One at a time for each name, in the order in which they came, within this process.

For what would only get in its own way: the store's optimistic versions keep it right between processes, and a queue
keeps it quick within one. Read next: services/portal/api/configuring.py.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """A name costs nothing once nobody holds its turn or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, name: str, seconds_max: float) -> AsyncIterator[None]:
        """Hold the turn of that name. Raises TimeoutError when it does not come in time; nothing was done then."""
        lock = self._locks.setdefault(name, asyncio.Lock())
        async with asyncio.timeout(seconds_max):
            await lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def __len__(self) -> int:
        return len(self._locks)
