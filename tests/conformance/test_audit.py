"""Every adapter of the audit keeps the promises of ports/audit.py."""

from collections.abc import AsyncIterator

import pytest

from mkondo.adapters.memory.audit import MemoryAudit
from mkondo.adapters.memory.digests import MemoryDigests
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.adapters.postgres.audit import connect_audit
from mkondo.adapters.postgres.digests import connect_digests
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.postgres.store import connect_store
from mkondo.adapters.postgres.views import connect_views
from mkondo.ports.errors import Incompatible
from mkondo.testing.conformance.audit import AuditConformance, AuditWorld
from tests.conformance.worlds import HandClock


class TestMemoryAudit(AuditConformance):
    @pytest.fixture
    def world(self) -> AuditWorld:
        store, views = MemoryStore(HandClock()), MemoryViews()
        digests = MemoryDigests(store)
        return AuditWorld(store, views, MemoryAudit(store, views, digests), digests)


class TestPostgresAudit(AuditConformance):
    @pytest.fixture
    async def world(self, database: str) -> AsyncIterator[AuditWorld]:
        await initialise(database, "sandbox")
        store, views = await connect_store(database, "sandbox"), await connect_views(database)
        audit, digests = await connect_audit(database, "sandbox"), await connect_digests(database)
        yield AuditWorld(store, views, audit, digests)
        for port in (store, views, audit, digests):
            await port.close()

    async def test_another_environments_database_is_refused(self, database: str) -> None:
        await initialise(database, "sandbox")
        with pytest.raises(Incompatible):
            await connect_audit(database, "openapi")
