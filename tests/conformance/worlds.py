"""The environments in which the conformance suites of the store run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.postgres.store import connect_store
from mkondo.domain.ids import Instant
from mkondo.testing.conformance.store import StoreWorld


class HandClock:
    """A clock that stands until it is told to wait."""

    def __init__(self) -> None:
        self._now = 1_700_000_000_000

    def now(self) -> Instant:
        return Instant(self._now)

    async def wait(self, seconds: float) -> None:
        self._now += round(seconds * 1000)


def memory_world() -> StoreWorld:
    clock = HandClock()
    store = MemoryStore(clock)
    return StoreWorld(store, store, clock.wait)


@asynccontextmanager
async def postgres_world(dsn: str) -> AsyncIterator[StoreWorld]:
    await initialise(dsn, "sandbox")
    store, other = await connect_store(dsn, "sandbox"), await connect_store(dsn, "sandbox")
    yield StoreWorld(store, other, asyncio.sleep)
    await store.close()
    await other.close()
