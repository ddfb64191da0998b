"""A client that keeps many connections busy while the house falls down around it, and its own book of what it was told.

    with Load(merchants) as load:
        load.until_acknowledged(200)
        killed_at = time.monotonic()
        ...
        load.until_every_connection_paid(killed_at, seconds=30)
    book = load.settle()

It behaves as the contract advises: 503 means that nothing was sent, so the same request is made again; a connection
that breaks, or 408, means "not known": that payment is never sent again, but asked for in the end by its
ThirdPartyConversationID. It has a thread of its own, so that the test may block. Read next: tests/faults.
"""

import asyncio
import json
import random
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import msgspec
import uvloop

from mkondo.adapters.client.client import encrypt

CONNECTIONS = 72
"""More than the 64 that must be busy: between an answer and the next request a connection is idle for a moment."""
ANSWER_SECONDS = 30.0
"""No client waits longer (contract section 10.9 allows 25 s)."""
NEVER_SENT = 503
_PAUSE_SECONDS_MAX = 0.5

Broken = (OSError, asyncio.IncompleteReadError, TimeoutError)


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: dict[str, Any]

    def said(self, name: str) -> str:
        """An output field by its short name; empty when it is not there."""
        return str(self.body.get(f"output_{name}", ""))


class Told(msgspec.Struct):
    """What the client knows of one payment. `status` 0: it was sent, and no answer came."""

    name: str
    """Its ThirdPartyConversationID."""
    merchant: int
    begun_at: float
    connection: int
    ended_at: float = 0.0
    status: int = 0
    code: str = ""
    transaction_id: str = ""
    refused: int = 0
    """How often it was told 503: nothing was sent, the same again."""
    slowest_refusal_seconds: float = 0.0
    finally_is: str = ""
    """What the status query said in the end: a word of the contract, or `unknown` for a reference never heard of."""

    @property
    def acknowledged(self) -> bool:
        return self.status == 201

    @property
    def refused_for_good(self) -> bool:
        """Told that it failed, with an answer that is an outcome."""
        return 400 <= self.status < 500 and self.status != 408

    @property
    def not_known(self) -> bool:
        return self.ended_at > 0 and not (self.acknowledged or self.refused_for_good)


class Merchant(msgspec.Struct, frozen=True):
    """One application in one market, as demo.json gives it, at an address that stays through restarts."""

    address: str
    environment: str
    market: str
    country: str
    currency: str
    shortcode: str
    api_key: str
    public_key: str
    customers: tuple[str, ...]

    @property
    def root(self) -> str:
        return f"/{self.environment}/ipg/v2/{self.market}"

    def payment(self, name: str, customer: str) -> dict[str, str]:
        fields = {
            "Amount": "1.00",
            "CustomerMSISDN": customer,
            "Country": self.country,
            "Currency": self.currency,
            "ServiceProviderCode": self.shortcode,
            "TransactionReference": f"T{name[:10]}",
            "ThirdPartyConversationID": name,
            "PurchasedItemsDesc": "Shoes",
        }
        return {f"input_{field}": value for field, value in fields.items()}

    def question(self, name: str) -> str:
        fields = {
            "QueryReference": name,
            "ServiceProviderCode": self.shortcode,
            "Country": self.country,
            "ThirdPartyConversationID": secrets.token_hex(16),
        }
        return urlencode({f"input_{field}": value for field, value in fields.items()})


def merchants_of(demo: Mapping[str, Any], address: str, customers: int = 16) -> list[Merchant]:
    """The demo's two sandbox applications, each with many customers: that is work for many partitions."""
    rich = demo["customer_msisdn"]
    msisdns = tuple(f"{rich[:-4]}{1000 + number}" for number in range(customers))
    place = (demo["market"], demo["country"], demo["currency"], demo["service_provider_code"])
    keys = (demo["api_key"], demo["strict_api_key"])
    return [Merchant(address, "sandbox", *place, key, demo["public_key"], msisdns) for key in keys]


class Connection:
    """One keep-alive connection, one request at a time."""

    def __init__(self, address: str) -> None:
        split = urlsplit(address)
        self._host, self._port = split.hostname, split.port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> None:
        """Raises OSError: nothing was sent."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)

    async def call(self, method: str, target: str, bearer: str, fields: Mapping[str, str] | None = None) -> Answer:
        """Raises one of Broken: nobody knows what became of it."""
        await self.open()
        assert self._streams is not None
        reader, writer = self._streams
        body = b"" if fields is None else json.dumps(fields).encode()
        lines = (
            f"{method} {target} HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            f"Authorization: Bearer {bearer}",
            "Origin: *",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                writer.write("\r\n".join((*lines, "", "")).encode() + body)
                return await self._answer(reader)
        except Broken:
            self.close()
            raise

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        lines = head.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection") == "close":
            self.close()
        return Answer(int(lines[0].split(" ")[1]), json.loads(body))

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Load:
    """As a context: from `with` on every connection pays, one payment after the other, until the block is left."""

    def __init__(self, merchants: Sequence[Merchant], connections: int = CONNECTIONS) -> None:
        self.book: list[Told] = []
        """Every payment begun, in that order."""
        self._merchants = merchants
        self._connections = connections
        self._bearers: list[str] = []
        self._in_flight = 0
        self._acknowledged: list[Told] = []
        self._stopping = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="load")
        self._work: Future[None] = Future()

    # For the test, from its own thread ----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._work = self._thread.submit(uvloop.run, self._pay_all())
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._thread.shutdown()
        self._work.result()

    def busy(self) -> int:
        """Requests that are on their way now."""
        return self._in_flight

    def acknowledged(self) -> int:
        """Payments answered with 201 so far."""
        return len(self._acknowledged)

    def until(self, reached: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait for a moment that has a name. AssertionError when it does not come in time."""
        end = time.monotonic() + seconds
        while not reached():
            if self._work.done():
                self._work.result()
            assert time.monotonic() < end, f"not within {seconds} s: {what}; {self.summary()}"
            time.sleep(0.002)

    def until_busy(self, requests: int, seconds: float = 10) -> None:
        self.until(lambda: self._in_flight >= requests, f"{requests} requests on their way", seconds)

    def until_acknowledged(self, more: int, seconds: float = 60) -> None:
        """Until so many more payments are acknowledged."""
        wanted = self.acknowledged() + more
        self.until(lambda: self.acknowledged() >= wanted, f"{more} more acknowledged", seconds)

    def until_paid_since(self, moment: float, seconds: float) -> float:
        """The seconds from a moment to the first acknowledgement of a payment begun after it."""
        self.until(lambda: bool(self._paid_since(moment)), "a payment begun since is acknowledged", seconds)
        return min(self._paid_since(moment).values()) - moment

    def until_every_connection_paid(self, moment: float, seconds: float) -> float:
        """The same for every connection: whoever pays, and through whichever partition."""
        everybody = self._connections
        self.until(lambda: len(self._paid_since(moment)) == everybody, "every connection has paid again", seconds)
        return max(self._paid_since(moment).values()) - moment

    def _paid_since(self, moment: float) -> dict[int, float]:
        """By connection: when the first payment that it began after the moment was acknowledged."""
        first: dict[int, float] = {}
        for told in reversed(self._acknowledged):
            if told.ended_at <= moment:
                break
            if told.begun_at > moment:
                first[told.connection] = told.ended_at
        return first

    def summary(self) -> str:
        """One line for people."""
        ended = [told for told in list(self.book) if told.ended_at]
        unknown = [told for told in ended if told.not_known]
        return (
            f"{self.acknowledged()} acknowledged, {sum(told.refused_for_good for told in ended)} refused, "
            f"{sum(told.refused for told in ended)} times told to try again, "
            f"{sum(told.status == 408 for told in unknown)} told 408, "
            f"{sum(told.status == 0 for told in unknown)} dropped, {self._in_flight} on their way"
        )

    def settle(self, seconds: float = 40) -> list[Told]:
        """After the load: ask what became of everything that is not known, until each has its final word."""
        asked = [told for told in self.book if told.not_known]
        uvloop.run(self._ask_all(asked, time.monotonic() + seconds))
        return self.book

    # In the load's thread -----------------------------------------------------------------------------------------

    async def _pay_all(self) -> None:
        self._bearers = [await self._session(merchant) for merchant in self._merchants]
        async with asyncio.TaskGroup() as group:
            for number in range(self._connections):
                group.create_task(self._pay(number))

    async def _session(self, merchant: Merchant) -> str:
        connection = Connection(merchant.address)
        bearer = encrypt(merchant.api_key, merchant.public_key)
        answer = await connection.call("GET", f"{merchant.root}/getSession/", bearer)
        connection.close()
        assert answer.status == 200, answer
        return encrypt(answer.said("SessionID"), merchant.public_key)

    async def _pay(self, number: int) -> None:
        """One connection's life: always the same merchant and customer, so always the same partitions."""
        which = number % len(self._merchants)
        merchant = self._merchants[which]
        customer = merchant.customers[number // len(self._merchants) % len(merchant.customers)]
        connection = Connection(merchant.address)
        while not self._stopping:
            told = Told(secrets.token_hex(16), which, time.monotonic(), number)
            self.book.append(told)
            await self._one(connection, told, merchant.payment(told.name, customer))
            told.ended_at = time.monotonic()
            if told.acknowledged:
                self._acknowledged.append(told)
        connection.close()

    async def _one(self, connection: Connection, told: Told, fields: Mapping[str, str]) -> None:
        """Until there is an answer that is no 503, or the connection breaks with the request on it."""
        merchant = self._merchants[told.merchant]
        target = f"{merchant.root}/c2bPayment/singleStage/"
        while True:
            if not await self._opened(connection):
                told.status = NEVER_SENT
                return
            began = time.monotonic()
            self._in_flight += 1
            try:
                answer = await connection.call("POST", target, self._bearers[told.merchant], fields)
            except Broken:
                told.status = 0
                return
            finally:
                self._in_flight -= 1
            if answer.status != 503:
                break
            told.refused += 1
            told.slowest_refusal_seconds = max(told.slowest_refusal_seconds, time.monotonic() - began)
            await _pause(told.refused)
            if self._stopping:
                told.status = NEVER_SENT
                return
        told.status, told.code = answer.status, answer.said("ResponseCode")
        told.transaction_id = answer.said("TransactionID")

    async def _opened(self, connection: Connection) -> bool:
        """Nobody listens while the house is being rebuilt: nothing was sent. False when the load has to stop."""
        attempt = 0
        while not self._stopping:
            try:
                await connection.open()
                return True
            except OSError:
                attempt += 1
                await _pause(attempt)
        return False

    async def _ask_all(self, asked: Sequence[Told], end: float) -> None:
        waiting: asyncio.Queue[Told] = asyncio.Queue()
        for told in asked:
            waiting.put_nowait(told)
        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(self._ask_some(waiting, end))

    async def _ask_some(self, waiting: "asyncio.Queue[Told]", end: float) -> None:
        connections = [Connection(merchant.address) for merchant in self._merchants]
        while not waiting.empty():
            told = waiting.get_nowait()
            while not told.finally_is:
                told.finally_is = await self._word(connections[told.merchant], told)
                assert time.monotonic() < end, f"still no final word for {told}"
        for connection in connections:
            connection.close()

    async def _word(self, connection: Connection, told: Told) -> str:
        """Empty: not final yet."""
        merchant = self._merchants[told.merchant]
        target = f"{merchant.root}/queryTransactionStatus/?{merchant.question(told.name)}"
        answer = await connection.call("GET", target, self._bearers[told.merchant])
        if answer.said("ResponseCode") == "INS-23":
            return "unknown"
        word = answer.said("ResponseTransactionStatus")
        if answer.status == 200 and word != "In Progress":
            return word
        await _pause(3)
        return ""


async def _pause(attempt: int) -> None:
    """A client's back-off: longer each time, with jitter."""
    await asyncio.sleep(min(0.02 * 2 ** min(attempt, 10), _PAUSE_SECONDS_MAX) * random.uniform(0.5, 1.0))
