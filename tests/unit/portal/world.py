"""The management API over a core that really decides, in memory: processors, views, and a clock that stands.

Both environments are there; an application is made through the API, as anybody would. Read next: test_applications.py.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from msgspec.structs import replace

from mkondo.adapters.http.bearer import hash_of
from mkondo.adapters.keys.ed25519 import Ed25519Signer
from mkondo.adapters.keys.sealing import AesSealing
from mkondo.adapters.memory.digests import MemoryDigests
from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.journal import Partition
from mkondo.domain import admission
from mkondo.domain.account import till, wallet
from mkondo.domain.decider import Message, ReplyTo
from mkondo.domain.environments import ENVIRONMENTS
from mkondo.domain.ids import ApplicationId, PaymentId, SessionHash, partition_of
from mkondo.domain.payment import PaymentCompleted, PaymentFailed, RequestPayment
from mkondo.domain.request import RequestRejected
from mkondo.domain.session import OpenSession, SessionOpened
from mkondo.runtime.digests import Proofs
from mkondo.runtime.ownership import Ownership
from mkondo.runtime.parts import Parts
from mkondo.runtime.processor import ProcessorSettings
from mkondo.runtime.projector import Projector
from mkondo.runtime.relay import DirectRelay
from mkondo.runtime.replies import ReplyDesk
from mkondo.testing.builders import later, payment, tzs
from mkondo.topology import DECIDERS
from services.portal.api.app import management_api
from services.portal.api.grants import subject_of_user
from services.projector.root import SOURCES
from tests.unit.portal.test_access import TOKENS
from tests.unit.runtime.house import HandClock

OPERATOR = "operator"
ASHA = subject_of_user("asha", "developer", "shop")
JUMA = subject_of_user("juma", "organisation", "shop")
STRANGER = subject_of_user("eve", "developer", "other")

SEALING = AesSealing({"k1": b"k" * 32})
CUSTOMER = "255744000001"

SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"k" * 32))

Said = dict[str, Any]


class Core:
    """One environment: admission and the ledger decide, the projector follows when it is told to."""

    def __init__(self, environment: str, clock: HandClock) -> None:
        self.environment, self.clock = environment, clock
        self.store, self.log, self.views, self.ids = MemoryStore(clock), MemoryLog(), MemoryViews(), SystemIds()
        self.proofs = Proofs(MemoryDigests(self.store), SIGNER)
        self.projector = Projector(environment, SOURCES, self.store, self.views, clock, self.ids)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self.desk = await ReplyDesk.listening(self.log, self.ids)
        keys: Any = None
        self.parts = Parts(
            self.environment, self.store, self.store, self.log, DirectRelay(self.log), self.views, keys,
            self.desk, self.clock, self.ids, "m1", proofs=self.proofs, sealing=SEALING,
        )  # fmt: skip
        settings = ProcessorSettings(idle_seconds=0.01)
        processors = [self.parts.processor(name, settings) for name in DECIDERS]
        await Ownership(self.store, "m1", processors, self.clock).claim()
        self._tasks = [asyncio.create_task(processor.run()) for processor in processors]
        async with asyncio.timeout(5):
            while not all(processor.wanted <= set(processor.owned()) for processor in processors):
                await asyncio.sleep(0)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ask(self, asked: str, application: str, command: Callable[[ReplyTo], Message]) -> Message:
        """What admission, or whoever it hands on to, answers to a merchant's command."""
        with self.desk.ask(asked) as question:
            owner = Partition(admission.NAME, partition_of(application))
            await self.log.send_command(owner, command(question.reply_to))
            async with asyncio.timeout(5):
                return await question.answer()


class World:
    """The API, and what merchants would do beside it."""

    def __init__(self, api: FastAPI, cores: dict[str, Core], clock: HandClock) -> None:
        self.api, self.cores, self.clock = api, cores, clock
        self.views_stand = False
        self.last = 0
        """The number of the session or payment that was asked for last."""

    def stop(self) -> None:
        """As when the process stops: nobody is kept waiting any longer."""
        self.api.state.stopping.set()

    async def call(self, method: str, path: str, body: Any = None, *, by: str = OPERATOR) -> Response:
        """A path such as `sandbox/applications`; the views are brought up to date first, unless they are to stand."""
        for core in self.cores.values() if not self.views_stand else ():
            await core.projector.catch_up()
        headers = {"Authorization": f"Bearer {TOKENS.issue(by)}"}
        headers["Accept"] = "application/json"
        async with AsyncClient(transport=ASGITransport(self.api), base_url="http://mkondo") as client:
            return await client.request(method, f"/{path}", json=body, headers=headers)

    async def said(self, method: str, path: str, body: Any = None, *, by: str = OPERATOR) -> Any:
        answer = await self.call(method, path, body, by=by)
        assert answer.is_success, answer.text
        return answer.json()

    async def refused(self, status: int, method: str, path: str, body: Any = None, *, by: str = OPERATOR) -> Said:
        answer = await self.call(method, path, body, by=by)
        assert answer.status_code == status, answer.text
        said: Said = answer.json()
        assert said.keys() == {"error", "mend"} and said["error"] and said["mend"], said
        return said

    async def session(self, application: str, api_key: str) -> SessionHash | None:
        """A session that was opened with this key; None when it was refused."""
        session = SessionHash(f"{self._next():064x}")
        answer = await self.cores["sandbox"].ask(
            session, application, lambda to: OpenSession(ApplicationId(application), session, to, hash_of(api_key))
        )
        return session if isinstance(answer, SessionOpened) else None

    async def pay(self, application: str, session: SessionHash, minor: int = 10_00) -> str:
        """The code with which a payment of a customer, to an application of the shop, is answered."""
        name, now = PaymentId(f"{self._next():032x}"), self.clock.now()
        asked = payment(
            name,
            tzs(minor),
            application=ApplicationId(application),
            organisation="shop",
            debited=wallet(application, CUSTOMER, "TZS"),
            credited=till(application, "000000", "TZS"),
            customer=CUSTOMER,
            opens_accounts=True,
            asked_at=now,
            deadline=later(20_000, now),
        )
        answer = await self.cores["sandbox"].ask(
            name, application, lambda to: RequestPayment(replace(asked, reply_to=to), session)
        )
        assert isinstance(answer, PaymentCompleted | PaymentFailed | RequestRejected), answer
        return answer.code

    def _next(self) -> int:
        self.last += 1
        return self.last


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """Gone, with all that runs in it, when it is left."""
    clock = HandClock()
    cores = {name: Core(name, clock) for name in ENVIRONMENTS}
    try:
        for core in cores.values():
            await core.start()
        yield World(management_api({name: core.parts for name, core in cores.items()}, TOKENS), cores, clock)
    finally:
        for core in cores.values():
            await core.stop()
