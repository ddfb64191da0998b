"""A merchant with many connections: the real cryptography, one encrypted session header, as quick as asyncio allows.

Answers are (HTTP status, headers, body). Read next: books.py.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from mkondo.adapters.client.client import encrypt
from mkondo.openapi.operations import OPERATIONS
from mkondo.testing.platform import RunningPlatform

Fields = dict[str, Any]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        return self.said("ResponseCode")

    @property
    def text(self) -> str:
        return self.said("ResponseDesc")

    def said(self, name: str) -> str:
        """An output field by its short name."""
        return str(self.body[f"output_{name}"])


class Connection:
    """One keep-alive connection, one request at a time. Opened when needed, and again after it was closed."""

    def __init__(self, address: str) -> None:
        split = urlsplit(address)
        self._host, self._port = split.hostname, split.port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join((*lines, "", "")).encode() + body)
        try:
            answer = await read_answer(reader)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            raise
        if answer.headers.get("connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(head[0].split(" ")[1]), headers, json.loads(body) if body else None)


class Merchant:
    """An application of the demo in one market. Calls take a connection out of a bounded pool."""

    def __init__(
        self,
        platform: RunningPlatform,
        environment: str = "sandbox",
        market: str = "",
        api_key: str = "",
        public_key: str = "",
        connections: int = 8,
    ) -> None:
        demo = platform.demo
        found = demo if environment == "sandbox" else demo["live"]
        self.environment, self.market = environment, market or demo["market"]
        self.place = demo["markets"][self.market]
        self.shortcode = found["service_provider_code"]
        self.second_shortcode = found["second_service_provider_code"]
        self.customer = self.place["customer_msisdn"]
        self.public_key = public_key or found["public_key"]
        self.api_key = api_key or found["api_key"]
        self.bearer = ""
        self._root = f"/{environment}/ipg/v2/{self.market}"
        self._open = [Connection(demo["http"]) for _ in range(connections)]
        self._free: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in self._open:
            self._free.put_nowait(connection)

    async def open_session(self) -> Answer:
        answer = await self.call("GET", "getSession/", self.encrypted(self.api_key))
        if answer.status == 200:
            self.bearer = self.encrypted(answer.said("SessionID"))
        return answer

    def encrypted(self, secret: str) -> str:
        return "Bearer " + encrypt(secret, self.public_key)

    def c2b(self, **different: Any) -> Fields:
        """The body of a C2B payment; fields by their short names."""
        own = {
            "CustomerMSISDN": self.customer,
            "ServiceProviderCode": self.shortcode,
            "PurchasedItemsDesc": "Shoes",
        }
        return self._fields(own | different)

    def b2c(self, **different: Any) -> Fields:
        """The body of a B2C payment."""
        own = {
            "CustomerMSISDN": self.customer,
            "ServiceProviderCode": self.shortcode,
            "PaymentItemsDesc": "Salary",
        }
        return self._fields(own | different)

    def b2b(self, **different: Any) -> Fields:
        """The body of a B2B payment to the demo's second shortcode."""
        own = {
            "PrimaryPartyCode": self.shortcode,
            "ReceiverPartyCode": self.second_shortcode,
            "PurchasedItemsDesc": "Leather",
        }
        return self._fields(own | different)

    def fields(self, **own: Any) -> Fields:
        """What every operation is told, and these fields by their short names."""
        common = {
            "Country": self.place["country"],
            "ServiceProviderCode": self.shortcode,
            "ThirdPartyConversationID": secrets.token_hex(16),
        }
        return {f"input_{name}": value for name, value in (common | own).items()}

    def _fields(self, own: Fields) -> Fields:
        common = {
            "Amount": "10.00",
            "Country": self.place["country"],
            "Currency": self.place["currency"],
            "TransactionReference": f"T{secrets.token_hex(5)}",
            "ThirdPartyConversationID": secrets.token_hex(16),
        }
        return {f"input_{name}": value for name, value in (common | own).items()}

    async def pay(self, fields: Fields | None = None) -> Answer:
        return await self.call("POST", "c2bPayment/singleStage/", self.bearer, self.c2b() if fields is None else fields)

    async def ask(self, operation: str, fields: Fields) -> Answer:
        """Any operation by its name, in its own method."""
        row = OPERATIONS[operation]
        if row.method == "GET":
            return await self.call("GET", f"{row.path}?{urlencode(fields)}", self.bearer)
        return await self.call(row.method, row.path, self.bearer, fields)

    async def pay_customer(self, fields: Fields) -> Answer:
        return await self.call("POST", "b2cPayment/", self.bearer, fields)

    async def pay_organisation(self, fields: Fields) -> Answer:
        return await self.call("POST", "b2bPayment/", self.bearer, fields)

    async def status(self, reference: str, **different: Any) -> Answer:
        """What became of the payment with this reference."""
        fields = {
            "QueryReference": reference,
            "Country": self.place["country"],
            "ServiceProviderCode": self.shortcode,
            "ThirdPartyConversationID": secrets.token_hex(16),
        }
        query = urlencode({f"input_{name}": value for name, value in (fields | different).items()})
        return await self.call("GET", f"queryTransactionStatus/?{query}", self.bearer)

    async def call(self, method: str, target: str, bearer: str, fields: Fields | None = None) -> Answer:
        headers = {"Authorization": bearer, "Origin": "*"} if bearer else {"Origin": "*"}
        body = b"" if fields is None else json.dumps(fields).encode()
        if body:
            headers["Content-Type"] = "application/json"
        connection = await self._free.get()
        try:
            return await connection.call(method, f"{self._root}/{target}", headers, body)
        finally:
            self._free.put_nowait(connection)

    def close(self) -> None:
        for connection in self._open:
            connection.close()


@asynccontextmanager
async def merchant_of(platform: RunningPlatform, **options: Any) -> AsyncIterator[Merchant]:
    """A merchant with a session."""
    merchant = Merchant(platform, **options)
    try:
        opened = await merchant.open_session()
        assert opened.status == 200, opened
        yield merchant
    finally:
        merchant.close()
