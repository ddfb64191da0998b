"""The digests of one environment, written once and kept for good, and the seals they stand for."""

from collections.abc import Sequence
from typing import Protocol

from mkondo.contracts.digest import StoredDigest


class Digests(Protocol):
    """May raise TryLater: nothing was done. `add` may raise CommitUnknown: look with `get`.

    Promises, each a test of the conformance suite:

    - `add` writes a number once: the second of two, however close, gets False and changes nothing.
    - What `add` returned True from is seen by every later read, whole, and survives.
    - Digests come in the order of their numbers. Seals come in the order of their batches, only committed ones.
    """

    async def last(self) -> StoredDigest | None:
        """The one with the highest number."""
        ...

    async def get(self, number: int) -> StoredDigest | None: ...

    async def page(self, after: int, limit: int) -> Sequence[StoredDigest]:
        """Those with a number above `after`."""
        ...

    async def add(self, digest: StoredDigest) -> bool: ...

    async def seals(self, source: str, after: int, until: int) -> Sequence[tuple[int, bytes]]:
        """The last sequence and the seal of each batch of a source that ends above `after` and not above `until`."""
        ...
