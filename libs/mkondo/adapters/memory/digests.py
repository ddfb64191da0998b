"""Digests in memory, over the journals of a store in memory: the oracle of their conformance suite.

Read next: ports/digests.py.
"""

from collections.abc import Sequence

from mkondo.adapters.memory.store import MemoryStore
from mkondo.contracts.digest import StoredDigest


class MemoryDigests:
    """Digests of one environment."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._digests: dict[int, StoredDigest] = {}

    async def last(self) -> StoredDigest | None:
        return self._digests[max(self._digests)] if self._digests else None

    async def get(self, number: int) -> StoredDigest | None:
        return self._digests.get(number)

    async def page(self, after: int, limit: int) -> Sequence[StoredDigest]:
        return [digest for number, digest in sorted(self._digests.items()) if number > after][:limit]

    async def add(self, digest: StoredDigest) -> bool:
        return self._digests.setdefault(digest.number, digest) is digest

    async def seals(self, source: str, after: int, until: int) -> Sequence[tuple[int, bytes]]:
        rows = self._store._journals.get(source, [])
        return [(row.sequence, row.seal) for row in rows if after < row.sequence <= until and row.seal is not None]
