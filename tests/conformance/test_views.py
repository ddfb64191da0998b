"""Every adapter of the views keeps the promises of ports/views.py."""

from collections.abc import AsyncIterator

import pytest

from mkondo.adapters.memory.views import MemoryViews
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.postgres.views import connect_views
from mkondo.ports.views import Views
from mkondo.testing.conformance.views import ViewsConformance


class TestMemoryViews(ViewsConformance):
    @pytest.fixture
    def views(self) -> Views:
        return MemoryViews()


class TestPostgresViews(ViewsConformance):
    @pytest.fixture
    async def views(self, database: str) -> AsyncIterator[Views]:
        await initialise(database, "sandbox")
        views = await connect_views(database)
        yield views
        await views.close()
