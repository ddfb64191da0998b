"""A small server for tests: any ASGI application on a free port of this machine, in the running event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


def free_port() -> socket.socket:
    """A socket bound to a free port, which nobody listens on yet."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    return bound


@asynccontextmanager
async def serving(
    app: App, bound: socket.socket | None = None, certificate: Path | None = None, key: Path | None = None
) -> AsyncIterator[str]:
    """Gives the address, `http://127.0.0.1:PORT`; connections that are open when it is left are dropped."""
    listener = bound or free_port()
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, ssl_certfile=certificate, ssl_keyfile=key
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0)
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await task
