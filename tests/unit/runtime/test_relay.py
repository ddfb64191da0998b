"""The relay publishes every committed row in order, and its watermark stays behind what the log acknowledged."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts import codec
from mkondo.contracts.journal import JournalRow, Partition, PartitionBatch, PartitionState
from mkondo.domain.decider import Event, Message
from mkondo.domain.ids import Instant
from mkondo.domain.session import SessionRevoked
from mkondo.ports.errors import TryLater
from mkondo.runtime.relay import WatermarkRelay
from mkondo.testing.builders import APPLICATION, SESSION
from tests.unit.runtime.house import HandClock

SOURCE = Partition("admission", 3)


class Carrier(MemoryLog):
    """Remembers what it was given; refuses the next `refuse` publications; holds them while `gate` is shut."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[int] = []
        self.events: list[str] = []
        self.refuse = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.knocked = asyncio.Event()

    async def publish(self, rows: Sequence[JournalRow], messages: Sequence[Message]) -> None:
        self.knocked.set()
        await self.gate.wait()
        if self.refuse:
            self.refuse -= 1
            raise TryLater("the broker is away")
        self.published += [row.sequence for row in rows]
        self.events += [message.reason for message in messages if isinstance(message, SessionRevoked)]


class Scene:
    """One source, its store and the log it is relayed to."""

    def __init__(self) -> None:
        self.store = MemoryStore(HandClock())
        self.carrier = Carrier()
        self.relay = self.new_relay()
        self.state = PartitionState(SOURCE, 0)

    def new_relay(self) -> WatermarkRelay:
        return WatermarkRelay(self.store, self.carrier, HandClock(), SystemIds())

    async def take_over(self) -> None:
        self.state = await self.store.acquire(SOURCE, "me")

    async def commit(self, count: int) -> tuple[list[JournalRow], list[Event]]:
        """That many committed events; nobody has published them yet."""
        before = self.state
        numbers = range(before.last_sequence + 1, before.last_sequence + count + 1)
        events: list[Event] = [SessionRevoked(APPLICATION, SESSION, f"reason {number}") for number in numbers]
        rows = [
            JournalRow(str(SOURCE), number, Instant(1), "SessionRevoked", 1, "key", codec.encode(event))
            for number, event in zip(numbers, events, strict=True)
        ]
        after = PartitionState(SOURCE, before.epoch, numbers[-1])
        await self.store.commit([PartitionBatch(before, after, tuple(rows))])
        self.state = after
        return rows, events

    async def watermark(self) -> int:
        return (await self.store.watermarks()).get(str(SOURCE), 0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The relay runs inside, and has published everything when this is left."""
        task = asyncio.create_task(self.relay.run())
        yield
        self.relay.stop()
        async with asyncio.timeout(5):
            await task

    async def until_published(self, last: int) -> None:
        async with asyncio.timeout(5):
            while self.carrier.published[-1:] != [last] or await self.watermark() != last:
                await asyncio.sleep(0)


async def scene() -> Scene:
    made = Scene()
    await made.take_over()
    return made


async def test_fresh_rows_go_out_in_order_and_the_watermark_follows() -> None:
    s = await scene()
    await s.relay.resume(s.state)
    async with s.running():
        for _ in range(3):
            await s.relay.publish(*await s.commit(2))
        await s.until_published(6)
    assert s.carrier.published == [1, 2, 3, 4, 5, 6]
    assert s.carrier.events == [f"reason {number}" for number in range(1, 7)]


async def test_the_watermark_waits_for_the_acknowledgement() -> None:
    s = await scene()
    await s.relay.resume(s.state)
    s.carrier.gate.clear()
    async with s.running():
        await s.relay.publish(*await s.commit(2))
        async with asyncio.timeout(5):
            await s.carrier.knocked.wait()
        assert await s.watermark() == 0
        s.carrier.gate.set()
        await s.until_published(2)


async def test_what_the_log_refuses_goes_out_later_in_order() -> None:
    s = await scene()
    await s.relay.resume(s.state)
    s.carrier.refuse = 3
    async with s.running():
        await s.relay.publish(*await s.commit(2))
        await s.relay.publish(*await s.commit(2))
        await s.until_published(4)
    assert s.carrier.published == [1, 2, 3, 4]


async def test_what_the_last_owner_did_not_publish_is_published_from_the_journal() -> None:
    s = await scene()
    await s.commit(5)
    await s.store.move_watermark(str(SOURCE), 2)
    await s.take_over()
    await s.relay.resume(s.state)
    async with s.running():
        await s.until_published(5)
    assert s.carrier.published == [3, 4, 5]
    assert s.carrier.events == ["reason 3", "reason 4", "reason 5"]


async def test_fresh_rows_wait_for_the_backlog_before_them() -> None:
    s = await scene()
    await s.commit(3)
    await s.relay.resume(s.state)
    await s.relay.publish(*await s.commit(2))
    async with s.running():
        await s.until_published(5)
    assert s.carrier.published == [1, 2, 3, 4, 5]


async def test_a_backlog_of_several_pages_goes_out_whole() -> None:
    s = await scene()
    await s.commit(2 * WatermarkRelay.PAGE + 1)
    await s.relay.resume(s.state)
    async with s.running():
        await s.until_published(2 * WatermarkRelay.PAGE + 1)
    assert s.carrier.published == list(range(1, 2 * WatermarkRelay.PAGE + 2))


async def test_rows_that_found_no_room_in_memory_are_read_from_the_journal() -> None:
    s = await scene()
    s.relay.FRESH_MAX = 2
    await s.relay.resume(s.state)
    for _ in range(3):
        await s.relay.publish(*await s.commit(2))
    async with s.running():
        await s.until_published(6)
    assert s.carrier.published == [1, 2, 3, 4, 5, 6]


async def test_a_crash_before_the_watermark_moved_publishes_again_and_loses_nothing() -> None:
    s = await scene()
    await s.relay.resume(s.state)
    await s.relay.publish(*await s.commit(2))
    await s.carrier.publish(*await s.commit(1))  # published by the one that died
    s.relay = s.new_relay()
    await s.take_over()
    await s.relay.resume(s.state)
    async with s.running():
        await s.until_published(3)
    assert s.carrier.published == [3, 1, 2, 3]


async def test_a_source_that_was_let_go_is_not_published_any_more() -> None:
    s = await scene()
    await s.relay.resume(s.state)
    await s.relay.release(SOURCE)
    await s.relay.publish(*await s.commit(2))
    async with s.running():
        pass
    assert s.carrier.published == []
    assert await s.watermark() == 0


async def test_when_it_stops_everything_committed_has_gone_out() -> None:
    s = await scene()
    await s.relay.resume(s.state)
    async with s.running():
        await s.relay.publish(*await s.commit(4))
    assert s.carrier.published == [1, 2, 3, 4]
    assert await s.watermark() == 4


async def test_it_stops_although_the_log_is_away() -> None:
    s = await scene()
    await s.relay.resume(s.state)
    s.carrier.refuse = 1_000_000
    async with s.running():
        await s.relay.publish(*await s.commit(4))
    assert await s.watermark() == 0
