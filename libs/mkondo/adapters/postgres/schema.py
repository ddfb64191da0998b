"""Makes an environment's tables, and refuses a database that this program does not know. Read next: schema.sql."""

from pathlib import Path

from mkondo.adapters.postgres.connections import Connection, Connections, reading
from mkondo.domain.ids import PARTITIONS
from mkondo.ports.errors import Incompatible

VERSION = 3
"""Raised with every change of schema.sql."""

_OLDEST_SERVER = 150000
_HERE = Path(__file__).parent
_IS_EMPTY = "SELECT to_regclass('meta') IS NULL"
_IS_OLD = f"SELECT current_setting('server_version_num')::integer < {_OLDEST_SERVER}"


async def initialise(dsn: str, environment: str, partitions: int = PARTITIONS) -> None:
    """Make the environment's tables, or check those that are there. Incompatible leaves the database untouched."""
    connections = Connections(dsn, 1, patience_seconds=60)
    try:
        async with reading(connections) as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('mkondo_initialise'))")
            if await connection.fetchval(_IS_EMPTY):
                await _make(connection, environment, partitions)
            await check(connection, environment, partitions)
            await connection.execute((_HERE / "programs.sql").read_text())
    finally:
        await connections.close()


async def _make(connection: Connection, environment: str, partitions: int) -> None:
    if await connection.fetchval(_IS_OLD):
        raise Incompatible("this Postgres is older than version 15: use 15 to 18")
    await connection.execute((_HERE / "schema.sql").read_text())
    meta = "INSERT INTO meta (version, environment, partitions) VALUES ($1, $2, $3)"
    await connection.execute(meta, VERSION, environment, partitions)


async def check(connection: Connection, environment: str, partitions: int | None = None) -> None:
    """Incompatible, in one line with the mend, unless this is that environment in our version."""
    if await connection.fetchval(_IS_EMPTY):
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
