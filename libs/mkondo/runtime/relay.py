"""The relay: committed rows go out in order, per source. Publishing twice is harmless, losing is noticed (rule 6).

DirectRelay hands over inside one process, where the journals serve everybody else. WatermarkRelay feeds a log between
processes from a task of its own, and moves a watermark only behind what the log has acknowledged: after a crash the
next owner goes on from there. Read next: adapters/kafka/log.py.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Protocol

import msgspec

from mkondo.contracts import codec
from mkondo.contracts.journal import JournalRow, Partition, PartitionState
from mkondo.domain.decider import Event
from mkondo.ports.back_off import back_off
from mkondo.ports.clock import Clock
from mkondo.ports.errors import TryLater
from mkondo.ports.ids import Ids
from mkondo.ports.log import Log
from mkondo.ports.store import Store

log = logging.getLogger(__name__)


class Relay(Protocol):
    async def resume(self, state: PartitionState) -> None:
        """The partition is this process's now: publish what its last owner did not."""
        ...

    async def publish(self, rows: Sequence[JournalRow], events: Sequence[Event]) -> None:
        """Committed rows of one source, in order. Never raises TryLater: what can't go out now goes out later."""
        ...

    async def release(self, partition: Partition) -> None: ...


class DirectRelay:
    """Hands rows over in memory. What a closed or full inbox refuses, its owner reads from the journal."""

    def __init__(self, carrier: Log) -> None:
        self._log = carrier

    async def resume(self, state: PartitionState) -> None:
        """Nothing to do: an inbox reads all its channels from the journals when it opens."""

    async def publish(self, rows: Sequence[JournalRow], events: Sequence[Event]) -> None:
        await self._log.publish(rows, events)

    async def release(self, partition: Partition) -> None:
        """Nothing is kept."""


class _Source(msgspec.Struct):
    """How far one owned source is published, how far it is committed, and the rows in between that are in memory."""

    published: int
    committed: int
    fresh: deque[tuple[JournalRow, Event]]
    saved: int


class WatermarkRelay:
    """Publishes the journals of the partitions that this process owns. `run` until `stop`."""

    PAGE = 1_000
    FRESH_MAX = 20_000

    def __init__(self, store: Store, carrier: Log, clock: Clock, ids: Ids) -> None:
        self._store, self._log, self._clock, self._ids = store, carrier, clock, ids
        self._sources: dict[str, _Source] = {}
        self._wake = asyncio.Event()
        self._stopping = False

    async def resume(self, state: PartitionState) -> None:
        source = str(state.partition)
        watermark = (await self._store.watermarks()).get(source, 0)
        self._sources[source] = _Source(watermark, state.last_sequence, deque(), watermark)
        self._wake.set()

    async def publish(self, rows: Sequence[JournalRow], events: Sequence[Event]) -> None:
        source = self._sources.get(rows[0].source)
        if source is None:
            return  # let go meanwhile: the next owner goes on from the watermark
        if len(source.fresh) < self.FRESH_MAX:
            source.fresh.extend(zip(rows, events, strict=True))
        source.committed = max(source.committed, rows[-1].sequence)
        self._wake.set()

    async def release(self, partition: Partition) -> None:
        self._sources.pop(str(partition), None)

    def stop(self) -> None:
        """Publish what is committed, if the log can be reached, then `run` returns."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        failures = 0
        while True:
            self._wake.clear()
            try:
                behind = await self._publish_all()
                failures = 0
            except TryLater as trouble:
                behind, failures = True, failures + 1
                log.warning("relay waits", extra={"trouble": str(trouble)})
                if self._stopping:
                    return
                await back_off(self._clock, self._ids, failures)
            if not behind:
                if self._stopping:
                    return
                await self._wake.wait()

    async def _publish_all(self) -> bool:
        """One round over all sources. True: there is more to do."""
        behind = False
        for name, source in list(self._sources.items()):
            if source.published < source.committed:
                await self._publish_some(name, source)
            behind = behind or source.published < source.committed
            if source.saved < source.published:
                await self._store.move_watermark(name, source.published)
                source.saved = source.published
        return behind

    async def _publish_some(self, name: str, source: _Source) -> None:
        rows, events = self._from_memory(source)
        if not rows:
            found = await self._store.read_journal(name, source.published, self.PAGE)
            rows, events = (
                list(found),
                [codec.decode(row.type, row.version, row.data) for row in found],
            )
        if rows:
            await self._log.publish(rows, events)
            source.published = rows[-1].sequence

    def _from_memory(self, source: _Source) -> tuple[list[JournalRow], list[Event]]:
        """The fresh rows that go on exactly where the last publication ended; older ones are dropped."""
        fresh = source.fresh
        while fresh and fresh[0][0].sequence <= source.published:
            fresh.popleft()
        rows: list[JournalRow] = []
        events: list[Event] = []
        while fresh and len(rows) < self.PAGE and fresh[0][0].sequence == source.published + len(rows) + 1:
            row, event = fresh.popleft()
            rows.append(row)
            events.append(event)
        return rows, events
