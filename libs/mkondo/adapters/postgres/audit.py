"""Snapshots of an environment in Postgres: one repeatable-read transaction on a connection of its own, read by key.

It takes no lock that a commit waits for; only wiping the views has to wait until the audit is over.
Read next: ports/audit.py for the promises.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from mkondo.adapters.postgres.connections import Connection, Connections, reading
from mkondo.adapters.postgres.digests import PAGE as _DIGESTS
from mkondo.adapters.postgres.schema import check
from mkondo.adapters.postgres.store import _state
from mkondo.contracts.digest import StoredDigest
from mkondo.contracts.journal import (
    JournalRow,
    Partition,
    PartitionState,
    Route,
    StoredOutcome,
    StoredRecord,
    StoredReference,
    check_routes,
    parse_partition,
)
from mkondo.domain.ids import RecordKey

_PATIENCE_SECONDS = 60.0
"""Above the store's own: the pages of an audit are large, and nobody waits for them."""

_STATES = "SELECT * FROM partition ORDER BY name"
_SOURCES = """
WITH RECURSIVE found AS (
    (SELECT source FROM journal ORDER BY source LIMIT 1)
    UNION ALL
    SELECT (SELECT j.source FROM journal j WHERE j.source > found.source ORDER BY j.source LIMIT 1)
      FROM found WHERE found.source IS NOT NULL
)
SELECT source FROM found WHERE source IS NOT NULL
"""
"""From one name to the next by the primary key: the table is not read."""
_JOURNAL = """
SELECT source, sequence, time, type, version, key, data, routes, seal FROM journal
 WHERE source = $1 AND sequence > $2 ORDER BY sequence LIMIT $3
"""
_RECORDS = """
SELECT key, partition, data, due FROM record WHERE (key, partition) > ($1, $2) ORDER BY key, partition LIMIT $3
"""
_REFERENCES = """
SELECT application, third_party_conversation_id, transaction_id, payment_id, data FROM reference
 WHERE payment_id > $1 ORDER BY payment_id LIMIT $2
"""
_OUTCOMES = "SELECT name, data FROM outcome WHERE name > $1 ORDER BY name LIMIT $2"
_POSITIONS = "SELECT source, position FROM view_position WHERE position > 0"
_VIEW_ROWS = "SELECT key, data FROM view_row WHERE view = $1 AND key > $2 ORDER BY key LIMIT $3"


async def connect_audit(dsn: str, environment: str) -> "PostgresAudit":
    """The audit of an initialised environment. Incompatible if it is another's or another version's."""
    connections = Connections(dsn, 1, _PATIENCE_SECONDS)
    async with reading(connections) as connection:
        await check(connection, environment)
    return PostgresAudit(connections)


class PostgresAudit:
    """Audit of one environment (ports/audit.py). One snapshot at a time."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["PostgresSnapshot"]:
        async with (
            reading(self._connections) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            # The moment is that of the first statement, so it is asked now.
            yield PostgresSnapshot(connection, [_state(row) for row in await connection.fetch(_STATES)])

    async def close(self) -> None:
        await self._connections.close()


class PostgresSnapshot:
    """One moment: everything is read inside one transaction."""

    def __init__(self, connection: Connection, states: Sequence[PartitionState]) -> None:
        self._connection, self._states = connection, states

    async def states(self) -> Sequence[PartitionState]:
        return self._states

    async def sources(self) -> Sequence[str]:
        return [row["source"] for row in await self._connection.fetch(_SOURCES)]

    async def journal(self, source: str, after: int, limit: int) -> Sequence[JournalRow]:
        return [
            JournalRow(source, sequence, time, name, version, key, data, _routes(routes), seal)
            for source, sequence, time, name, version, key, data, routes, seal in await self._connection.fetch(
                _JOURNAL, source, after, limit
            )
        ]

    async def records(
        self, after: tuple[RecordKey, str], limit: int
    ) -> Sequence[tuple[RecordKey, Partition, StoredRecord]]:
        rows = await self._connection.fetch(_RECORDS, *after, limit)
        return [(key, parse_partition(name), StoredRecord(data, due)) for key, name, data, due in rows]

    async def references(self, after: str, limit: int) -> Sequence[StoredReference]:
        return [StoredReference(*row) for row in map(tuple, await self._connection.fetch(_REFERENCES, after, limit))]

    async def outcomes(self, after: str, limit: int) -> Sequence[StoredOutcome]:
        return [StoredOutcome(name, data) for name, data in await self._connection.fetch(_OUTCOMES, after, limit)]

    async def view_positions(self) -> Mapping[str, int]:
        return {row["source"]: row["position"] for row in await self._connection.fetch(_POSITIONS)}

    async def view_rows(self, view: str, after: str, limit: int) -> Sequence[tuple[str, bytes]]:
        return [(key, data) for key, data in await self._connection.fetch(_VIEW_ROWS, view, after, limit)]

    async def digests(self, after: int, limit: int) -> Sequence[StoredDigest]:
        return [StoredDigest(*row) for row in await self._connection.fetch(_DIGESTS, after, limit)]


def _routes(text: str) -> tuple[Route, ...]:
    """What somebody has spoiled is a route too, to nowhere: no seal knows it, and the audit goes on."""
    try:
        return check_routes(text)
    except ValueError:
        return (Route(text, -1),)
