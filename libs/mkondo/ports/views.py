"""The read models that people look at: rows keyed by view and key, written only by the projector."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec


class ViewBatch(msgspec.Struct, frozen=True):
    """Rows changed by a run of events, and how far each source has been read: one transaction."""

    positions: Mapping[str, int]
    rows: Mapping[str, Mapping[str, bytes]]
    """view -> key -> encoded row"""


class Views(Protocol):
    """May raise TryLater. Promises: `apply` is all or nothing and refuses (Fenced) when a position is not the stored
    one; `read` sees what `apply` returned from; `wipe` leaves the environment as before the first event."""

    async def positions(self) -> Mapping[str, int]: ...

    async def read(self, view: str, keys: Collection[str]) -> Mapping[str, bytes]: ...

    async def apply(self, expected: Mapping[str, int], batch: ViewBatch) -> None: ...

    async def page(self, view: str, prefix: str, after: str, limit: int) -> Sequence[tuple[str, bytes]]:
        """Rows whose key starts with `prefix`, in key order, after a key."""
        ...

    async def wipe(self) -> None: ...
