"""A few connections to one database that mend themselves, and what their troubles mean.

asyncpg's own pool is not used: it spends a round trip on resetting every connection that is given back, and a server
that hangs can hold its `release`. Read next: store.py.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from mkondo.ports.errors import CommitUnknown, Fenced, TryLater

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_SETTINGS = {
    "application_name": "mkondo",
    "synchronous_commit": "on",
    "jit": "off",
    # Every statement finds its rows by key; fresh tables have no statistics to tell the planner so.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
PATIENCE_SECONDS = 10.0
"""How long the server may take over one statement before it must give it up."""

_FENCED = "MK001"
_BUSY = ("40", "53", "55P03", "57014", "25P03", "58")
"""Rolled back for certain: conflict, out of room, lock or statement time-out, an idle transaction, the disk."""
_GONE = ("08", "57P")
"""The server is ending this connection: what was under way may have been done or not."""

_lost = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)

NO_ADDRESS = (OverflowError, UnicodeError)
"""A port and a host name that nobody can have."""


class Connections:
    """At most `size` connections, made when needed, dropped when broken."""

    def __init__(self, dsn: str, size: int, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._dsn = dsn
        self._patience_seconds = patience_seconds
        self._room = asyncio.Semaphore(size)
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Connection]:
        """A connection for as long as the block lasts. TryLater if there is none.

        It is kept only if the block ends well, or with an error that the server itself reported and goes on after."""
        async with self._room:
            connection = await self._healthy()
            keep = False
            try:
                yield connection
                keep = True
            except asyncpg.PostgresError as trouble:
                keep = not _is(trouble, _GONE)
                raise
            finally:
                if keep and not connection.is_closed():
                    self._idle.append(connection)
                else:
                    connection.terminate()

    async def _healthy(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        patience_ms = round(self._patience_seconds * 1000)
        limits = {"statement_timeout": str(patience_ms), "lock_timeout": str(patience_ms // 2)}
        try:
            return await asyncpg.connect(
                self._dsn,
                timeout=self._patience_seconds / 2,
                command_timeout=self._patience_seconds * 1.5,  # Only a server that hangs is given up from this side.
                server_settings={**_SETTINGS, **limits},
            )
        except (*_lost, *NO_ADDRESS, asyncpg.PostgresError) as trouble:
            said = " ".join(str(trouble).split()) or type(trouble).__name__
            raise TryLater(f"no connection to Postgres: {said}") from trouble

    async def close(self) -> None:
        for connection in self._idle:
            connection.terminate()
        self._idle.clear()


@asynccontextmanager
async def reading(connections: Connections) -> AsyncIterator[Connection]:
    """For statements that may be repeated: whatever is not a bug is TryLater."""
    try:
        async with connections.one() as connection:
            yield connection
    except asyncpg.PostgresError as trouble:
        if _is(trouble, (*_BUSY, *_GONE)):
            raise TryLater(str(trouble)) from trouble
        raise
    except _lost as trouble:
        raise TryLater(f"lost the connection to Postgres: {trouble!r}") from trouble


@asynccontextmanager
async def committing(connections: Connections) -> AsyncIterator[Connection]:
    """For the one statement that is a whole transaction: once it is sent, a lost connection leaves it unknown."""
    try:
        async with connections.one() as connection:
            yield connection
    except asyncpg.PostgresError as trouble:
        if _is(trouble, (_FENCED,)):
            raise Fenced(str(trouble)) from trouble
        if _is(trouble, _BUSY):
            raise TryLater(str(trouble)) from trouble
        if _is(trouble, _GONE):
            raise CommitUnknown(str(trouble)) from trouble
        raise
    except _lost as trouble:
        raise CommitUnknown(f"lost the connection to Postgres: {trouble!r}") from trouble


def _is(trouble: asyncpg.PostgresError, codes: tuple[str, ...]) -> bool:
    return (trouble.sqlstate or "").startswith(codes)
