"""One consumer for everything this process reads. Partitions are assigned by us and read from where we say: no groups.

A channel is one partition of a topic with somebody who takes its records. What is not taken is held and offered again,
and the brokers are not asked for more of that channel meanwhile; nothing waits without bound. Read next: log.py.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Iterable

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from mkondo.adapters.kafka.connection import Connection
from mkondo.contracts.codec import Unreadable

POLL_MS = 50
LONG_POLL_MS = 100
MOST_RECORDS = 2000
STOPPING_SECONDS = 1.0
RETRY_SECONDS, RETRY_SECONDS_MOST = 0.005, 0.1

log = logging.getLogger(__name__)

Take = Callable[[ConsumerRecord], bool]
"""Take one record in; False: hold it and offer it again. May raise Unreadable."""


class Channel:
    """One partition of a topic: who takes its records, and the offset of the next one to take."""

    __slots__ = ("held", "offset", "pause_seconds", "retry_at", "take")

    def __init__(self, take: Take, offset: int) -> None:
        self.take = take
        self.offset = offset
        self.held: deque[ConsumerRecord] = deque()
        self.retry_at = 0.0
        self.pause_seconds = RETRY_SECONDS

    def drain(self) -> None:
        """Offer what is held, in order, until one is refused; then wait longer than the last time."""
        while self.held:
            record = self.held[0]
            if record.offset >= self.offset:
                if not self.take(record):
                    self.retry_at = time.monotonic() + self.pause_seconds
                    self.pause_seconds = min(self.pause_seconds * 2, RETRY_SECONDS_MOST)
                    return
                self.offset = record.offset + 1
            self.held.popleft()
        self.pause_seconds = RETRY_SECONDS


class Reader:
    """The loop over all channels. `lost` is told of channels whose next offset the brokers don't have, `unreadable` of
    channels with a record that is no message; both must move or remove the channel, or it is told again."""

    def __init__(
        self,
        connection: Connection,
        lost: Callable[[TopicPartition], None],
        unreadable: Callable[[TopicPartition, Unreadable], None],
    ) -> None:
        self._connection = connection
        self._lost = lost
        self._unreadable = unreadable
        self._channels: dict[TopicPartition, Channel] = {}
        self._assigned = False
        self._wake = asyncio.Event()

    def add(self, partition: TopicPartition, take: Take, offset: int) -> None:
        """Begin (or go on) to read a partition at an offset."""
        self._channels[partition] = Channel(take, offset)
        self._change()

    def remove(self, partitions: Iterable[TopicPartition]) -> None:
        """Nothing of these partitions is offered after this has returned."""
        for partition in partitions:
            self._channels.pop(partition, None)
        self._change()

    def offset(self, partition: TopicPartition) -> int | None:
        """The offset of the next record to take; None when the partition is not read."""
        channel = self._channels.get(partition)
        return None if channel is None else channel.offset

    def _change(self) -> None:
        self._assigned = False
        self._wake.set()

    async def run(self) -> None:
        """Read until cancelled. A consumer that fails is replaced, with growing pauses."""
        pause_seconds = 0.1
        while True:
            consumer = self._make_consumer()
            try:
                await consumer.start()
                self._assigned = False
                pause_seconds = 0.1
                while True:
                    await self._round(consumer)
            except (KafkaError, OSError, TimeoutError) as trouble:
                log.warning("the consumer starts again", extra={"trouble": repr(trouble)})
                await asyncio.sleep(pause_seconds * random.uniform(0.5, 1.5))
                pause_seconds = min(pause_seconds * 2, 2.0)
            finally:
                await _stop(consumer)

    async def _round(self, consumer: AIOKafkaConsumer) -> None:
        if not self._channels:
            self._wake.clear()
            await self._wake.wait()
        if not self._assigned:
            self._assign(consumer)
        try:
            records = await consumer.getmany(timeout_ms=self._patience_ms(), max_records=MOST_RECORDS)
        except OffsetOutOfRangeError as trouble:
            for partition in trouble.args[0]:
                self._lost(partition)
            return
        if not self._assigned:
            return  # Read before the last change: it will be read again from where each channel stands.
        for partition, batch in records.items():
            self._channels[partition].held.extend(batch)
        for partition, channel in list(self._channels.items()):
            if channel.held and (partition in records or time.monotonic() >= channel.retry_at):
                self._drain(consumer, partition, channel)

    def _assign(self, consumer: AIOKafkaConsumer) -> None:
        """Tell the consumer what to read, and from where: it forgets positions and pauses with every assignment."""
        self._assigned = True
        consumer.assign(list(self._channels))
        for partition, channel in self._channels.items():
            channel.held.clear()
            consumer.seek(partition, channel.offset)

    def _drain(self, consumer: AIOKafkaConsumer, partition: TopicPartition, channel: Channel) -> None:
        try:
            channel.drain()
        except Unreadable as trouble:
            self._unreadable(partition, trouble)
            return
        if not self._assigned:
            return
        if channel.held:
            consumer.pause(partition)
        elif partition in consumer.paused():
            consumer.resume(partition)

    def _patience_ms(self) -> int:
        held = [channel.retry_at for channel in self._channels.values() if channel.held]
        if not held:
            return POLL_MS
        return max(1, min(POLL_MS, int((min(held) - time.monotonic()) * 1000)))

    def _make_consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **self._connection.client_settings(),
            client_id="mkondo-reader",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=LONG_POLL_MS,
            request_timeout_ms=10_000,
        )


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Its fetching swallows a cancellation that meets a change of partitions, and would go on for ever: then it is
    cancelled once more."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOPPING_SECONDS):
            await consumer.stop()
