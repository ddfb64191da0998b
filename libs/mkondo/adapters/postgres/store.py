"""One environment's store in Postgres 15 to 18. A commit is one statement: `mkondo_commit` in programs.sql.

Read next: schema.sql for the tables, connections.py for what each trouble means, facts.py for the ingress's reads.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import asyncpg
import msgspec

from mkondo.adapters.postgres.commit import COMMIT, arguments, column
from mkondo.adapters.postgres.connections import PATIENCE_SECONDS, Connections, committing, reading
from mkondo.adapters.postgres.facts import PostgresFacts
from mkondo.adapters.postgres.schema import check
from mkondo.contracts.journal import (
    JournalRow,
    Partition,
    PartitionBatch,
    PartitionState,
    StoredRecord,
    parse_partition,
    parse_routes,
)
from mkondo.domain.ids import Instant, RecordKey

_REFERENCE = "reference/"

_ACQUIRE = """
INSERT INTO partition AS p (name, epoch) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET epoch = p.epoch + 1 RETURNING *
"""
_LOAD = r"SELECT key, data FROM record WHERE partition = $1 AND key = ANY (string_to_array($2, E'\x1f'))"
_LOAD_MANY = r"""
SELECT r.key, r.data
  FROM unnest(string_to_array($1, E'\x1f'), string_to_array($2, E'\x1f')) AS w (partition, key)
  JOIN record r ON r.key = w.key AND r.partition = w.partition
"""
_LOAD_REFERENCES = r"""
SELECT 'reference/' || r.application || '/' || r.third_party_conversation_id AS key, r.data
  FROM unnest(string_to_array($1, E'\x1f'), string_to_array($2, E'\x1f')) AS w (application, name)
  JOIN reference r ON r.application = w.application AND r.third_party_conversation_id = w.name
"""
_LOAD_KIND = "SELECT key, data, due FROM record WHERE partition = $1 AND key >= $2 || '/' AND key < $2 || '0'"
_PAGE = """
SELECT key, data FROM record WHERE partition = $1 AND key >= $2 || '/' AND key < $2 || '0' AND key > $3
ORDER BY key LIMIT $4
"""
_DUE = "SELECT key, due FROM record WHERE partition = $1 AND due IS NOT NULL"
_JOURNAL = "SELECT * FROM journal WHERE source = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"
_JOURNAL_TO = """
SELECT * FROM journal WHERE source = $1 AND sequence > $2 AND strpos(' ' || routes, ' ' || $4 || ':') > 0
 ORDER BY sequence LIMIT $3
"""
_JOURNALS = """
SELECT j.* FROM unnest($1::text[], $2::bigint[]) AS p (source, after)
 CROSS JOIN LATERAL (SELECT source, sequence, time, type, version, key, data, routes, seal FROM journal
                      WHERE source = p.source AND sequence > p.after ORDER BY sequence LIMIT $3) AS j
"""
_STATES = "SELECT * FROM partition"
_CLAIM = "SELECT mkondo_claim($1, $2, $3)"
_RELEASE = "WITH gone AS (DELETE FROM member WHERE name = $1) DELETE FROM lease WHERE owner = $1"
_WATERMARKS = "SELECT source, sequence FROM watermark"
_MOVE_WATERMARK = """
INSERT INTO watermark AS w VALUES ($1, $2) ON CONFLICT (source) DO UPDATE SET sequence = excluded.sequence
 WHERE w.sequence < excluded.sequence
"""


async def connect_store(
    dsn: str, environment: str, connections: int = 4, patience_seconds: float = PATIENCE_SECONDS
) -> "PostgresStore":
    """The store of an initialised environment. Incompatible if it is another's or another version's.

    No statement takes longer than `patience_seconds`; a server that hangs is given up after half as much again.
    """
    writers, readers = Connections(dsn, connections, patience_seconds), Connections(dsn, 2, patience_seconds)
    async with reading(writers) as connection:
        await check(connection, environment)
    return PostgresStore(writers, readers)


class PostgresStore(PostgresFacts):
    """Store and Facts of one environment (ports/store.py)."""

    def __init__(self, writers: Connections, readers: Connections) -> None:
        super().__init__(readers)
        self._writers = writers

    async def acquire(self, partition: Partition, member: str) -> PartitionState:
        async with reading(self._writers) as connection:  # Raising the epoch twice is harmless.
            row = await connection.fetchrow(_ACQUIRE, str(partition))
        assert row is not None
        return _state(row)

    async def commit(self, batches: Sequence[PartitionBatch]) -> None:
        columns = arguments(batches)
        async with committing(self._writers) as connection:
            await connection.fetchval(COMMIT, *columns)

    async def load(self, wanted: Mapping[Partition, Collection[RecordKey]]) -> dict[RecordKey, bytes]:
        pairs = [(str(partition), key) for partition, keys in wanted.items() for key in keys]
        references = [key.split("/", 2)[1:] for _, key in pairs if key.startswith(_REFERENCE)]
        records = [pair for pair in pairs if not pair[1].startswith(_REFERENCE)]
        found: list[asyncpg.Record] = []
        async with reading(self._writers) as connection:
            if len(wanted) == 1 and records:
                found += await connection.fetch(_LOAD, records[0][0], column([key for _, key in records]))
            elif records:
                names, keys = zip(*records, strict=True)
                found += await connection.fetch(_LOAD_MANY, column(names), column(keys))
            if references:
                applications, names = zip(*references, strict=True)
                found += await connection.fetch(_LOAD_REFERENCES, column(applications), column(names))
        return {row["key"]: row["data"] for row in found}

    async def load_kind(self, partition: Partition, kind: str) -> dict[RecordKey, StoredRecord]:
        async with reading(self._writers) as connection:
            rows = await connection.fetch(_LOAD_KIND, str(partition), kind)
        return {row["key"]: StoredRecord(row["data"], row["due"]) for row in rows}

    async def page(self, partition: Partition, kind: str, after: str, limit: int) -> Sequence[tuple[RecordKey, bytes]]:
        async with reading(self._writers) as connection:
            rows = await connection.fetch(_PAGE, str(partition), kind, after, limit)
        return [(row["key"], row["data"]) for row in rows]

    async def due(self, partition: Partition) -> dict[RecordKey, Instant]:
        async with reading(self._writers) as connection:
            return {row["key"]: Instant(row["due"]) for row in await connection.fetch(_DUE, str(partition))}

    async def read_journal(
        self, source: str, after: int, limit: int, destination: str | None = None
    ) -> Sequence[JournalRow]:
        async with reading(self._writers) as connection:
            if destination is None:
                rows = await connection.fetch(_JOURNAL, source, after, limit)
            else:
                rows = await connection.fetch(_JOURNAL_TO, source, after, limit, destination)
        return [_journal_row(row) for row in rows]

    async def read_journals(self, positions: Mapping[str, int], limit: int) -> Sequence[JournalRow]:
        async with reading(self._writers) as connection:
            rows = await connection.fetch(_JOURNALS, list(positions.keys()), list(positions.values()), limit)
        return [
            JournalRow(source, sequence, time, name, version, key, data, parse_routes(routes), seal)
            for source, sequence, time, name, version, key, data, routes, seal in rows
        ]

    async def states(self) -> Sequence[PartitionState]:
        async with reading(self._writers) as connection:
            states = [_state(row) for row in await connection.fetch(_STATES)]
        return sorted(states, key=lambda state: state.partition)

    async def claim(self, member: str, deciders: Collection[str], lease_seconds: float) -> Collection[Partition]:
        async with reading(self._writers) as connection:
            held = await connection.fetchval(_CLAIM, member, sorted(deciders), timedelta(seconds=lease_seconds))
        return [parse_partition(name) for name in held]

    async def release(self, member: str) -> None:
        async with reading(self._writers) as connection:
            await connection.execute(_RELEASE, member)

    async def watermarks(self) -> Mapping[str, int]:
        async with reading(self._writers) as connection:
            return {row["source"]: row["sequence"] for row in await connection.fetch(_WATERMARKS)}

    async def move_watermark(self, source: str, sequence: int) -> None:
        async with reading(self._writers) as connection:
            await connection.execute(_MOVE_WATERMARK, source, sequence)

    async def close(self) -> None:
        await self._writers.close()
        await self._connections.close()


def _state(row: asyncpg.Record) -> PartitionState:
    return PartitionState(
        partition=parse_partition(row["name"]),
        epoch=row["epoch"],
        last_sequence=row["last_sequence"],
        time=Instant(row["time"]),
        head=row["head"],
        positions=msgspec.json.decode(row["positions"], type=dict[str, int]),
        sent=msgspec.json.decode(row["sent"], type=dict[str, int]),
    )


def _journal_row(row: asyncpg.Record) -> JournalRow:
    return JournalRow(
        source=row["source"],
        sequence=row["sequence"],
        time=Instant(row["time"]),
        type=row["type"],
        version=row["version"],
        key=row["key"],
        data=row["data"],
        routes=parse_routes(row["routes"]),
        seal=row["seal"],
    )
