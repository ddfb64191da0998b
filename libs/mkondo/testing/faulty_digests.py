"""Planted bugs of those who keep digests: over the wrong stretch, twice, or half.

Read next: faults.py; runtime/digests.py for who closes them.
"""

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from mkondo.adapters.memory.digests import MemoryDigests
from mkondo.contracts.digest import StoredDigest


class BeginsTooEarly(MemoryDigests):
    """The last batch of the digest before is covered once more."""

    async def seals(self, source: str, after: int, until: int) -> Sequence[tuple[int, bytes]]:
        return await super().seals(source, after - 1, until)


class KeepsTheLast(MemoryDigests):
    """Of two that close the same digest, each is told that it did, and the later one's is kept."""

    async def add(self, digest: StoredDigest) -> bool:
        self._digests[digest.number] = digest
        return True


class WritesInTwoSteps(MemoryDigests):
    """The signature follows in a step of its own: whoever dies in between leaves a digest that nobody has signed."""

    async def add(self, digest: StoredDigest) -> bool:
        unsigned = replace(digest, signature=b"")
        if not await super().add(unsigned):
            return False
        await asyncio.sleep(0.1)
        self._digests[digest.number] = digest
        return True
