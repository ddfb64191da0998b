"""The whole platform in one process: both environments, the HTTP front, the views. What `mkondo up` runs.

It starts from the bottom (store, log, processors, front) and stops from the top, so that nothing is taken in that can't
be finished. Read next: hosting.py, web.py.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from mkondo.adapters.callbacks.addresses import rules_of
from mkondo.adapters.callbacks.sender import HttpCallbackSender
from mkondo.adapters.keys.authority import Certificates, ensure_certificates
from mkondo.adapters.keys.ed25519 import load_or_create_signer
from mkondo.adapters.keys.rsa import RsaKeys, UnusableKey, load_or_create
from mkondo.adapters.keys.sealing import load_or_create_sealing
from mkondo.adapters.keys.tokens import Tokens, load_or_create_tokens
from mkondo.adapters.memory.handset import VirtualHandset
from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.postgres.clock import connect_clock_setting
from mkondo.adapters.postgres.databases import ensure_database, environment_dsn
from mkondo.adapters.postgres.digests import connect_digests
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.postgres.server import PostgresServer
from mkondo.adapters.postgres.store import connect_store
from mkondo.adapters.postgres.trouble import CannotServe
from mkondo.adapters.postgres.views import connect_views
from mkondo.adapters.system.clock import SystemClock
from mkondo.adapters.system.ids import SystemIds
from mkondo.adapters.ussd.gateway import UssdGateway
from mkondo.adapters.ussd.settings import BadSetting, UssdSettings, read_settings
from mkondo.domain.environments import SANDBOX
from mkondo.ports.errors import Incompatible, TryLater
from mkondo.ports.log import Log
from mkondo.runtime import garbage
from mkondo.runtime.digests import Proofs
from mkondo.runtime.parts import Parts
from mkondo.runtime.relay import DirectRelay, WatermarkRelay
from mkondo.runtime.replies import ReplyDesk
from mkondo.topology import ENVIRONMENTS
from services.cli.datadir import DataDirectory
from services.cli.errors import CannotDo
from services.cli.files import DIGEST_KEY, OPERATOR_FILE
from services.cli.hosting import Hosted, Outside
from services.cli.logs import connect_kafka_log, prepare_topics, reachable
from services.cli.web import Web, WebSettings
from services.portal.api.grants import OPERATOR

ALL_SERVICES = (
    "edge_auth",
    "payments_ingress",
    "admission",
    "mandates",
    "reversals",
    "ledger",
    "callbacks",
    "projector",
    "portal",
)

Closer = Callable[[], Awaitable[None]]


class PlatformSettings(msgspec.Struct, frozen=True):
    """What one process of the platform runs and where. `kafka` empty: messages are handed over in memory.

    `makes_topics`: missing topics are made, as `mkondo init` would. `shared`: other processes use the directory too; it
    holds nothing but keys and certificates then. `loopback_callbacks`: the sandbox pushes results to this machine too.
    """

    data: Path
    web: WebSettings
    database_url: str = ""
    kafka: str = ""
    makes_topics: bool = False
    shared: bool = False
    services: tuple[str, ...] = ALL_SERVICES
    loopback_callbacks: bool = False


class Platform:
    """`start`, then `wait` until something fails or the caller has had enough, then `stop`."""

    def __init__(self, settings: PlatformSettings) -> None:
        self._settings = settings
        self.directory = DataDirectory(settings.data)
        self.hosted: dict[str, Hosted] = {}
        self.certificates: Certificates | None = None
        self.public_keys: dict[str, str] = {}
        self.web: Web | None = None
        self.tokens: Tokens | None = None
        self._ussd: UssdSettings | None = None
        self._postgres: PostgresServer | None = None
        self._ids = SystemIds()
        self._closers: list[Closer] = []
        self._background: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Returns when a payment can be taken. CannotDo, in one line with the mend, when that can't be."""
        if not self._settings.shared:
            self.directory.open()
        try:
            self._ussd = read_settings(os.environ)
            base = await self._database()
            for environment in ENVIRONMENTS:
                parts = await self._parts(base, environment)
                self.hosted[environment] = Hosted(parts, self._settings.services, self._outside(parts))
            await asyncio.gather(*(hosted.start() for hosted in self.hosted.values()))
            await self._all_ready()
            await self._open_front()
            garbage.settle()
        except (BadSetting, CannotServe, Incompatible, TryLater, UnusableKey) as trouble:
            raise CannotDo(str(trouble)) from trouble

    async def _database(self) -> str:
        if self._settings.database_url:
            return self._settings.database_url
        self._postgres = PostgresServer(self._settings.data / "postgres")
        await self._postgres.start()
        self._background.append(asyncio.create_task(self._postgres.supervise(), name="postgres"))
        return self._postgres.dsn("mkondo")

    async def _parts(self, base: str, environment: str) -> Parts:
        dsn = environment_dsn(base, environment)
        await ensure_database(dsn)
        await initialise(dsn, environment)
        store, views = await connect_store(dsn, environment), await connect_views(dsn)
        digests = await connect_digests(dsn)
        with self.directory.making():
            keys = RsaKeys(load_or_create(self._settings.data / "keys" / f"{environment}.pem"))
            proofs = Proofs(digests, load_or_create_signer(self._settings.data / DIGEST_KEY))
            sealing = load_or_create_sealing(self._settings.data / "keys" / "sealing.key")
        self.public_keys[environment] = keys.public_key()
        clock, log = SystemClock(), await self._log(environment)
        setting = await connect_clock_setting(dsn) if environment == SANDBOX else None
        embedded = isinstance(log, MemoryLog)
        relay = DirectRelay(log) if embedded else WatermarkRelay(store, log, clock, self._ids)
        desk = await ReplyDesk.listening(log, self._ids)
        member = f"{environment}-{self._ids.incarnation()}"
        self._closers += [store.close, views.close, digests.close, log.close, _off_the_loop(keys.close)]
        if setting is not None:
            self._closers.append(setting.close)
        return Parts(
            environment,
            store,
            store,
            log,
            relay,
            views,
            keys,
            desk,
            clock,
            self._ids,
            member,
            setting,
            proofs,
            sealing=sealing,
        )

    def _outside(self, parts: Parts) -> Outside:
        """The sandbox has a virtual handset; live has the way to real ones, where it is configured."""
        sender = HttpCallbackSender(rules_of(parts.environment, loopback=self._settings.loopback_callbacks))
        gateway = None if parts.environment == SANDBOX else self._gateway(parts)
        return Outside(gateway or VirtualHandset(parts.clock), sender)

    def _gateway(self, parts: Parts) -> UssdGateway | None:
        """Live: the way to real handsets, where one is configured."""
        if self._ussd is None:
            return None
        gateway = UssdGateway(self._ussd, parts.clock, self._ids)
        self._closers.append(gateway.close)
        return gateway

    async def _log(self, environment: str) -> Log:
        if not self._settings.kafka:
            return MemoryLog()
        if self._settings.makes_topics:
            await prepare_topics(self._settings.kafka, environment)
        return await connect_kafka_log(self._settings.kafka, environment)

    async def _all_ready(self) -> None:
        """Bounded: a partition that nobody gets to own within a minute is a trouble to be told, not waited out."""
        try:
            async with asyncio.timeout(60):
                while not all(hosted.ready() for hosted in self.hosted.values()):
                    self._fail_early()
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise CannotDo("the processors own no partitions after a minute: see the log above") from None

    async def _open_front(self) -> None:
        """Probes and metrics for every process; HTTPS for those that merchants call."""
        if {"edge_auth", "payments_ingress"} & set(self._settings.services):
            with self.directory.making():
                self.certificates = ensure_certificates(self._settings.data)
        parts = {name: hosted.parts for name, hosted in self.hosted.items()}
        with self.directory.making():
            self.tokens = load_or_create_tokens(self._settings.data / "keys" / "tokens.key")
            if "portal" in self._settings.services:
                self.directory.write_text(OPERATOR_FILE, self.tokens.issue(OPERATOR), 0o600)
        self.web = Web(self._web_settings(), parts, self._settings.services, self.ready, self.tokens)
        await self.web.start(self.certificates)

    def _web_settings(self) -> WebSettings:
        """The ingress asks live customers for approval where there is a way to ask them."""
        web, markets = self._settings.web, self._ussd.markets if self._ussd is not None else ()
        return replace(web, ingress=replace(web.ingress, ussd_markets=markets))

    def ready(self) -> bool:
        """Whether payments can be taken now: what /health/ready says."""
        return all(hosted.ready() and reachable(hosted.parts.log) for hosted in self.hosted.values())

    @property
    def database_url(self) -> str:
        """Where the environments' databases are: what `mkondo verify` needs beside a running platform."""
        return self._postgres.dsn("mkondo") if self._postgres else self._settings.database_url

    def addresses(self) -> dict[str, Any]:
        """The ready file (interfaces.md)."""
        return {} if self.web is None else self.web.addresses()

    def ca_file(self) -> str:
        """What clients must trust for HTTPS."""
        return "" if self.certificates is None else str(self.certificates.ca_file.absolute())

    async def wait(self) -> None:
        """Until a part of the platform fails: its error is raised. None of them ends by itself."""
        done, _ = await asyncio.wait(self._tasks(), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
            raise CannotDo(f"{task.get_name()} has ended unexpectedly")

    async def run_until(self, stop: asyncio.Event) -> None:
        """Until somebody asks to stop, or a part of the platform fails: then its error is raised."""
        asked, failed = asyncio.create_task(stop.wait()), asyncio.create_task(self.wait())
        await asyncio.wait((asked, failed), return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if failed.done():
            failed.result()
        failed.cancel()

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [*self._background, *(task for hosted in self.hosted.values() for task in hosted.tasks())]

    def _fail_early(self) -> None:
        for task in self._tasks():
            if task.done():
                task.result()

    def in_hand(self) -> int:
        """How many callers wait for an answer."""
        return 0 if self.web is None else self.web.in_hand()

    async def drain(self) -> None:
        """Take no new requests, and let those in hand have their answers. Everything else works on meanwhile."""
        if self.web is not None:
            await self.web.drain()

    async def stop(self) -> None:
        """Drain: no new requests, finish what was taken in, then the store."""
        if self.web is not None:
            await self.web.stop()
        for hosted in self.hosted.values():
            await hosted.stop()
        for close in reversed(self._closers):
            await close()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self._postgres is not None:
            await self._postgres.stop()


def _off_the_loop(close: Callable[[], None]) -> Closer:
    """Closing a thread pool waits for what it is doing."""

    async def closer() -> None:
        await asyncio.to_thread(close)

    return closer
