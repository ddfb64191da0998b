"""Admission with a crowd: a million customers and a hundred thousand sessions under limits, beside a thousand and ten.

    python -m tests.performance.crowd [--customers 1000000] [--sessions 100000]

Measures memory, how long a restart takes, and throughput against the small crowd's, in turns on one Postgres so that
both see the same machine. The records are made by admission's own decisions. Read next: alone.py.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import psutil
import uvloop

from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.postgres.databases import ensure_database, environment_dsn
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.postgres.server import PostgresServer
from mkondo.adapters.postgres.store import PostgresStore, connect_store
from mkondo.adapters.system.clock import SystemClock
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.journal import JournalRow, Partition, PartitionState, partitions_of
from mkondo.domain import admission
from mkondo.domain.application import Configuration, ConfigureApplication, ProductScope
from mkondo.domain.decider import Event, Message, Record
from mkondo.domain.ids import ApplicationId, Instant, PaymentId, RecordKey, SessionHash, TransactionId, partition_of
from mkondo.domain.payment import PaymentAdmitted, PaymentFailed, RequestPayment, completed
from mkondo.domain.session import OpenSession
from mkondo.ports.errors import TryLater
from mkondo.ports.log import COMMANDS, Received
from mkondo.runtime.batch import BatchWriter
from mkondo.runtime.parking import ParkedMessages
from mkondo.runtime.processor import Processor
from mkondo.runtime.relay import DirectRelay
from mkondo.testing import builders
from tests.performance.usage import cpu_seconds

APPLICATIONS = tuple(ApplicationId(f"shop-{number}") for number in range(16))
KEY_HASH = "key"
SCOPE = ProductScope(
    daily_value={"TZS": 10**15}, daily_count=10**9, customer_daily_value={"TZS": 10**14}, customer_daily_count=10**6
)
DAY_MS = 86_400_000
TURNS = 7
PAYMENTS = 15_000
AT_ONCE = 512
_BATCH = 2_000


class Crowd(msgspec.Struct, frozen=True):
    """How many there are, in an environment of their own. Each has an application, and so a partition."""

    environment: str
    customers: int
    sessions: int

    def application(self, number: int) -> ApplicationId:
        return APPLICATIONS[number % len(APPLICATIONS)]

    def session(self, number: int) -> SessionHash:
        return SessionHash(f"{number % self.sessions:064x}")

    def payment(self, name: int, number: int, now: Instant) -> RequestPayment:
        """Of one of the customers, in one of the sessions of the same application."""
        sessions = max(self.sessions // len(APPLICATIONS), 1)
        session = (number // len(APPLICATIONS)) % sessions * len(APPLICATIONS) + number % len(APPLICATIONS)
        payment = builders.payment(
            f"{name:032x}",
            builders.tzs(1_00),
            payment_id=PaymentId(f"{name:032x}"),
            transaction_id=TransactionId(f"{name:012d}"),
            application=self.application(number),
            customer=f"255{number:09d}",
            asked_at=now,
            deadline=Instant(now + DAY_MS),
            opens_accounts=True,
            reply_to=None,
        )
        return RequestPayment(payment, self.session(session))


class Turn(msgspec.Struct, frozen=True):
    """What one turn showed. `cpu` in seconds per 1,000 payments, Postgres included."""

    start: float
    rate: float
    cpu: float
    megabytes: float

    def __str__(self) -> str:
        return f"start {self.start:.2f} s  {self.rate:7,.0f}/s  {self.cpu:.3f} CPU s  {self.megabytes:.0f} MB"


class House:
    """One crowd's store and whoever decides in it."""

    def __init__(self, crowd: Crowd, store: PostgresStore) -> None:
        self.crowd, self.store = crowd, store
        self._clock, self._ids, self._random = SystemClock(), SystemIds(), Random(1)
        self._name = 0

    @classmethod
    async def open(cls, server: PostgresServer, crowd: Crowd) -> "House":
        dsn = environment_dsn(server.dsn("mkondo"), crowd.environment)
        await ensure_database(dsn)
        await initialise(dsn, crowd.environment)
        return cls(crowd, await connect_store(dsn, crowd.environment))

    async def fill(self) -> None:
        """Every application, session and customer, each with a payment that was made today."""
        states = {partition: await self.store.acquire(partition, "fill") for partition in partitions_of(admission.NAME)}
        known: dict[Partition, dict[RecordKey, Record]] = {partition: {} for partition in states}
        await self._decide(states, known, [_configure(application) for application in APPLICATIONS])
        crowd = self.crowd
        for first in range(0, crowd.sessions, _BATCH):
            numbers = range(first, min(first + _BATCH, crowd.sessions))
            opening = [OpenSession(crowd.application(n), crowd.session(n), api_key_hash=KEY_HASH) for n in numbers]
            await self._decide(states, known, opening)
        for first in range(0, crowd.customers, _BATCH):
            numbers = range(first, min(first + _BATCH, crowd.customers))
            asked = [self._payment(number) for number in numbers]
            events = await self._decide(states, known, asked)
            ended = [completed(event, builders.NOW) for event in events if isinstance(event, PaymentAdmitted)]
            assert len(ended) == len(asked), "somebody was refused"
            await self._decide(states, known, ended)
            for records in known.values():
                _forget(records)

    async def _decide(
        self,
        states: dict[Partition, PartitionState],
        known: dict[Partition, dict[RecordKey, Record]],
        messages: Sequence[Message],
    ) -> list[Event]:
        """As a processor does, in one transaction: what is known here is all there is, since everybody is new."""
        now = self._clock.now()
        writers: dict[Partition, BatchWriter] = {}
        for message in messages:
            partition = Partition(admission.NAME, partition_of(admission.key(message)))
            writer = writers.get(partition)
            if writer is None:
                parked = ParkedMessages(partition, {})
                writer = writers[partition] = BatchWriter(admission, states[partition], known[partition], parked, now)
            writer.take(Received(COMMANDS, 0, 0, message))
        decided = {partition: writer.finish() for partition, writer in writers.items()}
        await self.store.commit([one.batch for one in decided.values()])
        states.update({partition: one.batch.after for partition, one in decided.items()})
        return [event for one in decided.values() for event in one.events]

    def _payment(self, number: int) -> RequestPayment:
        self._name += 1
        return self.crowd.payment(self._name, number, self._clock.now())

    async def turn(self, payments: int, crowd: Crowd) -> tuple[float, float]:
        """A processor starts, owns everything and decides that many payments of that crowd: seconds of both."""
        log = MemoryLog()
        relay = _Counting(log, payments)
        processor = Processor(
            self.crowd.environment,
            admission.NAME,
            admission,
            (),
            self.store,
            log,
            relay,
            self._clock,
            self._ids,
            "turn",
        )
        processor.wanted = frozenset(partitions_of(admission.NAME))
        began = time.perf_counter()
        running = asyncio.create_task(processor.run())
        await self._send(log, crowd)
        await relay.until(1)
        started = time.perf_counter()
        for number in range(1, payments):
            if number - relay.decided > AT_ONCE:
                await relay.until(number - AT_ONCE // 2)
            await self._send(log, crowd)
        await relay.until(payments)
        seconds = time.perf_counter() - started
        processor.stop()
        await running
        return started - began, seconds

    async def _send(self, log: MemoryLog, crowd: Crowd) -> None:
        self._name += 1
        command = crowd.payment(self._name, self._random.randrange(crowd.customers), self._clock.now())
        owner = Partition(admission.NAME, partition_of(command.payment.application))
        while True:
            try:
                await log.send_command(owner, command)
                return
            except TryLater:
                await asyncio.sleep(0.001)


class _Counting(DirectRelay):
    """How many payments were decided."""

    def __init__(self, log: MemoryLog, payments: int) -> None:
        super().__init__(log)
        self.decided = 0
        self._moved = asyncio.Event()

    async def publish(self, rows: Sequence[JournalRow], events: Sequence[Event]) -> None:
        await super().publish(rows, events)
        assert not any(isinstance(event, PaymentFailed) for event in events)
        self.decided += sum(isinstance(event, PaymentAdmitted) for event in events)
        self._moved.set()

    async def until(self, payments: int) -> None:
        while self.decided < payments:
            self._moved.clear()
            await self._moved.wait()


def _configure(application: ApplicationId) -> ConfigureApplication:
    configuration = Configuration(application, KEY_HASH, {builders.C2B: SCOPE}, session_lifetime_ms=DAY_MS)
    return ConfigureApplication(application, configuration)


def _forget(records: dict[RecordKey, Record]) -> None:
    """Nobody comes twice while the crowd is made."""
    for key in [key for key in records if key.startswith(("customer-room/", "reference/"))]:
        del records[key]


def _megabytes() -> float:
    return float(psutil.Process().memory_info().rss / 2**20)


async def measure(folder: Path, customers: int, sessions: int) -> None:
    server = PostgresServer(folder / "postgres")
    await server.start()
    try:
        few = await House.open(server, Crowd("openapi", 1_000, 100))
        many = await House.open(server, Crowd("sandbox", customers, sessions))
        await few.fill()
        began = time.perf_counter()
        await many.fill()
        print(
            f"{customers:,} customers and {sessions:,} sessions made in {time.perf_counter() - began:.0f} s", flush=True
        )
        await _compare(server, few, many)
        await few.store.close()
        await many.store.close()
    finally:
        await server.stop()


async def _compare(server: PostgresServer, few: House, many: House) -> None:
    """In turns, with payments of everybody; and of the few who come all day, while the crowd is there."""
    usual = Crowd(many.crowd.environment, few.crowd.customers, few.crowd.sessions)
    cases = {"a thousand": (few, few.crowd), "the crowd": (many, many.crowd), "a thousand of the crowd": (many, usual)}
    turns: dict[str, list[Turn]] = {name: [] for name in cases}
    for number in range(TURNS):
        for name, (house, crowd) in cases.items():
            used = _cpu(server)
            start, seconds = await house.turn(PAYMENTS, crowd)
            turn = Turn(start, PAYMENTS / seconds, (_cpu(server) - used) / PAYMENTS * 1_000, _megabytes())
            turns[name].append(turn)
            print(f"{number} {name:24} {turn}", flush=True)
    first = turns["a thousand"]
    for name, found in turns.items():
        ratio = statistics.median(one.rate / other.rate for one, other in zip(found, first, strict=True))
        print(
            f"{name}: {statistics.median(turn.rate for turn in found):,.0f}/s, {ratio:.2f} of the first;"
            f" {statistics.median(turn.cpu for turn in found):.3f} CPU s per 1,000;"
            f" restart {max(turn.start for turn in found):.2f} s; {max(turn.megabytes for turn in found):.0f} MB"
        )


def _cpu(server: PostgresServer) -> float:
    return time.process_time() + sum(cpu_seconds({"postgres": server.pid or 0}).values())


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="crowd", description="Admission with very many customers and sessions.")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--sessions", type=int, default=100_000)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mkondo-crowd-") as folder:
        Path(folder).chmod(0o711)
        uvloop.run(measure(Path(folder), asked.customers, asked.sessions))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
