"""Requests that stay open, over real sockets: so many and no more, and a slot is free however one ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any

import pytest

from mkondo.adapters.http.server import HttpServer, Listen
from mkondo.adapters.system.ids import SystemIds
from mkondo.ports.errors import TryLater
from services.portal.api.open_requests import OpenRequests
from tests.unit.portal.test_access import TOKENS
from tests.unit.portal.test_results import URL, queue
from tests.unit.portal.world import ASHA, OPERATOR, World, world

OF_TOKEN, OF_ALL = 2, 3
SECONDS_MAX = 10
"""Of a wait for what happens at once."""
EVENTS, WAITING = "sandbox/events?application=duka", "sandbox/results?application=duka&wait=30"
DUKA = "application/duka"

Socket = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class House:
    """The management API on a socket, with few slots."""

    def __init__(self, mkondo: World, server: HttpServer) -> None:
        self.mkondo, self.server = mkondo, server
        self._sockets: list[asyncio.StreamWriter] = []

    async def send(self, path: str, by: str = OPERATOR) -> Socket:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        self._sockets.append(writer)
        head = f"GET /{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKENS.issue(by)}\r\n\r\n"
        writer.write(head.encode())
        return reader, writer

    async def opens(self, path: str = EVENTS, by: str = OPERATOR) -> tuple[bytes, Socket]:
        """The head of the answer: of a stream it comes at once."""
        async with asyncio.timeout(SECONDS_MAX):
            reader, writer = await self.send(path, by)
            return await reader.readuntil(b"\r\n\r\n"), (reader, writer)

    async def stream(self, by: str = OPERATOR) -> Socket:
        head, socket = await self.opens(EVENTS, by)
        assert head.startswith(b"HTTP/1.1 200"), head
        async with asyncio.timeout(SECONDS_MAX):
            await socket[0].readuntil(b"retry: 1000")
        return socket

    async def is_full(self, by: str = OPERATOR) -> bool:
        head, (_, writer) = await self.opens(EVENTS, by)
        writer.transport.abort()
        return head.startswith(b"HTTP/1.1 429")

    async def gets_room(self) -> None:
        async with asyncio.timeout(SECONDS_MAX):
            while await self.is_full():
                await asyncio.sleep(0)

    async def is_waited_in(self, path: str, by: str = OPERATOR) -> Socket:
        """Until it has its slot: the last one, which others hear."""
        socket = await self.send(path, by)
        async with asyncio.timeout(SECONDS_MAX):
            while not await self.is_full(by):
                await asyncio.sleep(0)
        return socket

    async def close(self) -> None:
        for writer in self._sockets:
            writer.transport.abort()
        self.mkondo.stop()
        await self.server.stop()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with world() as mkondo:
        await mkondo.said("POST", "sandbox/applications", {"id": "duka", "name": "Duka", "response_url": URL}, by=ASHA)
        mkondo.api.state.open_requests = OpenRequests(OF_TOKEN, OF_ALL)
        house = House(mkondo, await HttpServer.start(mkondo.api, Listen(drain_seconds=2), SystemIds()))
        yield house
        await house.close()


async def refusal(house: House, path: str, by: str = OPERATOR) -> bytes:
    head, (reader, _) = await house.opens(path, by)
    assert head.startswith(b"HTTP/1.1 429") and b"retry-after: 1\r\n" in head, head
    async with asyncio.timeout(SECONDS_MAX):
        return await reader.readuntil(b"}")


async def test_a_token_and_an_environment_have_so_many_and_say_what_to_do_about_more(house: House) -> None:
    for _ in range(OF_TOKEN):
        await house.stream()
    assert b'"error":"2 requests of this token are open already","mend":"End one of them' in await refusal(
        house, EVENTS
    )
    assert b"of this token" in await refusal(house, WAITING)
    await house.stream(by=DUKA)
    assert b'"error":"3 requests are open here already"' in await refusal(house, EVENTS, by=DUKA)
    head, _ = await house.opens("openapi/events")  # the other environment has its own
    assert head.startswith(b"HTTP/1.1 200")
    said = await house.mkondo.said("GET", "sandbox/results?application=duka")
    assert said == {"results": [], "next": "0"}, "who does not wait is answered"


def _trouble(trouble: Exception) -> Callable[[House, Socket], None]:
    def end(house: House, _: Socket) -> None:
        async def states() -> Any:
            raise trouble

        store: Any = house.mkondo.cores["sandbox"].store
        found = store.states
        store.states = states
        asyncio.get_running_loop().call_later(0.3, setattr, store, "states", found)

    return end


@pytest.mark.parametrize("end", [
    pytest.param(lambda _, socket: socket[1].close(), id="the client closes it"),
    pytest.param(lambda _, socket: socket[1].transport.abort(), id="the client is gone"),
    pytest.param(_trouble(TryLater("the store is away")), id="the store is out of reach"),
    pytest.param(_trouble(RuntimeError("a bug")), id="an error"),
])  # fmt: skip
async def test_a_streams_slot_is_free_however_it_ends(house: House, end: Callable[[House, Socket], None]) -> None:
    streams = [await house.stream() for _ in range(OF_TOKEN)]
    assert await house.is_full()
    end(house, streams[0])
    await house.gets_room()


async def test_a_stream_behind_which_more_was_asked_ends_with_its_client(house: House) -> None:
    """The server tells the newest request that the client is gone; and it notices when it has something to say."""
    streams = [await house.stream() for _ in range(OF_TOKEN)]
    _, writer = streams[0]
    writer.write(b"GET /sandbox/events HTTP/1.1\r\nHost: x\r\n\r\n")
    await writer.drain()
    writer.transport.abort()
    async with asyncio.timeout(SECONDS_MAX):
        for number in count():
            await queue(house.mkondo, f"p{number}")
            if not await house.is_full():
                return


async def test_all_slots_are_free_when_the_platform_stops(house: House) -> None:
    streams = [await house.stream() for _ in range(OF_TOKEN)]
    house.mkondo.stop()
    async with asyncio.timeout(SECONDS_MAX):
        for reader, _ in streams:
            await reader.readuntil(b"\r\n0\r\n\r\n")
    assert not await house.is_full()


async def test_who_waits_for_a_result_has_a_slot_until_it_comes_or_they_go(house: House) -> None:
    await house.stream()
    _, gone = await house.is_waited_in(WAITING)
    gone.transport.abort()
    await house.gets_room()
    reader, _ = await house.is_waited_in(WAITING)
    await queue(house.mkondo, "p1")
    await house.mkondo.cores["sandbox"].projector.catch_up()
    async with asyncio.timeout(SECONDS_MAX):
        assert b'"id":"p1"' in await reader.readuntil(b"}}]")
    await house.gets_room()


async def test_who_has_hung_up_before_a_slot_was_found_has_none(house: House) -> None:
    for _ in range(OF_ALL):
        reader, writer = await house.send(WAITING)
        writer.write_eof()
        async with asyncio.timeout(SECONDS_MAX):
            assert await reader.read() == b""
        await house.gets_room()


async def test_a_wait_that_is_over_leaves_its_slot(house: House) -> None:
    await house.stream()
    reader, _ = await house.is_waited_in("sandbox/results?application=duka&wait=0.5")
    async with asyncio.timeout(SECONDS_MAX):
        assert b'"results":[]' in await reader.readuntil(b"}")
    await house.gets_room()
