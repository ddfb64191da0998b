"""A client that asks and never reads its answers: it neither keeps its connection nor holds up a stop."""

import asyncio
import socket
from typing import Any

import pytest

from mkondo.adapters.http.protocol import Patience
from mkondo.adapters.http.server import HttpServer, Listen
from mkondo.adapters.system.ids import SystemIds
from tests.service.edge.sockets import UVLOOP
from tests.service.edge.sockets import event_loop_policy as event_loop_policy

pytestmark = UVLOOP


class Talker:
    """An application with much to say. `stalled` is set once somebody has not listened for a moment."""

    def __init__(self) -> None:
        self.stalled = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        asyncio.get_running_loop().call_later(0.2, self.stalled.set)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10000000")]})
        await send({"type": "http.response.body", "body": b"x" * 10_000_000})


async def ask_and_never_read(port: int, talker: Talker) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
    await talker.stalled.wait()
    return client


async def test_answers_left_unread_end_the_connection_without_a_word_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    talker = Talker()
    server = await HttpServer.start(talker, Listen(), SystemIds(), Patience(unread_seconds_max=0.2))
    with await ask_and_never_read(server.port, talker):
        async with asyncio.timeout(5):
            await server._empty.wait()
    await server.stop()
    assert caplog.records == []


async def test_a_stop_does_not_wait_for_someone_who_never_reads() -> None:
    talker = Talker()
    server = await HttpServer.start(talker, Listen(drain_seconds=0.2), SystemIds())
    with await ask_and_never_read(server.port, talker):
        async with asyncio.timeout(10):
            await server.stop()
