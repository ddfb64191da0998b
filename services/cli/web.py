"""The HTTP side of a process: the front, over HTTP and HTTPS, and the proxy for unmodified SDKs.

Read next: mkondo/adapters/http/front.py.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any

import click
import msgspec
from msgspec.structs import replace
from prometheus_client import REGISTRY, Counter, Histogram

from mkondo.adapters.http.addresses import Addresses
from mkondo.adapters.http.callers import Callers
from mkondo.adapters.http.front import Front
from mkondo.adapters.http.pages import pages
from mkondo.adapters.http.proxy import Proxy, Routes
from mkondo.adapters.http.rates import ADDRESS, APPLICATION, Rate
from mkondo.adapters.http.request import Handler
from mkondo.adapters.http.server import CannotListen, HttpServer, Listen
from mkondo.adapters.keys.authority import PUBLIC_HOSTS, Certificates
from mkondo.adapters.keys.tokens import Tokens
from mkondo.adapters.system.ids import SystemIds
from mkondo.domain.decider import record_key
from mkondo.openapi.mozambique.hosts import PORTS
from mkondo.ports.errors import TryLater
from mkondo.runtime import metrics
from mkondo.runtime.parts import Parts
from services.cli.errors import CannotDo
from services.cli.published import published
from services.edge_auth.root import handlers as edge_handlers
from services.payments_ingress.mozambique import Branch, gateway
from services.payments_ingress.root import handlers as ingress_handlers
from services.payments_ingress.root import mozambique_handlers
from services.payments_ingress.settings import Settings as IngressSettings
from services.portal.api.app import PREFIX, management_api

PROBE_SECONDS_MAX = 2.0
DRAIN_SECONDS_MAX = 25.0
"""Longer than any caller may wait for a payment."""
_PAGES_SECONDS_MAX = 5.0
"""What is no operation has this much more to end in."""

deadline_option = click.option(
    "--deadline-ms",
    default=IngressSettings().deadline_ms,
    show_default=True,
    type=click.IntRange(100, IngressSettings().deadline_ms),
    envvar="MKONDO_DEADLINE_MS",
    show_envvar=True,
    help="After it no processor moves a payment's money: it ends as failed.",
)


OFF, DEFAULT, FREE = "off", "default", "free"
MOZAMBIQUE_PORTS: Mapping[str, Mapping[str, int]] = {OFF: {}, DEFAULT: PORTS, FREE: dict.fromkeys(PORTS, 0)}
"""The Mozambique gateway's own ports, by operation, for each of the choices."""

mozambique_ports_option = click.option(
    "--mozambique-ports",
    type=click.Choice(list(MOZAMBIQUE_PORTS)),
    default=OFF,
    show_default=True,
    help="A TLS port for each of the Mozambique gateway's calls: the public numbers, or free ones.",
)


class WebSettings(msgspec.Struct, frozen=True):
    """Where to listen. Port 0 takes a free one; `proxy_port` None: no proxy. The rates are requests a second, 0: any;
    `trusted_proxies` are the addresses and networks whose X-Forwarded-For is believed."""

    host: str = "127.0.0.1"
    port: int = 8080
    https_port: int = 8443
    proxy_port: int | None = 0
    ingress: IngressSettings = IngressSettings()
    mozambique_ports: str = OFF
    rate_per_address: int = 0
    rate_per_application: int = 0
    trusted_proxies: tuple[str, ...] = ()


class Web:
    """Listens for one process; `start`, then `stop`, which drains first if that was not done."""

    def __init__(
        self,
        settings: WebSettings,
        parts: Mapping[str, Parts],
        services: Collection[str],
        ready: Callable[[], bool],
        tokens: Tokens | None = None,
    ) -> None:
        self._settings = settings
        self._parts = parts
        self._ids = SystemIds()
        self._ready = ready
        addresses = Addresses(settings.trusted_proxies, _rate(ADDRESS, settings.rate_per_address))
        self._mounted = {PREFIX: management_api(parts, tokens, addresses)} if tokens and "portal" in services else {}
        handlers = _handlers(parts, services, settings)
        self._front = Front(handlers, self._pages(), self._ids, observe=_observe, addresses=addresses)
        self._servers: dict[str, HttpServer] = {}
        self._mozambique: dict[str, HttpServer] = {}
        self._proxy: Proxy | None = None
        self._draining = False

    def _pages(self) -> Any:
        async def missing() -> Mapping[str, str]:
            if self._draining:
                return {"front": "the process stops: it takes nothing more"}
            if not self._ready():
                return {"processors": "not all partitions are owned, or store or log is out of reach"}
            return {} if await self._store_answers() else {"store": "out of reach"}

        return pages(self._ids, missing, REGISTRY, published(), self._mounted)

    async def _store_answers(self) -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS_MAX):
                for parts in self._parts.values():
                    await parts.facts.record(record_key("application", ""))
        except (TryLater, TimeoutError):
            return False
        return True

    async def start(self, certificates: Certificates | None) -> None:
        """HTTPS only with certificates. Raises CannotDo when an address can't be had."""
        settings = self._settings
        try:
            self._servers["http"] = await HttpServer.start(
                self._front, Listen(settings.host, settings.port, drain_seconds=_PAGES_SECONDS_MAX), self._ids
            )
            if certificates is not None:
                await self._listen_securely(certificates)
            if certificates is not None and settings.proxy_port is not None:
                ports = self._servers["http"].port, self._servers["https"].port
                self._proxy = await Proxy.start(Routes(PUBLIC_HOSTS, *ports), settings.proxy_port)
        except CannotListen as trouble:
            await self.stop()
            raise CannotDo(str(trouble)) from trouble

    async def _listen_securely(self, certificates: Certificates) -> None:
        """HTTPS, and the Mozambique gateway's ports. Each of them answers everything."""
        settings = self._settings
        https = Listen(
            settings.host,
            settings.https_port,
            certificate_file=certificates.certificate_file,
            key_file=certificates.key_file,
            drain_seconds=_PAGES_SECONDS_MAX,
            option="--https-port 0",
        )
        self._servers["https"] = await HttpServer.start(self._front, https, self._ids)
        for operation, port in MOZAMBIQUE_PORTS[settings.mozambique_ports].items():
            listen = replace(https, port=port, option=f"--mozambique-ports {FREE}")
            self._mozambique[operation] = await HttpServer.start(self._front, listen, self._ids)

    def addresses(self) -> dict[str, Any]:
        """The addresses of the ready file (interfaces.md). What is not built is null."""
        http = f"http://{self._settings.host}:{self._servers['http'].port}"
        https = self._servers.get("https")
        return {
            "http": http,
            "https": f"https://{self._settings.host}:{https.port}" if https else None,
            "portal": None,
            "metrics": f"{http}/metrics",
            "proxy": None if self._proxy is None else f"http://127.0.0.1:{self._proxy.port}",
            "mozambique": {operation: server.port for operation, server in self._mozambique.items()},
        }

    def in_hand(self) -> int:
        """How many callers wait for an answer."""
        return self._front.in_hand

    async def drain(self) -> None:
        """Take no more operations, and let those in hand have their answers. The management API, by which a test's
        customer answers what is waited for, is served on."""
        self._draining = True
        await self._front.drain(DRAIN_SECONDS_MAX)

    async def stop(self) -> None:
        """The proxy last: requests that came through it are in hand too, and want their answers."""
        if not self._draining:
            await self.drain()
        for application in self._mounted.values():
            application.state.stopping.set()
        servers = (*self._servers.values(), *self._mozambique.values())
        await asyncio.gather(*(server.stop() for server in servers))
        if self._proxy is not None:
            await self._proxy.stop()


def _handlers(
    parts: Mapping[str, Parts], services: Collection[str], settings: WebSettings
) -> dict[str, dict[str, Handler]]:
    """By environment and operation. Those of no environment find out which one is meant (the Mozambique gateway)."""
    handlers: dict[str, dict[str, Handler]] = {}
    branches: dict[str, Branch] = {}
    for environment, its in parts.items():
        rate = _rate(APPLICATION, settings.rate_per_application)
        callers = Callers(its.keys, its.facts, its.clock, rate)
        edge = edge_handlers(callers=callers, facts=its.facts, log=its.log, desk=its.desk, ids=its.ids)
        ingress, profile = (
            make(
                callers=callers,
                facts=its.facts,
                log=its.log,
                desk=its.desk,
                clock=its.clock,
                ids=its.ids,
                settings=settings.ingress,
            )
            for make in (ingress_handlers, mozambique_handlers)
        )
        offered = {"edge_auth": edge, "payments_ingress": ingress}
        handlers[environment] = {name: each for service in services for name, each in offered.get(service, {}).items()}
        branches[environment] = Branch(callers, profile)
    return handlers | ({"": gateway(branches)} if "payments_ingress" in services else {})


def _rate(of: str, per_second: int) -> Rate | None:
    return Rate(of, per_second, metrics.RATE_LIMITED.labels(of).inc) if per_second else None


@cache
def _answered(operation: str, status: int) -> tuple[Counter, Histogram]:
    """Finding a metric by its labels costs more than counting: each pair is found once."""
    return metrics.REQUESTS.labels(operation, str(status)), metrics.REQUEST_SECONDS.labels(operation)


def _observe(operation: str, status: int, seconds: float) -> None:
    requests, request_seconds = _answered(operation, status)
    requests.inc()
    request_seconds.observe(seconds)
