"""Every adapter of the digests keeps the promises of ports/digests.py."""

from collections.abc import AsyncIterator

import pytest

from mkondo.adapters.memory.digests import MemoryDigests
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.postgres.connections import Connections
from mkondo.adapters.postgres.digests import PostgresDigests, connect_digests
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.postgres.store import connect_store
from mkondo.testing.conformance.digests import DigestsConformance, DigestsWorld
from tests.conformance.worlds import HandClock


class TestMemoryDigests(DigestsConformance):
    @pytest.fixture
    def world(self) -> DigestsWorld:
        store = MemoryStore(HandClock())
        digests = MemoryDigests(store)
        return DigestsWorld(store, digests, digests)


class TestPostgresDigests(DigestsConformance):
    @pytest.fixture
    async def world(self, database: str) -> AsyncIterator[DigestsWorld]:
        await initialise(database, "sandbox")
        store = await connect_store(database, "sandbox")
        digests, other = await connect_digests(database), PostgresDigests(Connections(database, 1), page_seals=1)
        yield DigestsWorld(store, digests, other)
        for port in (store, digests, other):
            await port.close()
