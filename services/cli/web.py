"""The HTTP side of a process: the front, over HTTP and HTTPS, and the proxy for unmodified SDKs.

Read next: mkondo/adapters/http/front.py.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any

import click
import msgspec
from prometheus_client import REGISTRY, Counter, Histogram

from mkondo.adapters.http.callers import Callers
from mkondo.adapters.http.front import Front
from mkondo.adapters.http.pages import pages
from mkondo.adapters.http.proxy import Proxy, Routes
from mkondo.adapters.http.request import Handler
from mkondo.adapters.http.server import CannotListen, HttpServer, Listen
from mkondo.adapters.keys.authority import PUBLIC_HOSTS, Certificates
from mkondo.adapters.keys.tokens import Tokens
from mkondo.adapters.system.ids import SystemIds
from mkondo.domain.decider import record_key
from mkondo.ports.errors import TryLater
from mkondo.runtime import metrics
from mkondo.runtime.parts import Parts
from services.cli.errors import CannotDo
from services.cli.published import published
from services.edge_auth.root import handlers as edge_handlers
from services.payments_ingress.root import handlers as ingress_handlers
from services.payments_ingress.settings import Settings as IngressSettings
from services.portal.api.app import PREFIX, management_api

PROBE_SECONDS_MAX = 2.0

deadline_option = click.option(
    "--deadline-ms",
    default=IngressSettings().deadline_ms,
    show_default=True,
    type=click.IntRange(100, IngressSettings().deadline_ms),
    envvar="MKONDO_DEADLINE_MS",
    show_envvar=True,
    help="After it no processor moves a payment's money: it ends as failed.",
)


class WebSettings(msgspec.Struct, frozen=True):
    """Where to listen. Port 0 takes a free one; `proxy_port` None: no proxy."""

    host: str = "127.0.0.1"
    port: int = 8080
    https_port: int = 8443
    proxy_port: int | None = 0
    ingress: IngressSettings = IngressSettings()


class Web:
    """Listens for one process; `start`, then `stop`, which lets requests in hand have their answers."""

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
        self._mounted = {PREFIX: management_api(parts, tokens)} if tokens and "portal" in services else {}
        handlers = {environment: _handlers(its, services, settings.ingress) for environment, its in parts.items()}
        self._front = Front(handlers, self._pages(), self._ids, observe=_observe)
        self._servers: dict[str, HttpServer] = {}
        self._proxy: Proxy | None = None

    def _pages(self) -> Any:
        async def missing() -> Mapping[str, str]:
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
            self._servers["http"] = await HttpServer.start(self._front, Listen(settings.host, settings.port), self._ids)
            if certificates is not None:
                self._servers["https"] = await HttpServer.start(self._front, _secure(settings, certificates), self._ids)
            if certificates is not None and settings.proxy_port is not None:
                ports = self._servers["http"].port, self._servers["https"].port
                self._proxy = await Proxy.start(Routes(PUBLIC_HOSTS, *ports), settings.proxy_port)
        except CannotListen as trouble:
            await self.stop()
            raise CannotDo(str(trouble)) from trouble

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
            "mozambique": {},
        }

    async def stop(self) -> None:
        """The proxy last: requests that came through it are in hand too, and want their answers."""
        await asyncio.gather(*(server.stop() for server in self._servers.values()))
        if self._proxy is not None:
            await self._proxy.stop()


def _secure(settings: WebSettings, certificates: Certificates) -> Listen:
    return Listen(
        settings.host,
        settings.https_port,
        certificate_file=certificates.certificate_file,
        key_file=certificates.key_file,
    )


def _handlers(parts: Parts, services: Collection[str], settings: IngressSettings) -> dict[str, Handler]:
    callers = Callers(parts.keys, parts.facts, parts.clock)
    edge = edge_handlers(callers=callers, facts=parts.facts, log=parts.log, desk=parts.desk, ids=parts.ids)
    ingress = ingress_handlers(
        callers=callers,
        facts=parts.facts,
        log=parts.log,
        desk=parts.desk,
        clock=parts.clock,
        ids=parts.ids,
        settings=settings,
    )
    offered = {"edge_auth": edge, "payments_ingress": ingress}
    return {name: handler for service in services for name, handler in offered.get(service, {}).items()}


@cache
def _answered(operation: str, status: int) -> tuple[Counter, Histogram]:
    """Finding a metric by its labels costs more than counting: each pair is found once."""
    return metrics.REQUESTS.labels(operation, str(status)), metrics.REQUEST_SECONDS.labels(operation)


def _observe(operation: str, status: int, seconds: float) -> None:
    requests, request_seconds = _answered(operation, status)
    requests.inc()
    request_seconds.observe(seconds)
