"""Brings records to the brokers: in order per partition, batched by what waits, acknowledged by all replicas.

One batch of a lane (a partition of a topic) travels at a time; what is posted meanwhile makes the next one bigger, so
batches grow with load and nobody lingers. The client below retries with the same numbers for as long as it takes, so
that a batch arrives once and in its place even if the broker dies under it; only the waiting has an end.
Read next: log.py.
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from mkondo.adapters.kafka.connection import Connection
from mkondo.adapters.kafka.wire import Outgoing
from mkondo.ports.errors import CommitUnknown, TryLater

BATCH_BYTES = 512 * 1024
MOST_WAITING = 50_000
PATIENCE_SECONDS = 10.0
CLOSING_SECONDS = 3.0

log = logging.getLogger(__name__)


class Ticket:
    """The promise made to one caller: resolved when all its records are acknowledged."""

    __slots__ = ("done", "pending", "posted_at", "sent")

    def __init__(self, records: int) -> None:
        self.pending = records
        self.sent = False
        self.posted_at = time.monotonic()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def acknowledged(self) -> None:
        self.pending -= 1
        if self.pending == 0 and not self.done.done():
            self.done.set_result(None)

    def give_up(self, reason: str) -> None:
        """TryLater if certainly nothing was sent, else CommitUnknown."""
        if not self.done.done():
            self.done.set_exception(CommitUnknown(reason) if self.sent else TryLater(reason))
            self.done.exception()  # A caller that has gone away needs no warning.


class Lane:
    """What waits for one partition of a topic."""

    __slots__ = ("busy", "to", "waiting")

    def __init__(self, to: TopicPartition) -> None:
        self.to = to
        self.waiting: deque[tuple[Outgoing, Ticket]] = deque()
        self.busy = False


class Courier:
    """An idempotent producer with bounded waiting room. A producer that fails for good is replaced."""

    def __init__(self, connection: Connection, crashed: Callable[[BaseException], None]) -> None:
        self._connection = connection
        self._crashed = crashed
        self._producer: AIOKafkaProducer | None = None
        self._lanes: dict[TopicPartition, Lane] = {}
        self._tickets: deque[Ticket] = deque()
        self._waiting = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def ready(self) -> bool:
        return self._producer is not None

    async def open(self) -> None:
        try:
            self._producer = await self._start_producer()
        except (KafkaError, OSError, TimeoutError) as trouble:
            raise TryLater(f"Kafka does not answer: {trouble}") from trouble

    def post(self, records: Sequence[Outgoing]) -> Ticket:
        """Queue records behind what waits for their partitions. Raises TryLater: nothing was queued."""
        if self._producer is None:
            raise TryLater("no connection to Kafka")
        if self._waiting + len(records) > MOST_WAITING:
            raise TryLater(f"{self._waiting} records wait for Kafka already")
        ticket = Ticket(len(records))
        self._tickets.append(ticket)
        self._waiting += len(records)
        for record in records:
            lane = self._lanes.get(record.to)
            if lane is None:
                lane = self._lanes[record.to] = Lane(record.to)
            lane.waiting.append((record, ticket))
            if not lane.busy:
                lane.busy = True
                self._spawn(self._drive(lane))
        return ticket

    def give_up_old(self, now: float) -> None:
        """End the waiting of those who have waited too long. Called every second or so."""
        tickets = self._tickets
        while tickets and (tickets[0].done.done() or now - tickets[0].posted_at > PATIENCE_SECONDS):
            tickets.popleft().give_up(f"Kafka did not acknowledge within {PATIENCE_SECONDS:.0f} s")

    def give_up_unsent(self, reason: str) -> None:
        """The brokers are out of reach: what has not left yet never will, and its callers may know that at once."""
        for lane in self._lanes.values():
            for _, ticket in lane.waiting:
                ticket.give_up(reason)

    async def close(self) -> None:
        """Bring what waits to the brokers if they answer within CLOSING_SECONDS, then end."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSING_SECONDS)
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop(producer)
        if self._tasks:
            await asyncio.wait(self._tasks)
        for ticket in self._tickets:
            ticket.give_up("this process closed its log")

    async def _drive(self, lane: Lane) -> None:
        """Send a lane's batches one after the other until nothing waits."""
        try:
            while lane.waiting and self._producer is not None:
                await self._send(lane, self._producer)
        finally:
            lane.busy = False

    async def _send(self, lane: Lane, producer: AIOKafkaProducer) -> None:
        batch = producer.create_batch()
        tickets = self._fill(batch, lane)
        if not tickets:
            return
        try:
            await (await producer.send_batch(batch, lane.to.topic, partition=lane.to.partition))
        except KafkaError as trouble:
            if not self._closing:
                log.error("records not acknowledged", extra={"to": lane.to, "trouble": repr(trouble)})
            for ticket in tickets:
                ticket.give_up(f"Kafka refused: {trouble!r}")
            self._replace(producer)
        else:
            for ticket in tickets:
                ticket.acknowledged()

    def _fill(self, batch: BatchBuilder, lane: Lane) -> list[Ticket]:
        """Move what waits into a batch until it is full. Records whose caller was given up are left out."""
        tickets = []
        waiting = lane.waiting
        while waiting:
            record, ticket = waiting[0]
            if not ticket.done.done():
                if batch.append(timestamp=None, key=record.key, value=record.value, headers=record.headers) is None:
                    break
                ticket.sent = True
                tickets.append(ticket)
            waiting.popleft()
            self._waiting -= 1
        batch.close()
        return tickets

    def _replace(self, failed: AIOKafkaProducer) -> None:
        """A producer whose numbering broke can't go on; a new one can. Meanwhile nothing is accepted."""
        if self._producer is failed and not self._closing:
            self._producer = None
            self.give_up_unsent("Kafka refused an earlier record")
            self._spawn(self._reopen(failed))

    async def _reopen(self, failed: AIOKafkaProducer) -> None:
        await _stop(failed)
        pause_seconds = 0.1
        while self._producer is None and not self._closing:
            try:
                self._producer = await self._start_producer()
            except (KafkaError, OSError, TimeoutError) as trouble:
                log.warning("no producer yet", extra={"trouble": repr(trouble)})
                await asyncio.sleep(pause_seconds * random.uniform(0.5, 1.5))
                pause_seconds = min(pause_seconds * 2, 2.0)

    async def _start_producer(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._connection.client_settings(),
            client_id="mkondo-courier",
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=10_000,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._crashed(error)


async def _stop(producer: AIOKafkaProducer) -> None:
    """Stop without what is still unsent. The client's own `stop` would wait for a broker that may never come back, so
    the task that sends is ended first, and then what it left behind; there is no public way to do either."""
    await producer._sender.close()
    unsent = producer._message_accumulator
    for to in list(unsent._batches):
        while unsent._batches.get(to):
            unsent._pop_batch(to)
    unsent.fail_all(KafkaError("closed"))
    await producer.stop()
