"""Connections to merchants: opened to addresses that were judged, kept for a moment, used again by their origin only.

Why a kept connection needs no second judgement: its other end is the address that was judged when it was opened, and
stays that for as long as it is open, whatever the name says meanwhile. The next one that is opened asks the name anew.
It is found again under the same scheme, name and port only, for which its certificate was checked: another name at the
same address opens its own. Read next: addresses.py, sender.py.
"""

import errno
import socket
import ssl
import time
from collections import OrderedDict
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from mkondo.adapters.callbacks.addresses import NOT_PUBLIC, Callee, NotAllowed, Rules, addresses_of, is_allowed
from mkondo.adapters.callbacks.names import Names

IDLE_SECONDS = 5.0
"""How long a connection is kept that nobody uses."""
ORIGINS_KEPT = 64
"""To how many origins connections are kept at once: so many times the places of one host are the files it takes."""


@dataclass
class Went:
    """How a request went: give it to the session as `trace_request_ctx`. `again`: over a connection used before."""

    again: bool = False


async def _note(
    session: aiohttp.ClientSession, context: SimpleNamespace, _: aiohttp.TraceConnectionReuseconnParams
) -> None:
    context.trace_request_ctx.again = True


def _tracing() -> aiohttp.TraceConfig:
    config = aiohttp.TraceConfig()
    config.on_connection_reuseconn.append(_note)
    return config


class Connections:
    """Sessions of aiohttp, without its redirects, cookies, proxies and guesses. Make it in a running event loop."""

    def __init__(self, rules: Rules, names: Names, trusted: ssl.SSLContext | None, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._rules, self._resolver = rules, JudgedNames(names, rules)
        self._trusted = trusted or ssl.create_default_context()
        self._called: OrderedDict[str, float] = OrderedDict()
        self._kept = self._open(keep=True)
        self.unkept = self._open(keep=False)
        """Always a new connection, closed afterwards."""

    def _open(self, *, keep: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0,
            use_dns_cache=False,
            resolver=self._resolver,
            socket_factory=self._socket,
            ssl=self._trusted,
            **{"keepalive_timeout": self._idle_seconds} if keep else {"force_close": True},
        )
        return aiohttp.ClientSession(
            connector=connector,
            trace_configs=[_tracing()] if keep else None,
            timeout=aiohttp.ClientTimeout(),  # the sender's own is for everything together
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("accept", "accept-encoding"),
        )

    def session(self, callee: Callee) -> aiohttp.ClientSession:
        """What to call it by. Connections are kept for those who were called moments ago, as far as there is room."""
        called, now = self._called, time.monotonic()
        while called and next(iter(called.values())) < now - self._idle_seconds:
            called.popitem(last=False)
        if callee.origin not in called and len(called) >= ORIGINS_KEPT:
            return self.unkept
        called[callee.origin] = now
        called.move_to_end(callee.origin)
        return self._kept

    def broken(self, callee: Callee) -> None:
        """A connection to it has ended without an answer: those who do that keep none open."""
        self._called.pop(callee.origin, None)

    def _socket(self, address: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """The last wall: whatever the library asks for, no socket is made for an address that is not allowed."""
        family, kind, protocol, _, (host, *_) = address
        if not is_allowed(str(host), self._rules):
            raise PermissionError(errno.EACCES, NOT_PUBLIC)
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        await self._kept.close()
        await self.unkept.close()


class JudgedNames(AbstractResolver):
    """Asked by aiohttp for each connection that it opens to a name."""

    def __init__(self, names: Names, rules: Rules) -> None:
        self._names, self._rules = names, rules

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await addresses_of(host, port, self._rules, self._names)
        ]

    async def close(self) -> None:
        """Nothing is kept."""


def url_of(callee: Callee) -> URL:
    """As it was written: nothing is quoted anew. Raises NotAllowed."""
    try:
        return URL(f"{callee.origin}{callee.path}", encoded=True)
    except ValueError as trouble:
        raise NotAllowed("no address") from trouble
