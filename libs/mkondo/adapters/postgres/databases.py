"""One database per environment on any Postgres: sandbox and live share nothing but the server (G9).

Read next: schema.py, which fills them.
"""

from urllib.parse import urlsplit, urlunsplit

import asyncpg

from mkondo.adapters.postgres.connections import NO_ADDRESS
from mkondo.ports.errors import Incompatible, TryLater


def environment_dsn(dsn: str, environment: str) -> str:
    """The DSN of an environment's database: `…/mkondo` becomes `…/mkondo_sandbox`. Incompatible when it is no DSN."""
    try:
        return _with_database(dsn, f"{_database(dsn)}_{environment}")
    except ValueError as trouble:
        raise Incompatible("this is no DSN: write postgresql://USER@HOST:PORT/DATABASE") from trouble


def _database(dsn: str) -> str:
    return urlsplit(dsn).path.strip("/") or "mkondo"


def _with_database(dsn: str, database: str) -> str:
    parts = urlsplit(dsn)
    moved = urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, parts.fragment))
    # An empty host is dropped with its slashes, but a DSN without them is not one.
    return moved if "://" in moved else moved.replace(":", "://", 1)


async def ensure_database(dsn: str) -> None:
    """Create the DSN's database unless it is there. Raises TryLater, in one line, when the server can't be reached."""
    name = _database(dsn)
    try:
        connection = await asyncpg.connect(_with_database(dsn, "postgres"), timeout=10, command_timeout=60)
    except (OSError, TimeoutError, *NO_ADDRESS, asyncpg.PostgresError, asyncpg.InterfaceError) as trouble:
        raise TryLater(f"Postgres can't be reached to prepare the database {name}: {trouble}") from trouble
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            quoted = name.replace('"', '""')
            await connection.execute(f'CREATE DATABASE "{quoted}"')
    except asyncpg.DuplicateDatabaseError:
        return  # somebody else was quicker
    finally:
        await connection.close()
