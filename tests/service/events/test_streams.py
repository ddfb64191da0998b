"""Streams of events over real sockets: a reader who does not read, one who goes, one who waits, and a stop."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI

from mkondo.adapters.http.server import HttpServer, Listen
from mkondo.adapters.keys.tokens import Tokens
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.codec import encode
from mkondo.contracts.cursor import Positions, decode_cursor
from mkondo.contracts.journal import JournalRow, Partition, PartitionState
from mkondo.domain.ids import ApplicationId, Instant, SessionHash
from mkondo.domain.session import SessionRevoked
from mkondo.ports.errors import TryLater
from mkondo.runtime.event_stream import EventStream, Wanted
from services.cli.event_feed import events_of
from services.portal.api.app import management_api
from services.portal.api.events import stream_lines

TOKENS = Tokens(b"s" * 32)
SOURCE = Partition("admission", 3)
LONG = encode(SessionRevoked(ApplicationId("app"), SessionHash("s" * 64), "x" * 2_000))


class LongJournal:
    """One source with so many events; counts who reads them."""

    def __init__(self, events: int) -> None:
        self.events, self.reads, self.answers = events, 0, True

    async def states(self) -> Sequence[PartitionState]:
        if not self.answers:
            raise TryLater("Postgres can't be reached")
        return [PartitionState(SOURCE, 1, self.events)]

    async def read_journals(self, positions: Positions, limit: int) -> Sequence[JournalRow]:
        self.reads += 1
        after = positions[str(SOURCE)]
        sequences = range(after + 1, min(after + limit, self.events) + 1)
        return [JournalRow(str(SOURCE), at, Instant(at), "SessionRevoked", 1, "app", LONG) for at in sequences]


class House:
    """The management API on a socket, over one journal."""

    def __init__(self, events: int) -> None:
        self.journal = LongJournal(events)
        parts: Any = {"sandbox": SimpleNamespace(environment="sandbox", store=self.journal)}
        self.api: FastAPI = management_api(parts, TOKENS)

    async def start(self) -> None:
        self.server = await HttpServer.start(self.api, Listen(drain_seconds=2), SystemIds())

    async def stop(self) -> float:
        """As services/cli/web.py does. Returns the seconds it took."""
        began = time.monotonic()
        self.api.state.stopping.set()
        await self.server.stop()
        return time.monotonic() - began

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port, limit=2**16)
        head = f"GET /sandbox/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKENS.issue('operator')}\r\n\r\n"
        writer.write(head.encode())
        await reader.readuntil(b"retry: 1000")
        return reader, writer


@pytest.fixture
async def endless() -> AsyncIterator[House]:
    house = House(events=10**9)
    await house.start()
    yield house
    await house.stop()


async def until_still(journal: LongJournal) -> int:
    """The number of reads when half a second brings no more. A reader who is not waited for never gets there."""
    async with asyncio.timeout(20):
        while True:
            reads = journal.reads
            await asyncio.sleep(0.5)
            if journal.reads == reads:
                return reads


async def test_for_a_reader_who_does_not_read_nothing_more_is_read(endless: House) -> None:
    _, writer = await endless.connect()
    assert await until_still(endless.journal) < 50
    writer.transport.abort()


async def test_for_a_reader_who_is_gone_nothing_more_is_read(endless: House) -> None:
    reader, writer = await endless.connect()
    await reader.readuntil(b"data: ")
    writer.transport.abort()
    reads = await until_still(endless.journal)
    await asyncio.sleep(0)
    assert endless.journal.reads == reads


async def test_a_stop_is_not_held_up_by_a_reader_who_does_not_read(endless: House) -> None:
    _, writer = await endless.connect()
    await until_still(endless.journal)
    assert await endless.stop() < 5
    writer.transport.abort()


async def test_a_stop_ends_a_stream_that_waits_at_once_and_whole() -> None:
    house = House(events=3)
    await house.start()
    reader, writer = await house.connect()
    body = await reader.readuntil(b'"sequence":"0000000000000000003"')
    assert await house.stop() < 1
    rest = await reader.read()
    assert rest.endswith(b"0\r\n\r\n"), rest  # the last chunk: the answer was not broken off
    writer.close()
    assert body.count(b"data: ") == 3


def lines(stream: EventStream, stopping: asyncio.Event, heartbeat_seconds: float = 60) -> AsyncIterator[bytes]:
    return stream_lines(stream, "sandbox", {}, Wanted(), 500, stopping, heartbeat_seconds)


async def test_a_quiet_stream_says_that_it_lives_and_where_it_is() -> None:
    """Behind events that this reader does not want, its place moves on too."""
    journal: Any = LongJournal(7)
    stream = EventStream("sandbox", [str(SOURCE)], journal)
    wanted = Wanted(frozenset({"PaymentCompleted"}))
    said = stream_lines(stream, "sandbox", {}, wanted, 500, asyncio.Event(), heartbeat_seconds=0)
    assert await anext(said) == b"retry: 1000\n\n"
    async with asyncio.timeout(5):
        heartbeat = await anext(said)
    (line,) = events_of(heartbeat.decode().splitlines())
    assert line.event == b"" and decode_cursor("sandbox", line.cursor)[str(SOURCE)] == 7


async def test_a_store_out_of_reach_ends_the_stream_for_its_reader_to_come_again() -> None:
    journal: Any = LongJournal(2)
    said = lines(EventStream("sandbox", [str(SOURCE)], journal), asyncio.Event())
    await anext(said)
    assert (await anext(said)).count(b"data: ") == 2
    journal.answers = False
    async with asyncio.timeout(5):
        assert [line async for line in said] == [b": Postgres can't be reached\n\n"]


async def test_what_comes_later_is_told_soon() -> None:
    journal: Any = LongJournal(1)
    said = lines(EventStream("sandbox", [str(SOURCE)], journal), asyncio.Event())
    await anext(said)
    await anext(said)
    waits = asyncio.ensure_future(anext(said))
    await asyncio.sleep(0)
    journal.events = 2
    async with asyncio.timeout(5):
        assert (await waits).count(b"data: ") == 1
