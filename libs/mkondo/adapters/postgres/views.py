"""Views in Postgres: one table of rows by view and key, one of positions. Read next: ports/views.py, programs.sql."""

from collections.abc import Collection, Mapping, Sequence

from mkondo.adapters.postgres.connections import Connections, committing, reading
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.ports.views import ViewBatch

_POSITIONS = "SELECT source, position FROM view_position WHERE position > 0"
_READ = "SELECT key, data FROM view_row WHERE view = $1 AND key = ANY ($2::text[])"
_APPLY = "SELECT mkondo_apply_view($1, $2, $3, $4, $5, $6)"
_PAGE = """
SELECT key, data FROM view_row WHERE view = $1 AND key >= $2 AND key < $3 AND key > $4 ORDER BY key LIMIT $5
"""
_WIPE = "TRUNCATE view_row, view_position"
_LAST_CHARACTER = chr(0x10FFFF)


async def connect_views(dsn: str, connections: int = 3) -> "PostgresViews":
    """The views beside an initialised environment's store."""
    return PostgresViews(Connections(dsn, connections))


class PostgresViews:
    """Views of one environment (ports/views.py)."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def positions(self) -> Mapping[str, int]:
        async with reading(self._connections) as connection:
            return {row["source"]: row["position"] for row in await connection.fetch(_POSITIONS)}

    async def read(self, view: str, keys: Collection[str]) -> Mapping[str, bytes]:
        async with reading(self._connections) as connection:
            return {row["key"]: row["data"] for row in await connection.fetch(_READ, view, list(keys))}

    async def apply(self, expected: Mapping[str, int], batch: ViewBatch) -> None:
        """A lost answer is TryLater here: read the positions again, they tell whether it was done."""
        sources = sorted(expected.keys() | batch.positions.keys())
        before = [expected.get(source, 0) for source in sources]
        after = [batch.positions.get(source, position) for source, position in zip(sources, before, strict=True)]
        rows = [(view, key, data) for view, changed in batch.rows.items() for key, data in changed.items()]
        columns = [[row[index] for row in rows] for index in range(3)]
        try:
            async with committing(self._connections) as connection:
                await connection.fetchval(_APPLY, sources, before, after, *columns)
        except CommitUnknown as trouble:
            raise TryLater(str(trouble)) from trouble

    async def page(self, view: str, prefix: str, after: str, limit: int) -> Sequence[tuple[str, bytes]]:
        end = prefix + _LAST_CHARACTER
        async with reading(self._connections) as connection:
            rows = await connection.fetch(_PAGE, view, prefix, end, after, limit)
        return [(row["key"], row["data"]) for row in rows]

    async def wipe(self) -> None:
        async with reading(self._connections) as connection:
            await connection.execute(_WIPE)

    async def close(self) -> None:
        await self._connections.close()
