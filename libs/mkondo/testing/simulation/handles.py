"""One process's hands on the durable store and on the log of embedded mode: slow, unreliable, and dead when it is.

The store itself (adapters/memory/store.py) answers every call in one atomic step; what can go wrong on the way there
and back is here. Read next: carrier.py, the log between processes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from mkondo.adapters.memory.digests import MemoryDigests
from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.contracts.digest import StoredDigest
from mkondo.contracts.journal import (
    JournalRow,
    Partition,
    PartitionBatch,
    PartitionState,
    StoredOutcome,
    StoredRecord,
    StoredReference,
)
from mkondo.domain.decider import Message, ReplyTo
from mkondo.domain.ids import Instant, RecordKey
from mkondo.ports.errors import CommitUnknown, Fenced, TryLater
from mkondo.ports.log import COMMANDS, Inbox, Received, ReplyHandler
from mkondo.ports.views import ViewBatch
from mkondo.testing.simulation.life import Life

T = TypeVar("T")


class StoreHandle:
    """ports/store.py, Store and Facts, as one process reaches them."""

    def __init__(self, inner: MemoryStore, life: Life) -> None:
        self._inner, self._life = inner, life

    async def acquire(self, partition: Partition, member: str) -> PartitionState:
        return await self._life.call(f"acquire {partition}", lambda: self._inner.acquire(partition, member))

    async def commit(self, batches: Sequence[PartitionBatch]) -> None:
        step = f"commit {[str(batch.after.partition) for batch in batches]}"
        await _transaction(self._life, step, lambda: self._inner.commit(batches))

    async def load(self, wanted: Mapping[Partition, Collection[RecordKey]]) -> dict[RecordKey, bytes]:
        return await self._life.call("load", lambda: self._inner.load(wanted))

    async def load_kind(self, partition: Partition, kind: str) -> dict[RecordKey, StoredRecord]:
        return await self._life.call("load kind", lambda: self._inner.load_kind(partition, kind))

    async def page(self, partition: Partition, kind: str, after: str, limit: int) -> Sequence[tuple[RecordKey, bytes]]:
        return await self._life.call("page", lambda: self._inner.page(partition, kind, after, limit))

    async def due(self, partition: Partition) -> dict[RecordKey, Instant]:
        return await self._life.call("due", lambda: self._inner.due(partition))

    async def read_journal(
        self, source: str, after: int, limit: int, destination: str | None = None
    ) -> Sequence[JournalRow]:
        return await self._life.call(
            f"read {source} {after}", lambda: self._inner.read_journal(source, after, limit, destination)
        )

    async def read_journals(self, positions: Mapping[str, int], limit: int) -> Sequence[JournalRow]:
        return await self._life.call("read all", lambda: self._inner.read_journals(positions, limit))

    async def states(self) -> Sequence[PartitionState]:
        return await self._life.call("states", self._inner.states)

    async def claim(self, member: str, deciders: Collection[str], lease_seconds: float) -> Collection[Partition]:
        return await self._life.call("claim", lambda: self._inner.claim(member, deciders, lease_seconds))

    async def release(self, member: str) -> None:
        await self._life.call("release", lambda: self._inner.release(member))

    async def watermarks(self) -> Mapping[str, int]:
        return await self._life.call("watermarks", self._inner.watermarks)

    async def move_watermark(self, source: str, sequence: int) -> None:
        await self._life.call(f"watermark {source}", lambda: self._inner.move_watermark(source, sequence))

    async def record(self, key: RecordKey) -> bytes | None:
        return await self._life.call("record", lambda: self._inner.record(key))

    async def reference(self, application: str, text: str) -> StoredReference | None:
        return await self._life.call("reference", lambda: self._inner.reference(application, text))

    async def transaction(self, transaction_id: str) -> StoredReference | None:
        return await self._life.call("transaction", lambda: self._inner.transaction(transaction_id))

    async def outcome(self, payment_id: str) -> StoredOutcome | None:
        return await self._life.call("outcome", lambda: self._inner.outcome(payment_id))


class DigestsHandle:
    """ports/digests.py, as one process reaches them."""

    def __init__(self, inner: MemoryDigests, life: Life) -> None:
        self._inner, self._life = inner, life

    async def last(self) -> StoredDigest | None:
        return await self._life.call("last digest", self._inner.last)

    async def get(self, number: int) -> StoredDigest | None:
        return await self._life.call(f"digest {number}", lambda: self._inner.get(number))

    async def page(self, after: int, limit: int) -> Sequence[StoredDigest]:
        return await self._life.call("digests", lambda: self._inner.page(after, limit))

    async def add(self, digest: StoredDigest) -> bool:
        return await _transaction(self._life, f"add digest {digest.number}", lambda: self._inner.add(digest))

    async def seals(self, source: str, after: int, until: int) -> Sequence[tuple[int, bytes]]:
        return await self._life.call(f"seals {source} {after}", lambda: self._inner.seals(source, after, until))


class ViewsHandle:
    """ports/views.py, as one process reaches them."""

    def __init__(self, inner: MemoryViews, life: Life) -> None:
        self._inner, self._life = inner, life

    async def positions(self) -> Mapping[str, int]:
        return await self._life.call("positions", self._inner.positions)

    async def read(self, view: str, keys: Collection[str]) -> Mapping[str, bytes]:
        return await self._life.call("rows", lambda: self._inner.read(view, keys))

    async def apply(self, expected: Mapping[str, int], batch: ViewBatch) -> None:
        await self._life.call("apply", lambda: self._inner.apply(expected, batch))

    async def page(self, view: str, prefix: str, after: str, limit: int) -> Sequence[tuple[str, bytes]]:
        return await self._life.call("page", lambda: self._inner.page(view, prefix, after, limit))

    async def wipe(self) -> None:
        await self._life.call("wipe", self._inner.wipe)


async def _transaction(life: Life, step: str, effect: Callable[[], Awaitable[T]]) -> T:
    """The answer to COMMIT may be lost, with the transaction done, not done, or still under way to the server."""
    weather = life.weather
    try:
        await life.before(step)
    except asyncio.CancelledError:
        if weather.happens(0.5):
            _still_under_way(effect, weather.lag())
        raise
    if not weather.happens(weather.unknown):
        answer = await effect()
        await life.lag()
        return answer
    match weather.random.randrange(3):
        case 0:
            await effect()
        case 1:
            _still_under_way(effect, weather.random.choice((0.0, 0.01, 0.1, 1.0)))
    await life.lag()
    raise CommitUnknown("the answer to COMMIT was lost")


def _still_under_way(effect: Callable[[], Awaitable[object]], seconds: float) -> None:
    """The server gets to it later, whoever has died or taken the partition meanwhile."""

    async def arrive() -> None:
        await asyncio.sleep(seconds)
        with suppress(Fenced):
            await effect()

    asyncio.get_running_loop().create_task(arrive())


class EmbeddedLog:
    """ports/log.py inside one process. Hand-overs get lost, commands find no room; the journals make up for it."""

    def __init__(self, life: Life) -> None:
        self._inner, self._life = MemoryLog(), life

    async def attach(self, partition: Partition, inbox: Inbox) -> None:
        await self._life.call("attach", lambda: self._inner.attach(partition, _Fumbling(inbox, self._life)))

    async def detach(self, partition: Partition) -> None:
        await self._life.lag()
        await self._inner.detach(partition)

    async def publish(self, rows: Sequence[JournalRow], messages: Sequence[Message]) -> None:
        await self._life.call(f"publish {rows[0].source}", lambda: self._inner.publish(rows, messages))

    async def send_command(self, partition: Partition, command: Message) -> None:
        await self._life.call(f"command {partition}", lambda: self._inner.send_command(partition, command))
        if self._life.weather.happens(self._life.weather.sent_twice):
            with suppress(TryLater):
                await self._inner.send_command(partition, command)

    async def send_replies(self, replies: Sequence[tuple[ReplyTo, Message]]) -> None:
        weather = self._life.weather
        heard = [reply for reply in replies if not weather.happens(weather.lost)]
        await self._life.call("replies", lambda: self._inner.send_replies(heard))

    async def listen(self, handler: ReplyHandler) -> int:
        return await self._inner.listen(handler)

    async def close(self) -> None:
        await self._inner.close()


class _Fumbling:
    """An inbox on the way to which hand-overs are dropped."""

    def __init__(self, inner: Inbox, life: Life) -> None:
        self._inner, self._life = inner, life

    def offer(self, received: Received) -> bool:
        if self._life.dead or self._life.weather.happens(self._life.weather.lost):
            return False
        if received.source != COMMANDS and self._life.weather.happens(self._life.weather.repeated):
            self._inner.offer(received)
        return self._inner.offer(received)

    def command_position(self) -> int:
        return self._inner.command_position()
