"""Makes an environment's tables, and refuses a database that this program does not know. Read next: schema.sql."""

from pathlib import Path

import asyncpg

from mkondo.adapters.postgres.connections import Connection
from mkondo.domain.ids import PARTITIONS
from mkondo.ports.errors import Incompatible

VERSION = 1
"""Raised with every change of schema.sql."""

_HERE = Path(__file__).parent


async def initialise(dsn: str, environment: str, partitions: int = PARTITIONS) -> None:
    """Make the environment's tables, or check those that are there. Incompatible leaves the database untouched."""
    connection: Connection = await asyncpg.connect(dsn, timeout=10, command_timeout=60)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('mkondo_initialise'))")
            if await connection.fetchval("SELECT to_regclass('meta') IS NULL"):
                await connection.execute((_HERE / "schema.sql").read_text())
                await connection.execute(
                    "INSERT INTO meta (version, environment, partitions) VALUES ($1, $2, $3)",
                    VERSION,
                    environment,
                    partitions,
                )
            await check(connection, environment, partitions)
            await connection.execute((_HERE / "programs.sql").read_text())
    finally:
        await connection.close()


async def check(connection: Connection, environment: str, partitions: int | None = None) -> None:
    """Incompatible, in one line with the mend, unless this is that environment in our version."""
    if await connection.fetchval("SELECT to_regclass('meta') IS NULL"):
        raise Incompatible("this database is not initialised: run `mkondo init`")
    meta = await connection.fetchrow("SELECT version, environment, partitions FROM meta")
    if meta is None or meta["version"] != VERSION:
        found = None if meta is None else meta["version"]
        raise Incompatible(
            f"the database has schema version {found}, this program knows {VERSION}: use the release that wrote it"
        )
    if meta["environment"] != environment:
        raise Incompatible(f"the database is of environment {meta['environment']!r}, not {environment!r}")
    if partitions is not None and meta["partitions"] != partitions:
        raise Incompatible(
            f"the database was made with {meta['partitions']} partitions, this program has {partitions}: "
            "the number is fixed for the life of an environment"
        )
