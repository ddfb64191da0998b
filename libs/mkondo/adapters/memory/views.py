"""Views in memory: the oracle of the views' conformance suite. Read next: ports/views.py."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from mkondo.ports.errors import Fenced
from mkondo.ports.views import ViewBatch


class MemoryViews:
    """Views of one environment (ports/views.py)."""

    def __init__(self) -> None:
        self._positions: dict[str, int] = {}
        self._rows: defaultdict[str, dict[str, bytes]] = defaultdict(dict)

    async def positions(self) -> Mapping[str, int]:
        return dict(self._positions)

    async def read(self, view: str, keys: Collection[str]) -> Mapping[str, bytes]:
        rows = self._rows[view]
        return {key: rows[key] for key in keys if key in rows}

    async def apply(self, expected: Mapping[str, int], batch: ViewBatch) -> None:
        for source in expected.keys() | batch.positions.keys():
            if self._positions.get(source, 0) != expected.get(source, 0):
                raise Fenced(f"views: {source} is not at {expected.get(source, 0)}")
        self._positions.update(batch.positions)
        for view, rows in batch.rows.items():
            self._rows[view].update(rows)

    async def page(self, view: str, prefix: str, after: str, limit: int) -> Sequence[tuple[str, bytes]]:
        rows = sorted(item for item in self._rows[view].items() if item[0].startswith(prefix) and item[0] > after)
        return rows[:limit]

    async def wipe(self) -> None:
        self._positions.clear()
        self._rows.clear()
