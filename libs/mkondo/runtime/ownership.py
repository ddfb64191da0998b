"""Ownership: this member lives, hosts these deciders, and claims its share of their partitions (architecture rule 5).

Leases give liveness only. A member that can't renew keeps working until its next transaction is fenced: the epoch alone
gives safety. Read next: processor.py.
"""

import asyncio
import logging
from collections.abc import Sequence

from mkondo.ports.clock import Clock
from mkondo.ports.errors import TryLater
from mkondo.ports.store import Store
from mkondo.runtime.processor import Processor

log = logging.getLogger(__name__)

LEASE_SECONDS = 2.0


class Ownership:
    """Renews one member's leases and tells its processors what is theirs. `run` until `stop`."""

    def __init__(self, store: Store, member: str, processors: Sequence[Processor], clock: Clock) -> None:
        self._store, self._member, self._clock = store, member, clock
        self._processors = {processor.name: processor for processor in processors}
        self._stop = asyncio.Event()

    async def run(self) -> None:
        while not self._stop.is_set():
            try:
                await self.claim()
            except TryLater as trouble:
                log.warning(
                    "leases not renewed",
                    extra={"member": self._member, "trouble": str(trouble)},
                )
            try:
                async with asyncio.timeout(LEASE_SECONDS / 3):
                    await self._stop.wait()
            except TimeoutError:
                continue

    async def claim(self) -> None:
        """Once: renew, and pass on what is held now."""
        held = await self._store.claim(self._member, self._processors.keys(), LEASE_SECONDS)
        for name, processor in self._processors.items():
            wanted = frozenset(partition for partition in held if partition.decider == name)
            if wanted != processor.wanted:
                processor.wanted = wanted
                processor.wake()

    async def stop(self) -> None:
        """Say goodbye: the partitions are free at once. Call it after the processors have stopped."""
        self._stop.set()
        try:
            await self._store.release(self._member)
        except TryLater as trouble:
            log.warning(
                "leases not released, they run out",
                extra={"member": self._member, "trouble": str(trouble)},
            )
