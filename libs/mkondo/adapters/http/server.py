"""A listening server inside the event loop that is running: HTTP, or HTTPS with the local authority's certificate.

uvicorn does the work; it installs no signal handlers and prints nothing. Read next: protocol.py.
"""

import asyncio
import errno
import socket
from functools import partial
from pathlib import Path
from typing import Any, Self

import msgspec
from uvicorn import Config, Server

from mkondo.adapters.http.front import App
from mkondo.adapters.http.protocol import ContractProtocol, Patience, Refusals
from mkondo.openapi import render
from mkondo.ports.ids import Ids

BACKLOG = 2048


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
    drain_seconds: int = 25


class HttpServer:
    """One listening socket and its connections."""

    def __init__(self, server: Server, listener: socket.socket, running: asyncio.Task[None]) -> None:
        self._server = server
        self._listener = listener
        self._running = running
        self.port: int = listener.getsockname()[1]
        """The port that was really taken."""

    @classmethod
    async def start(cls, app: App, listen: Listen, ids: Ids, patience: Patience | None = None) -> Self:
        """Listen, and serve `app` from now on. Raises CannotListen."""
        listener = _bind(listen)
        config = Config(
            app=app,
            http=partial(ContractProtocol, refusals=_refusals(ids), patience=patience or Patience()),  # type: ignore[arg-type]
            ws="none",
            lifespan="off",
            interface="asgi3",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=listen.keep_alive_seconds,
            timeout_graceful_shutdown=listen.drain_seconds,
            backlog=BACKLOG,
            **_tls(listen),
        )
        config.load()
        server = Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listener])
        return cls(server, listener, asyncio.create_task(server.main_loop()))

    async def stop(self) -> None:
        """Take no more connections, let the requests in hand have their answers, then close."""
        self._server.should_exit = True
        await self._running
        await self._server.shutdown(sockets=[self._listener])


def _tls(listen: Listen) -> dict[str, Any]:
    if listen.certificate_file is None or listen.key_file is None:
        return {}
    return {"ssl_certfile": str(listen.certificate_file), "ssl_keyfile": str(listen.key_file)}


def _bind(listen: Listen) -> socket.socket:
    try:
        family = socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((listen.host, listen.port), family=family, backlog=BACKLOG)
    except OSError as trouble:
        raise CannotListen(_explain(listen, trouble)) from trouble
    listener.setblocking(False)
    return listener


def _explain(listen: Listen, trouble: OSError) -> str:
    if trouble.errno == errno.EADDRINUSE:
        return f"port {listen.port} of {listen.host} is in use: choose another, or --port 0 for a free one"
    if trouble.errno == errno.EACCES:
        return f"port {listen.port} needs more rights than this user has: choose one above 1023, or --port 0"
    return f"cannot listen on {listen.host} port {listen.port}: {trouble.strerror or trouble}"


def _refusals(ids: Ids) -> Refusals:
    return Refusals(
        unreadable=lambda: render.transport_refusal(400, "INS-21", ids.payment_id()),
        busy=lambda: render.transport_refusal(503, "INS-1", ids.payment_id()),
    )
