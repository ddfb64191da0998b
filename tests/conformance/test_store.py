"""Every store keeps the promises of ports/store.py: records, fences, journals, and who owns what."""

from collections.abc import AsyncIterator

import pytest

from mkondo.testing.conformance.ownership import OwnershipConformance
from mkondo.testing.conformance.store import StoreConformance, StoreWorld
from tests.conformance.worlds import memory_world, postgres_world


class TestMemoryStore(StoreConformance, OwnershipConformance):
    @pytest.fixture
    def world(self) -> StoreWorld:
        return memory_world()


class TestPostgresStore(StoreConformance, OwnershipConformance):
    @pytest.fixture
    async def world(self, database: str) -> AsyncIterator[StoreWorld]:
        async with postgres_world(database) as world:
            yield world
