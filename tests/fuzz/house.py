"""The whole platform in one process and in memory: the real front, handlers, deciders, runtime, projector; no socket.

Two applications with the same shortcode and the same customers live in it: each can try the other's references.
Requests go straight into the ASGI front. Read next: shapes.py for what every answer is held to, then orders.py.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from prometheus_client import CollectorRegistry

from mkondo.adapters.client.client import encrypt
from mkondo.adapters.http.bearer import hash_of
from mkondo.adapters.http.callers import Callers
from mkondo.adapters.http.front import Front
from mkondo.adapters.http.pages import pages
from mkondo.adapters.keys.rsa import RsaKeys
from mkondo.adapters.memory.audit import MemoryAudit
from mkondo.adapters.memory.handset import VirtualHandset
from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.adapters.system.clock import SystemClock
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts import codec
from mkondo.contracts.journal import Partition
from mkondo.domain import admission
from mkondo.domain.application import HOUR_MS, STRICT, Configuration, ConfigureApplication, ProductScope, Switches
from mkondo.domain.decider import Event
from mkondo.domain.delivery import Receipt
from mkondo.domain.ids import PARTITIONS, ApplicationId, partition_of
from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.ports.callback_sender import Callback
from mkondo.runtime.audit.report import Report
from mkondo.runtime.audit.verify import verify_store
from mkondo.runtime.parts import Parts
from mkondo.runtime.relay import DirectRelay
from mkondo.runtime.replies import ReplyDesk
from services.cli.hosting import STOPPING_ORDER, Hosted, Outside
from services.edge_auth.root import handlers as edge_handlers
from services.payments_ingress.root import handlers as ingress_handlers

ENVIRONMENT = "sandbox"
LENIENT_SHOP, STRICT_SHOP = ApplicationId("shop"), ApplicationId("strict-shop")
_KEY = generate_private_key(65537, 2048)
_START_SECONDS = 20
_PAGE = 10_000_000
_SESSION_MS = 400 * 24 * HOUR_MS


class Answer(NamedTuple):
    status: int
    body: bytes

    @property
    def says(self) -> dict[str, Any]:
        """The body, its keys in the order in which they stand there."""
        said: dict[str, Any] = json.loads(self.body)
        return said

    @property
    def code(self) -> str:
        return str(self.says["output_ResponseCode"])


class Nowhere:
    """A `CallbackSender` for shops that wait for every answer: there is nothing to send."""

    async def send(self, callback: Callback) -> Receipt:
        raise AssertionError(f"nobody has asked for {callback.id}")

    async def close(self) -> None: ...


class Shop(NamedTuple):
    """An application and how it shows who it is."""

    application: ApplicationId
    switches: Switches
    bearer: bytes


class House:
    """The sandbox of one platform. `clock` may be moved."""

    def __init__(self, parts: Parts, store: MemoryStore, views: MemoryViews, clock: SystemClock, keys: RsaKeys) -> None:
        self.clock = clock
        self.shops: dict[ApplicationId, Shop] = {}
        self._parts = parts
        self._store = store
        self._views = views
        self._keys = keys
        self._hosted = Hosted(parts, (*STOPPING_ORDER, "projector"), Outside(VirtualHandset(clock), Nowhere()))
        self._front = self._served()

    def _served(self) -> Front:
        parts, callers = self._parts, Callers(self._keys, self._store, self.clock)
        facts, log, desk, ids = parts.facts, parts.log, parts.desk, parts.ids
        handlers = {
            **edge_handlers(callers=callers, facts=facts, log=log, desk=desk, ids=ids),
            **ingress_handlers(callers=callers, facts=facts, log=log, desk=desk, clock=self.clock, ids=ids),
        }

        async def ready() -> dict[str, str]:
            return {}

        return Front({ENVIRONMENT: handlers}, pages(ids, ready, CollectorRegistry(), {}), ids)

    async def open(self) -> None:
        await self._hosted.start()
        async with asyncio.timeout(_START_SECONDS):
            while not self._hosted.ready():
                await asyncio.sleep(0)
        await self._open_shop(LENIENT_SHOP, Switches())
        await self._open_shop(STRICT_SHOP, STRICT)

    async def _open_shop(self, application: ApplicationId, switches: Switches) -> None:
        """An application with every product, and a session of its own."""
        api_key = secrets.token_hex(16)
        products = {name: ProductScope() for name in OPERATIONS if name != "get_session"}
        configuration = Configuration(
            str(application), hash_of(api_key), products, session_lifetime_ms=_SESSION_MS, switches=switches
        )
        with self._parts.desk.ask(application) as question:
            command = ConfigureApplication(application, configuration, reply_to=question.reply_to)
            await self._parts.log.send_command(Partition(admission.NAME, partition_of(application)), command)
            await question.answer()
        opened = await self.send("GET", "vodacomTZN/getSession/", self._bearer(api_key))
        bearer = self._bearer(opened.says["output_SessionID"])
        self.shops[application] = Shop(application, switches, bearer)

    def _bearer(self, secret: str) -> bytes:
        return f"Bearer {encrypt(secret, self._keys.public_key())}".encode()

    async def call(
        self, shop: Shop, operation: Operation, market: str, *, query: bytes = b"", body: bytes = b""
    ) -> Answer:
        return await self.send(operation.method, f"{market}/{operation.path}", shop.bearer, query, body)

    async def send(self, method: str, path: str, bearer: bytes, query: bytes = b"", body: bytes = b"") -> Answer:
        """One request, as the server would hand it to the front."""
        headers = [(b"authorization", bearer), (b"origin", b"*"), (b"content-length", b"%d" % len(body))]
        scope = {
            "type": "http",
            "method": method,
            "path": f"/{ENVIRONMENT}/ipg/v2/{path}",
            "query_string": query,
            "headers": headers,
            "client": ("127.0.0.1", 1),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._front(scope, receive, send)
        assert not any(task.done() for task in self._hosted.tasks()), f"a processor died of {method} {path} {body!r}"
        return Answer(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]))

    async def events(self, decider: str) -> list[Event]:
        """All that has happened there."""
        sources = [f"{decider}/{number}" for number in range(PARTITIONS)]
        rows = [row for source in sources for row in await self._store.read_journal(source, 0, _PAGE)]
        return [codec.decode(row.type, row.version, row.data) for row in rows]

    async def close(self) -> Report:
        """Stop as a process does, everything in hand done, and audit what is left."""
        await self._hosted.stop()
        return await verify_store(MemoryAudit(self._store, self._views))


@asynccontextmanager
async def open_house() -> AsyncIterator[House]:
    """A house whose books are in order when it is left."""
    clock, ids, log, keys = SystemClock(), SystemIds(), MemoryLog(), RsaKeys(_KEY)
    store, views = MemoryStore(clock), MemoryViews()
    desk = await ReplyDesk.listening(log, ids)
    parts = Parts(ENVIRONMENT, store, store, log, DirectRelay(log), views, keys, desk, clock, ids, "house")
    house = House(parts, store, views, clock, keys)
    try:
        await house.open()
        yield house
    except BaseException:
        await house.close()
        raise
    report = await house.close()
    assert not report.problems, report.problems
