"""Results on their way to merchants, by the real decider, processor, deliverer and sender on a Postgres of their own.

`House.paced` queues results at a steady rate, `House.flood` as quickly as they are delivered. A healthy merchant's
latency is from when its result is handed to the decider to when its delivery is committed. Read next: callbacks.py.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

import asyncpg
import msgspec

from mkondo.adapters.callbacks.addresses import rules_of
from mkondo.adapters.callbacks.names import Names
from mkondo.adapters.callbacks.sender import HttpCallbackSender
from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.postgres.databases import ensure_database, environment_dsn
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.postgres.server import PostgresServer
from mkondo.adapters.postgres.store import PostgresStore, connect_store
from mkondo.adapters.system.clock import SystemClock
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.journal import Partition, partitions_of
from mkondo.domain import deliveries
from mkondo.domain.decider import Event
from mkondo.domain.delivery import CallbackDelivered
from mkondo.domain.environments import SANDBOX
from mkondo.domain.ids import ApplicationId, PaymentId, partition_of
from mkondo.domain.payment import PaymentCompleted
from mkondo.openapi.callbacks import callback_body, operation_of_result
from mkondo.ports.callback_sender import Callback
from mkondo.ports.errors import TryLater
from mkondo.runtime.deliverer import Deliverer
from mkondo.runtime.processor import Processor
from mkondo.runtime.relay import DirectRelay
from mkondo.testing import builders
from tests.performance.usage import POSTGRES, cpu_seconds

IN_HAND = 256
"""Healthy deliveries under way at once when results are queued as quickly as they can be."""
ALONE_AT_ONCE = 64
TICK_SECONDS = 0.005
SETTLE_SECONDS_MAX = 30.0


class Turn(msgspec.Struct, frozen=True):
    """What the healthy merchants saw. CPU seconds per 1,000 deliveries, of our process and of Postgres."""

    delivered: int
    per_second: float
    p50_ms: float
    p99_ms: float
    ours: float
    postgres: float

    def __str__(self) -> str:
        return (
            f"{self.per_second:6,.0f}/s  p50 {self.p50_ms:6.1f} ms  p99 {self.p99_ms:6.1f} ms"
            f"  CPU s {self.ours:.3f} + {self.postgres:.3f}  ({self.delivered:,} delivered)"
        )


class House:
    """The callbacks service and nothing around it. Each has a database of its own: what is still owed to the dead
    merchants of one turn is no load in the next."""

    def __init__(self, server: PostgresServer, store: PostgresStore) -> None:
        self._server, self._store = server, store
        names = Names(lambda host, port: ["127.0.0.1"])
        self._sender = HttpCallbackSender(rules_of(SANDBOX, loopback=True), names=names)
        clock, ids, self._log = SystemClock(), SystemIds(), MemoryLog()
        self._deliverer = Deliverer(self._sender, self._log, clock, ids)
        self._processor = Processor(
            SANDBOX,
            deliveries.NAME,
            deliveries,
            (),
            store,
            self._log,
            DirectRelay(self._log),
            clock,
            ids,
            "bench",
            heard=self._heard,
        )
        self._numbers = itertools.count()
        self._processor.wanted = frozenset(partitions_of(deliveries.NAME))
        self._running = asyncio.create_task(self._processor.run())
        self._began: dict[PaymentId, float] = {}
        self._took: list[float] = []
        self._moved = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(cls, server: PostgresServer, name: str) -> AsyncIterator[Self]:
        dsn = environment_dsn(server.dsn(name), SANDBOX)
        await ensure_database(dsn)
        await initialise(dsn, SANDBOX)
        await _write_out(dsn)
        house = cls(server, await connect_store(dsn, SANDBOX))
        try:
            yield house
        finally:
            await house._close()

    async def _close(self) -> None:
        await self._deliverer.stop()
        self._processor.stop()
        await self._running
        await self._store.close()

    def _heard(self, event: Event) -> None:
        self._deliverer.heard(event)
        if isinstance(event, CallbackDelivered) and (began := self._began.pop(event.delivery, None)) is not None:
            self._took.append(time.perf_counter() - began)
            self._moved.set()

    async def _queue(self, port: int, healthy: bool) -> None:
        result = _result(port, next(self._numbers))
        if healthy:
            self._began[result.payment.payment_id] = time.perf_counter()
        owner = Partition(deliveries.NAME, partition_of(result.payment.application))
        while True:
            try:
                return await self._log.send_command(owner, result)
            except TryLater:
                await asyncio.sleep(TICK_SECONDS)

    async def paced(self, healthy: Sequence[int], dead: Sequence[int], each: float, seconds: float) -> Turn:
        """So many results a second to each port, whatever becomes of them."""
        await self._warm(healthy)
        began, used = time.perf_counter(), self._cpu()
        turn, queued = [*healthy, *dead], 0
        while (passed := time.perf_counter() - began) < seconds:
            while queued < passed * each * len(turn):
                port = turn[queued % len(turn)]
                await self._queue(port, queued % len(turn) < len(healthy))
                queued += 1
            await asyncio.sleep(TICK_SECONDS)
        await self._all_delivered()
        return self._turn(began, used)

    async def flood(self, healthy: Sequence[int], dead: Sequence[int], seconds: float) -> Turn:
        """As many as are delivered; each dead port is sent as many as a healthy one."""
        await self._warm(healthy)
        began, used = time.perf_counter(), self._cpu()
        turn, queued = [*healthy, *dead], 0
        while time.perf_counter() - began < seconds:
            while len(self._began) < IN_HAND:
                await self._queue(turn[queued % len(turn)], queued % len(turn) < len(healthy))
                queued += 1
            self._moved.clear()
            await self._moved.wait()
        await self._all_delivered()
        return self._turn(began, used)

    async def alone(self, ports: Sequence[int], seconds: float) -> Turn:
        """The sender by itself."""
        began, used = time.perf_counter(), self._cpu()

        async def caller(number: int) -> None:
            while time.perf_counter() - began < seconds:
                result = _result(ports[number % len(ports)], next(self._numbers))
                body, code = callback_body(result), operation_of_result(result).ack_code
                asked = time.perf_counter()
                receipt = await self._sender.send(
                    Callback(result.payment.payment_id, result.payment.response_url, body, code)
                )
                assert receipt.delivered, receipt
                self._took.append(time.perf_counter() - asked)

        await asyncio.gather(*(caller(number) for number in range(ALONE_AT_ONCE)))
        return self._turn(began, used)

    async def _warm(self, healthy: Sequence[int]) -> None:
        for port in healthy:
            await self._queue(port, True)
        await self._all_delivered()
        self._took.clear()

    async def _all_delivered(self) -> None:
        async with asyncio.timeout(SETTLE_SECONDS_MAX):
            while self._began:
                self._moved.clear()
                await self._moved.wait()

    def _turn(self, began: float, used: tuple[float, float]) -> Turn:
        took = self._took
        cpu = (1_000 * (now - before) / len(took) for now, before in zip(self._cpu(), used, strict=True))
        cuts = statistics.quantiles(took, n=100)
        return Turn(
            len(took),
            len(took) / (time.perf_counter() - began),
            cuts[49] * 1_000,
            cuts[98] * 1_000,
            *cpu,
        )

    def _cpu(self) -> tuple[float, float]:
        return time.process_time(), sum(cpu_seconds({POSTGRES: self._server.pid or 0}).values())


async def _write_out(dsn: str) -> None:
    """What the turn before left in memory goes to the disk now, and not in the middle of this one."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def _result(port: int, number: int) -> PaymentCompleted:
    """A payment of that merchant has come to its end."""
    name = f"{number:032x}"
    return PaymentCompleted(
        builders.payment(
            name,
            payment_id=PaymentId(name),
            application=ApplicationId(f"shop-{port}"),
            asynchronous=True,
            response_url=f"http://shop{port}.example:{port}/results",
            reply_to=None,
        )
    )
