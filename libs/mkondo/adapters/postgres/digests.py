"""Digests in Postgres: a table that is only inserted into, and the seals of the journal.

Read next: ports/digests.py.
"""

from collections.abc import Sequence

from mkondo.adapters.postgres.connections import Connections, committing, reading
from mkondo.contracts.digest import StoredDigest

_LAST = "SELECT number, body, signature, public_key, roots FROM digest ORDER BY number DESC LIMIT 1"
_GET = "SELECT number, body, signature, public_key, roots FROM digest WHERE number = $1"
PAGE = """
SELECT number, body, signature, public_key, roots FROM digest WHERE number > $1 ORDER BY number LIMIT $2
"""
_ADD = """
INSERT INTO digest (number, body, signature, public_key, roots) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (number) DO NOTHING RETURNING number
"""
_SEALS = """
SELECT sequence, seal FROM journal
 WHERE source = $1 AND sequence > $2 AND sequence <= $3 AND seal IS NOT NULL ORDER BY sequence LIMIT $4
"""


async def connect_digests(dsn: str) -> "PostgresDigests":
    """The digests beside an initialised environment's store."""
    return PostgresDigests(Connections(dsn, 1))


class PostgresDigests:
    """Digests of one environment. A day may have very many seals: they are read so many at a time."""

    def __init__(self, connections: Connections, page_seals: int = 2_000) -> None:
        self._connections, self._page_seals = connections, page_seals

    async def last(self) -> StoredDigest | None:
        async with reading(self._connections) as connection:
            row = await connection.fetchrow(_LAST)
        return None if row is None else StoredDigest(*row)

    async def get(self, number: int) -> StoredDigest | None:
        async with reading(self._connections) as connection:
            row = await connection.fetchrow(_GET, number)
        return None if row is None else StoredDigest(*row)

    async def page(self, after: int, limit: int) -> Sequence[StoredDigest]:
        async with reading(self._connections) as connection:
            return [StoredDigest(*row) for row in await connection.fetch(PAGE, after, limit)]

    async def add(self, digest: StoredDigest) -> bool:
        said = digest.number, digest.body, digest.signature, digest.public_key, digest.roots
        async with committing(self._connections) as connection:
            return await connection.fetchval(_ADD, *said) is not None

    async def seals(self, source: str, after: int, until: int) -> Sequence[tuple[int, bytes]]:
        seals: list[tuple[int, bytes]] = []
        while True:
            start = seals[-1][0] if seals else after
            async with reading(self._connections) as connection:
                page = await connection.fetch(_SEALS, source, start, until, self._page_seals)
            seals += [(sequence, seal) for sequence, seal in page]
            if len(page) < self._page_seals:
                return seals

    async def close(self) -> None:
        await self._connections.close()
