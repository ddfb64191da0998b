"""Two parts by themselves: the ledger, from the log to committed entries; and the projector, making all views again.

Both work in this process, on a Postgres of their own, without HTTP. Admission's journal is written beforehand, by
admission itself. Read next: cases.py.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.postgres.databases import ensure_database, environment_dsn
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.postgres.server import PostgresServer
from mkondo.adapters.postgres.store import PostgresStore, connect_store
from mkondo.adapters.postgres.views import connect_views
from mkondo.adapters.system.clock import SystemClock
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.journal import JournalRow, Partition, PartitionState
from mkondo.domain import admission, ledger
from mkondo.domain.account import CreditApplied, JournalEntryPosted, till, wallet
from mkondo.domain.application import Application, Configuration, ProductScope
from mkondo.domain.decider import Event, Record
from mkondo.domain.ids import Instant, PaymentId, RecordKey, SessionHash, TransactionId, partition_of
from mkondo.domain.payment import Payment, RequestPayment
from mkondo.domain.session import Session
from mkondo.ports.log import COMMANDS, Received
from mkondo.runtime.batch import BatchWriter
from mkondo.runtime.parking import ParkedMessages
from mkondo.runtime.processor import Processor
from mkondo.runtime.projector import Projector
from mkondo.runtime.relay import DirectRelay
from mkondo.testing import builders
from mkondo.topology import sources_of
from services.projector.root import SOURCES
from tests.performance.usage import cpu_seconds

ENVIRONMENT = "sandbox"
HOUR_MS = 3_600_000
_BATCH = 1_000


class Counted(msgspec.Struct, frozen=True):
    """How much was done, in what time, at what cost: CPU seconds of this process and of Postgres."""

    count: int
    seconds: float
    cpu: float

    @property
    def per_second(self) -> float:
        return self.count / self.seconds


class Alone:
    """A store with nothing around it. `prepare`, then `post`, then `rebuild`."""

    def __init__(self, server: PostgresServer, dsn: str, store: PostgresStore) -> None:
        self.dsn = dsn
        self._server, self._store = server, store
        self._clock, self._ids = SystemClock(), SystemIds()

    @classmethod
    async def start(cls, folder: Path) -> "Alone":
        server = PostgresServer(folder / "postgres")
        await server.start()
        dsn = environment_dsn(server.dsn("mkondo"), ENVIRONMENT)
        await ensure_database(dsn)
        await initialise(dsn, ENVIRONMENT)
        return cls(server, dsn, await connect_store(dsn, ENVIRONMENT))

    async def stop(self) -> None:
        await self._store.close()
        await self._server.stop()

    async def prepare(self, payments: int) -> None:
        """Admit that many payments, as admission would; none of them reaches a ledger yet."""
        partition = Partition(admission.NAME, partition_of(builders.APPLICATION))
        state = await self._store.acquire(partition, "bench")
        now = self._clock.now()
        for first in range(0, payments, _BATCH):
            numbers = range(first, min(first + _BATCH, payments))
            state = await self._admit(state, [_request(number, now) for number in numbers])

    async def _admit(self, state: PartitionState, requests: Sequence[RequestPayment]) -> PartitionState:
        known = _known(self._clock.now())
        writer = BatchWriter(admission, state, known, ParkedMessages(state.partition, {}), self._clock.now())
        for request in requests:
            writer.take(Received(COMMANDS, 0, 0, request))
        decided = writer.finish()
        await self._store.commit([decided.batch])
        return decided.batch.after

    async def post(self, payments: int) -> Counted:
        """The ledger alone, until every entry is posted and every credit is applied."""
        carrier = MemoryLog()
        relay = _Watched(carrier, payments)
        processor = Processor(
            ENVIRONMENT,
            ledger.NAME,
            ledger,
            sources_of(ledger.NAME),
            self._store,
            carrier,
            relay,
            self._clock,
            self._ids,
            "bench",
        )
        processor.wanted = frozenset(Partition(ledger.NAME, number) for number in range(8))
        began, used = time.perf_counter(), self._cpu()
        running = asyncio.create_task(processor.run())
        await asyncio.wait((running, asyncio.create_task(relay.done.wait())), return_when=asyncio.FIRST_COMPLETED)
        counted = Counted(payments, time.perf_counter() - began, self._cpu() - used)
        processor.stop()
        await running
        return counted

    async def rebuild(self) -> Counted:
        """All views, from nothing."""
        views = await connect_views(self.dsn)
        projector = Projector(ENVIRONMENT, SOURCES, self._store, views, self._clock, self._ids)
        began, used = time.perf_counter(), self._cpu()
        events = await projector.rebuild()
        counted = Counted(events, time.perf_counter() - began, self._cpu() - used)
        await views.close()
        return counted

    def _cpu(self) -> float:
        return time.process_time() + sum(cpu_seconds({"postgres": self._server.pid or 0}).values())


class _Watched(DirectRelay):
    """Counts what the ledger has committed; opening balances are not payments."""

    def __init__(self, carrier: MemoryLog, payments: int) -> None:
        super().__init__(carrier)
        self._entries = self._credits = payments
        self.done = asyncio.Event()

    async def publish(self, rows: Sequence[JournalRow], events: Sequence[Event]) -> None:
        await super().publish(rows, events)
        for event in events:
            if isinstance(event, JournalEntryPosted):
                self._entries -= bool(event.payment_id)
            elif isinstance(event, CreditApplied):
                self._credits -= bool(event.payment_id)
        if self._entries <= 0 and self._credits <= 0:
            self.done.set()


def _known(now: Instant) -> dict[RecordKey, Record]:
    configuration = Configuration("Bench", "", products={builders.C2B: ProductScope()}, organisation="000000")
    session = Session(builders.APPLICATION, SessionHash("bench"), now, Instant(now + HOUR_MS))
    return {
        admission.application_key(builders.APPLICATION): Application(builders.APPLICATION, 1, configuration),
        admission.session_key(session.session): session,
    }


def _request(number: int, now: Instant) -> RequestPayment:
    payment: Payment = msgspec.structs.replace(
        builders.payment(f"{number:032x}"),
        payment_id=PaymentId(f"{number:032x}"),
        transaction_id=TransactionId(f"{number:012d}"),
        debited=wallet(builders.APPLICATION, f"25571000{number % 1000:04d}", "TZS"),
        credited=till(builders.APPLICATION, f"{10_000 + number % 100}", "TZS"),
        amount=builders.tzs(1_00),
        asked_at=now,
        deadline=Instant(now + HOUR_MS),
        opens_accounts=True,
    )
    return RequestPayment(payment, SessionHash("bench"))
