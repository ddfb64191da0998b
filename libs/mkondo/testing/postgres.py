"""A real Postgres for tests: one server per test session (and xdist worker), a fresh database for each who asks.

Used from a conftest.py: `from mkondo.testing.postgres import database, databases, postgres_server`.
"""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from mkondo.adapters.postgres.server import PostgresServer


class Databases:
    """Hands out databases of one running server, copied from a template."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._numbers = itertools.count(1)

    async def fresh(self, template: str = "template1") -> str:
        """The DSN of a new database, a copy of `template`."""
        name = f"test_{next(self._numbers)}"
        connection = await asyncpg.connect(self.server.dsn("postgres"))
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        finally:
            await connection.close()
        return self.server.dsn(name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running server in a directory of its own, gone when the session ends."""
    directory = Path(tempfile.mkdtemp(prefix="mkondo-test-"))
    directory.chmod(0o755)
    server = PostgresServer(directory / "postgres", settings={"fsync": "off"})  # No test cuts the power.
    try:
        asyncio.run(server.start())
        yield server
    finally:
        asyncio.run(server.stop())
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def databases(postgres_server: PostgresServer) -> Databases:
    return Databases(postgres_server)


@pytest.fixture
async def database(databases: Databases) -> str:
    """The DSN of an empty database."""
    return await databases.fresh()
