"""A small world around the edge: real keys, a memory store, and a core that answers commands in the same turn.

The core stands behind the Log port. It writes what the real deciders would have written, so that queries find it; how
it answers a payment is a test's to choose.
"""

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import load_der_public_key
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from mkondo.adapters.http.addresses import Addresses
from mkondo.adapters.http.bearer import hash_of
from mkondo.adapters.http.callers import Callers
from mkondo.adapters.http.front import App, Front, Limits, Observe
from mkondo.adapters.http.pages import Document, pages
from mkondo.adapters.http.rates import Rate
from mkondo.adapters.http.request import Handler
from mkondo.adapters.keys.rsa import RsaKeys
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.system.clock import SystemClock
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.codec import encode
from mkondo.contracts.journal import (
    JournalRow,
    Partition,
    PartitionBatch,
    StoredOutcome,
    StoredRecord,
    StoredReference,
)
from mkondo.contracts.records import encode_event, encode_record
from mkondo.domain import admission, mandates
from mkondo.domain.application import ApiKey, Application, Configuration, ProductScope
from mkondo.domain.decider import Event, Message, Record, ReplyTo
from mkondo.domain.facts import names_of
from mkondo.domain.ids import ApplicationId, Instant, RecordKey, SessionHash, partition_of
from mkondo.domain.limits import APPLICABLE
from mkondo.domain.markets import MARKETS
from mkondo.domain.organisation import Organisation
from mkondo.domain.payment import (
    Payment,
    PaymentAdmitted,
    PaymentCompleted,
    PaymentEnded,
    PaymentReserved,
    RequestPayment,
)
from mkondo.domain.request import MakeRequest, Request, RequestAdmitted, RequestAnswered
from mkondo.domain.session import OpenSession, Session, SessionOpened
from mkondo.ports.log import Inbox, ReplyHandler
from mkondo.runtime.replies import ReplyDesk
from mkondo.testing.builders import SESSION
from services.edge_auth import root as edge_auth
from services.edge_auth.settings import Settings as AuthSettings
from services.payments_ingress import root as payments_ingress
from services.payments_ingress.mozambique import Branch, gateway
from services.payments_ingress.settings import Settings as PaySettings

KEY = generate_private_key(65537, 2048)
API_KEY = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE"
APPLICATION = ApplicationId("app-1")
PRODUCTS = ("c2b_single_stage", "query_transaction_status", "b2c_payment", "b2b_payment")
HOUR_MS = 3_600_000

Answering = Callable[["Core", RequestPayment], Awaitable[None]]
Opening = Callable[["Core", OpenSession], Awaitable[None]]
Ordering = Callable[["Core", MakeRequest], Awaitable[None]]


def configuration(**changes: object) -> Configuration:
    usual = Configuration(
        name="Shop", api_key_hash=hash_of(API_KEY), products={name: ProductScope() for name in PRODUCTS}
    )
    return replace(usual, **changes)


async def completes(core: "Core", command: RequestPayment) -> None:
    """What usually happens: the payment is posted."""
    await core.end(PaymentCompleted(command.payment), command)


async def opens(core: "Core", command: OpenSession) -> None:
    """What usually happens: the session is stored, then told."""
    opened = await core.open_session(command)
    core.reply(opened)


async def creates_mandates(core: "Core", command: MakeRequest) -> None:
    """What the owner of mandates says who has none yet."""
    for event in mandates.decide(RequestAdmitted(command.request, command.session, 1), {}, core.now()):
        await core.know(event, command.request.application)
        if isinstance(event, RequestAnswered):
            core.reply(event)


class Core:
    """A Log whose other end is here. Everything it was sent is kept in `commands`."""

    def __init__(self, store: MemoryStore, clock: SystemClock) -> None:
        self.commands: list[Message] = []
        self.answering: Answering = completes
        self.opening: Opening = opens
        self.ordering: Ordering = creates_mandates
        self._arrival = asyncio.Event()
        self._store = store
        self._clock = clock
        self._handler: ReplyHandler | None = None

    async def send_command(self, partition: Partition, command: Message) -> None:
        self.commands.append(command)
        self._arrival.set()
        match command:
            case OpenSession():
                assert partition == Partition("admission", partition_of(command.application))
                await self.opening(self, command)
            case RequestPayment():
                assert partition == Partition("admission", partition_of(command.payment.application))
                await self.answering(self, command)
            case MakeRequest():
                assert partition == Partition("admission", partition_of(command.request.application))
                await self.ordering(self, command)

    async def asked_for(self, payments: int) -> None:
        """Until that many payments have been asked for."""
        async with asyncio.timeout(5):
            while len(self.payments) < payments:
                self._arrival.clear()
                await self._arrival.wait()

    async def open_session(self, command: OpenSession) -> SessionOpened:
        now = self._clock.now()
        await self.add_session(
            Session(command.application, command.session, now, Instant(now + HOUR_MS), command.api_key_hash, 1)
        )
        return SessionOpened(command.application, command.session, now, now, command.reply_to)

    async def add_session(self, session: Session) -> None:
        await self.put(admission.session_key(session.session), session)

    async def end(self, ended: PaymentEnded, command: RequestPayment) -> None:
        await self.admit(command)
        await self.finish(ended)
        self.reply(ended)

    async def admit(self, command: RequestPayment) -> None:
        await self._refer(command.payment, PaymentAdmitted(command.payment, command.session, 1))

    async def admit_request(self, request: Request) -> None:
        await self._refer(request, RequestAdmitted(request, SESSION, 1))

    async def _refer(self, about: Payment | Request, event: PaymentAdmitted | RequestAdmitted) -> None:
        """The reference row, as admission writes it."""
        reference = StoredReference(
            about.application,
            about.third_party_conversation_id,
            about.transaction_id,
            about.conversation_id,
            encode_event(event, encode(event)),
        )
        await self._commit(about.application, references=(reference,))

    async def answer_request(self, answered: RequestAnswered) -> None:
        await self.know(answered, answered.request.application)

    async def finish(self, ended: PaymentEnded | PaymentReserved) -> None:
        await self.know(ended, ended.payment.application)

    async def know(self, event: Event, application: ApplicationId) -> None:
        """The facts of an event, as the processor that decides it writes them."""
        facts = tuple(StoredOutcome(name, encode_event(event, encode(event))) for name in names_of(event))
        await self._commit(application, outcomes=facts)

    def now(self) -> Instant:
        return self._clock.now()

    async def put(self, key: RecordKey, record: Record) -> None:
        await self._commit("x", records={key: StoredRecord(encode_record(record))})

    async def _commit(
        self,
        name: str,
        *,
        records: dict[RecordKey, StoredRecord | None] | None = None,
        references: tuple[StoredReference, ...] = (),
        outcomes: tuple[StoredOutcome, ...] = (),
    ) -> None:
        state = await self._store.acquire(Partition("admission", partition_of(name)), "core")
        await self._store.commit([PartitionBatch(state, state, (), records or {}, references, outcomes)])

    def reply(self, message: Message, incarnation: str = "") -> None:
        assert self._handler is not None
        self._handler(incarnation or self.incarnation, message)

    @property
    def incarnation(self) -> str:
        """Of whoever asked last."""
        command = self.commands[-1]
        match command:
            case RequestPayment(payment=asked) | MakeRequest(request=asked):
                reply_to = asked.reply_to
            case _:
                reply_to = getattr(command, "reply_to", None)
        assert isinstance(reply_to, ReplyTo)
        return reply_to.incarnation

    @property
    def payments(self) -> list[Payment]:
        return [command.payment for command in self.commands if isinstance(command, RequestPayment)]

    async def listen(self, handler: ReplyHandler) -> int:
        self._handler = handler
        return 7

    async def attach(self, partition: Partition, inbox: Inbox) -> None: ...
    async def detach(self, partition: Partition) -> None: ...
    async def publish(self, rows: Sequence[JournalRow], messages: Sequence[Message]) -> None: ...
    async def send_replies(self, replies: Sequence[tuple[ReplyTo, Message]]) -> None: ...
    async def close(self) -> None: ...


class World:
    """Both environments' edge, each with its own store and core, behind one front."""

    def __init__(
        self,
        front: Front,
        cores: dict[str, Core],
        keys: RsaKeys,
        stores: dict[str, MemoryStore],
        clock: SystemClock,
        ids: SystemIds,
    ) -> None:
        self.clock = clock
        self.ids = ids
        self.keys_of: dict[tuple[str, ApplicationId], str] = {}
        """The hash of each application's API key, with which its sessions are opened."""
        self.front = front
        self.cores = cores
        self.core = cores["sandbox"]
        self.stores = stores
        self.store = stores["sandbox"]
        self.keys = keys

    async def configure(
        self, application: ApplicationId = APPLICATION, environment: str = "sandbox", **changes: object
    ) -> None:
        """Create or replace an application, as admission would have."""
        core, configured = self.cores[environment], configuration(**changes)
        self.keys_of[environment, application] = configured.api_key_hash
        if configured.organisation:
            everything = Organisation(dict.fromkeys(MARKETS, tuple(APPLICABLE)))
            await core.put(admission.organisation_key(configured.organisation, application), everything)
        await core.put(admission.application_key(application), Application(application, 1, configured))
        await core.put(admission.api_key_key(configured.api_key_hash), ApiKey(application))

    async def session(
        self,
        application: ApplicationId = APPLICATION,
        environment: str = "sandbox",
        *,
        live_in_ms: int = -1,
        lasts_ms: int = HOUR_MS,
        revoked: bool = False,
    ) -> str:
        """A session id that admission has opened."""
        session_id = secrets.token_hex(16)
        key = "of another key" if revoked else self.keys_of[environment, application]
        live_from = Instant(self.clock.now() + live_in_ms)
        ends = Instant(live_from + lasts_ms)
        session = Session(application, SessionHash(hash_of(session_id)), live_from, ends, key, 1)
        await self.cores[environment].add_session(session)
        return session_id

    def bearer(self, secret: str) -> dict[str, str]:
        """The headers a client sends, with the secret encrypted anew."""
        return {"Authorization": f"Bearer {encrypt(self.keys.public_key(), secret)}", "Origin": "*"}


def encrypt(public_key: str, secret: str) -> str:
    key = load_der_public_key(base64.b64decode(public_key))
    assert isinstance(key, RSAPublicKey)
    return base64.b64encode(key.encrypt(secret.encode(), PKCS1v15())).decode()


async def build(
    *,
    pay: PaySettings | None = None,
    auth: AuthSettings | None = None,
    limits: Limits | None = None,
    observe: Observe | None = None,
    page: App | None = None,
    addresses: Addresses | None = None,
    rates: Mapping[str, Rate] = MappingProxyType({}),
) -> World:
    """A world with one configured application, APPLICATION, in the sandbox. `rates` are those of applications, by
    environment."""
    ids, clock, keys = SystemIds(), SystemClock(), RsaKeys(KEY)
    stores = {name: MemoryStore(clock) for name in ("sandbox", "openapi")}
    cores = {name: Core(store, clock) for name, store in stores.items()}
    handlers: dict[str, dict[str, Handler]] = {}
    branches: dict[str, Branch] = {}
    for name, store in stores.items():
        core, callers = cores[name], Callers(keys, store, clock, rates.get(name))
        desk = await ReplyDesk.listening(core, ids)
        edge = edge_auth.handlers(callers=callers, facts=store, log=core, desk=desk, ids=ids, settings=auth)
        ingress, mozambique = (
            make(callers=callers, facts=store, log=core, desk=desk, clock=clock, ids=ids, settings=pay)
            for make in (payments_ingress.handlers, payments_ingress.mozambique_handlers)
        )
        handlers[name] = edge | ingress
        branches[name] = Branch(callers, mozambique)
    handlers[""] = gateway(branches)

    async def ready() -> dict[str, str]:
        return {}

    documents = {"/docs/m-pesa-openapi.json": Document("application/json", b'{"openapi":"3.1.0"}')}
    front = Front(handlers, page or pages(ids, ready, CollectorRegistry(), documents), ids, limits, observe, addresses)
    world = World(front, cores, keys, stores, clock, ids)
    await world.configure()
    return world


def c2b(**changes: object) -> dict[str, object]:
    """A good request body, with a new ThirdPartyConversationID."""
    return {
        "input_Amount": "10.00",
        "input_CustomerMSISDN": "255744553111",
        "input_Country": "TZN",
        "input_Currency": "TZS",
        "input_ServiceProviderCode": "000000",
        "input_TransactionReference": "T12344C",
        "input_ThirdPartyConversationID": secrets.token_hex(16),
        "input_PurchasedItemsDesc": "Handbag, Black shoes",
    } | changes


def b2c(**changes: object) -> dict[str, object]:
    """A good body that pays a customer."""
    fields = {name: value for name, value in c2b().items() if name != "input_PurchasedItemsDesc"}
    return fields | {"input_PaymentItemsDesc": "Salary payment"} | changes


def b2b(**changes: object) -> dict[str, object]:
    """A good body that pays another organisation."""
    own = ("input_CustomerMSISDN", "input_ServiceProviderCode")
    fields = {name: value for name, value in c2b().items() if name not in own}
    return fields | {"input_PrimaryPartyCode": "000000", "input_ReceiverPartyCode": "ORG002"} | changes


def status_of(reference: str, **changes: object) -> dict[str, str]:
    """Good query parameters."""
    return {
        "input_QueryReference": reference,
        "input_ServiceProviderCode": "000000",
        "input_ThirdPartyConversationID": secrets.token_hex(16),
        "input_Country": "TZN",
    } | {name: str(value) for name, value in changes.items()}
