"""Every store keeps the promises of Facts (ports/store.py)."""

from collections.abc import AsyncIterator

import pytest

from mkondo.testing.conformance.facts import FactsConformance
from mkondo.testing.conformance.store import StoreWorld
from tests.conformance.worlds import memory_world, postgres_world


class TestMemoryFacts(FactsConformance):
    @pytest.fixture
    def world(self) -> StoreWorld:
        return memory_world()


class TestPostgresFacts(FactsConformance):
    @pytest.fixture
    async def world(self, database: str) -> AsyncIterator[StoreWorld]:
        async with postgres_world(database) as world:
            yield world
