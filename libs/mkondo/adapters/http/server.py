"""A listening server inside the event loop that is running: HTTP, or HTTPS with the local authority's certificate.

uvicorn's protocol does the work; its server, with its signal handlers, banners and polling, is not used. Read next:
protocol.py.
"""

import asyncio
import contextlib
import errno
import socket
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any, Self

import msgspec
from uvicorn import Config
from uvicorn.server import ServerState

from mkondo.adapters.http.front import App
from mkondo.adapters.http.open_files import connections_max
from mkondo.adapters.http.protocol import ContractProtocol, Patience, Refusals
from mkondo.domain import reasons
from mkondo.openapi import render
from mkondo.ports.ids import Ids

BACKLOG = 2048
_FLUSH_SECONDS_MAX = 2.0
_HANDSHAKE_SECONDS_MAX = 10.0
"""Before it is over nobody counts the connection: a stranger could hold as many as the system has."""


class CannotListen(Exception):
    """The address can't be had. The text says which, and what to do."""


class Listen(msgspec.Struct, frozen=True):
    """Where and how to listen. Port 0 takes a free one. `keep_alive_seconds` is at least 75 (contract section 12);
    `drain_seconds` is longer than a caller may wait for a payment."""

    host: str = "127.0.0.1"
    port: int = 0
    certificate_file: Path | None = None
    key_file: Path | None = None
    keep_alive_seconds: int = 80
    drain_seconds: float = 25
    option: str = "--port 0"
    """How a person asks for a free port instead of this one."""


class HttpServer:
    """One listening socket and its connections."""

    def __init__(self, listener: socket.socket, state: ServerState, drain_seconds: float) -> None:
        self.port: int = listener.getsockname()[1]
        """The port that was really taken."""
        self._state = state
        self._drain_seconds = drain_seconds
        self._server: asyncio.Server | None = None
        self._clock: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    @classmethod
    async def start(cls, app: App, listen: Listen, ids: Ids, patience: Patience | None = None) -> Self:
        """Listen, and serve `app` from now on. Raises CannotListen."""
        listener, state, config = bind(listen.host, listen.port, listen.option), ServerState(), _configure(app, listen)
        config.load()
        server = cls(listener, state, listen.drain_seconds)
        make = partial(
            ContractProtocol,
            config,
            state,
            {},
            refusals=_refusals(ids),
            patience=patience or Patience(connections_max=connections_max(Patience().connections_max)),
            empty=server._empty,
        )
        server._tell_the_date()
        loop = asyncio.get_running_loop()
        handshake = _HANDSHAKE_SECONDS_MAX if config.ssl else None
        server._server = await loop.create_server(
            make, sock=listener, ssl=config.ssl, ssl_handshake_timeout=handshake, backlog=BACKLOG
        )
        return server

    async def stop(self) -> None:
        """Take no more connections, let the requests in hand have their answers, then close.

        What takes longer than `drain_seconds` is cancelled: the front tells those callers that nobody knows.
        """
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            _, late = await asyncio.wait(self._state.tasks, timeout=self._drain_seconds)
            for task in late:
                task.cancel()
            if late:  # one whose client does not read can't even say that it was cancelled
                await asyncio.wait(late, timeout=_FLUSH_SECONDS_MAX)
        await self._close_connections()
        if self._clock is not None:
            self._clock.cancel()

    async def _close_connections(self) -> None:
        """Politely, so that last answers are flushed; then without asking."""
        for connection in list(self._state.connections):
            connection.transport.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FLUSH_SECONDS_MAX):
                await self._empty.wait()
        for connection in list(self._state.connections):
            connection.transport.abort()

    def _tell_the_date(self) -> None:
        """Every answer's Date, made once a second."""
        self._state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        self._clock = asyncio.get_running_loop().call_later(1, self._tell_the_date)


def _configure(app: App, listen: Listen) -> Config:
    return Config(
        app=app,
        http=ContractProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        timeout_keep_alive=listen.keep_alive_seconds,
        **_tls(listen),
    )


def _tls(listen: Listen) -> dict[str, Any]:
    if listen.certificate_file is None or listen.key_file is None:
        return {}
    return {"ssl_certfile": str(listen.certificate_file), "ssl_keyfile": str(listen.key_file)}


def bind(host: str, port: int, option: str) -> socket.socket:
    """A listening socket. Raises CannotListen, which names the option that takes a free port."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as trouble:
        raise CannotListen(_explain(host, port, option, trouble)) from trouble
    listener.setblocking(False)
    return listener


def _explain(host: str, port: int, option: str, trouble: OSError) -> str:
    if trouble.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use: choose another, or {option} for a free one"
    if trouble.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has: choose one above 1023, or {option}"
    return f"cannot listen on {host} port {port}: {trouble.strerror or trouble}"


def _refusals(ids: Ids) -> Refusals:
    return Refusals(
        unreadable=lambda: render.transport_refusal(400, reasons.UNREADABLE, ids.payment_id()),
        busy=lambda: render.transport_refusal(503, reasons.INTERNAL, ids.payment_id()),
    )
