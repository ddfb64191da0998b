"""A database that this program does not know is refused, and left as it was."""

import asyncio

import asyncpg
import pytest

from mkondo.adapters.postgres.schema import VERSION, initialise
from mkondo.adapters.postgres.store import connect_store
from mkondo.ports.errors import Incompatible

_TABLES = """
SELECT string_agg(relname || ' ' || relfilenode || ' ' || oid, ',' ORDER BY oid) FROM pg_class
 WHERE relnamespace = 'public'::regnamespace
"""
_PROGRAMS = "SELECT string_agg(proname || xmin::text, ',' ORDER BY proname) FROM pg_proc WHERE proname LIKE 'mkondo%'"


async def run(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def contents(dsn: str) -> tuple[object, ...]:
    programs = (
        "SELECT string_agg(proname || xmin::text, ',' ORDER BY proname) FROM pg_proc WHERE proname LIKE 'mkondo%'"
    )
    return await run(dsn, _TABLES), await run(dsn, "SELECT meta::text FROM meta"), await run(dsn, programs)


async def test_initialising_again_changes_nothing_that_is_stored(database: str) -> None:
    await initialise(database, "sandbox")
    before = await contents(database)
    await initialise(database, "sandbox")
    assert (await contents(database))[:2] == before[:2]


async def test_many_may_initialise_at_once(database: str) -> None:
    await asyncio.gather(*(initialise(database, "sandbox") for _ in range(4)))
    await (await connect_store(database, "sandbox")).close()


async def test_another_partition_count_is_refused_untouched(database: str) -> None:
    await initialise(database, "sandbox", 8)
    before = await contents(database)
    with pytest.raises(Incompatible, match="made with 8 partitions, this program has 16"):
        await initialise(database, "sandbox", 16)
    assert await contents(database) == before


async def test_a_newer_version_is_refused_untouched(database: str) -> None:
    await initialise(database, "sandbox")
    await run(database, f"UPDATE meta SET version = {VERSION + 1}")
    before = await contents(database)
    for refused in (initialise(database, "sandbox"), connect_store(database, "sandbox")):
        with pytest.raises(Incompatible, match=f"version {VERSION + 1}, this program knows {VERSION}"):
            await refused
    assert await contents(database) == before


async def test_another_environment_is_refused_untouched(database: str) -> None:
    await initialise(database, "sandbox")
    before = await contents(database)
    for refused in (initialise(database, "openapi"), connect_store(database, "openapi")):
        with pytest.raises(Incompatible, match="of environment 'sandbox', not 'openapi'"):
            await refused
    assert await contents(database) == before


async def test_a_database_that_was_never_initialised_says_so(database: str) -> None:
    with pytest.raises(Incompatible, match="run `mkondo init`"):
        await connect_store(database, "sandbox")
