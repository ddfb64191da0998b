"""The platform as a scenario sees it: the demo application's calls, its handsets, the clock, and where results arrive.

Read next: run.py.
"""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec

from mkondo.adapters.client.client import Body, MpesaClient
from mkondo.adapters.client.wire import UNANSWERED, trouble_with
from services.cli.demo_data import DEMO
from services.cli.errors import CannotDo
from services.cli.management import SECONDS_MAX, checked, said_by

DEFAULTS: dict[str, dict[str, str]] = {
    "c2b_single_stage": {"CustomerMSISDN": "{customer}", "PurchasedItemsDesc": "Shoes"},
    "c2b_multi_stage": {"CustomerMSISDN": "{customer}", "PurchasedItemsDesc": "Shoes", "APIVersion": "3.1"},
    "update_transaction_status": {
        "TransactionID": "{transaction}",
        "VoucherCode": "{voucher}",
        "APIVersion": "3.1",
    },
    "b2c_payment": {"CustomerMSISDN": "{customer}", "PaymentItemsDesc": "Salary"},
    "b2b_payment": {"PrimaryPartyCode": "000000", "ReceiverPartyCode": "{supplier}", "PurchasedItemsDesc": "Leather"},
    "reversal": {"TransactionID": "{transaction}"},
    "query_transaction_status": {},
    "query_beneficiary_name": {"CustomerMSISDN": "{customer}", "KycQueryType": "Name"},
    "direct_debit_creation": {"CustomerMSISDN": "{customer}", "ThirdPartyReference": "{reference}", "AgreedTC": "1"},
    "direct_debit_payment": {"CustomerMSISDN": "{customer}", "ThirdPartyReference": "{reference}", "Amount": "10.00"},
    "query_direct_debit": {
        "CustomerMSISDN": "{customer}",
        "ThirdPartyReference": "{reference}",
        "QueryBalanceAmount": "True",
        "BalanceAmount": "200",
    },
    "direct_debit_cancel": {"CustomerMSISDN": "{customer}", "ThirdPartyReference": "{reference}"},
}
"""What an operation is sent unless the scenario says otherwise, beside country, shortcode and ids."""

MONEY = ("c2b_single_stage", "c2b_multi_stage", "b2c_payment", "b2b_payment")


APPLICATION_KEYS = (
    "id",
    "products",
    "asynchronous",
    "limits",
    "markets",
    "activation_delay_seconds",
    "response_url",
    "response_url_override",
    "switches",
    "faults",
)
"""What of an application ready.py looks at."""
SHOWN_SECONDS_MAX = 10.0
LOOK_SECONDS = 0.05


class SandboxUser:
    """One run of one scenario: its own customer, its own references.

    `changing` is of all users of one demo: each handset is a change of the same application, and who is overtaken by
    others too often is refused."""

    def __init__(
        self, demo: dict[str, Any], http: httpx.AsyncClient, client: MpesaClient, changing: asyncio.Lock
    ) -> None:
        self._demo, self._http, self._client, self._changing = demo, http, client, changing
        self._has_handset = False
        self.known = {
            "customer": f"2557{secrets.randbelow(10**8):08}",
            "poor": str(demo["poor_customer_msisdn"]),
            "supplier": str(demo["second_service_provider_code"]),
            "reference": secrets.token_hex(6),
        }

    def fields(self, operation: str, own: dict[str, str]) -> Body:
        """The whole body of a request, its `{names}` filled in; an empty value leaves a field out."""
        common = {
            "Country": self._demo["country"],
            "ServiceProviderCode": self._demo["service_provider_code"],
            "ThirdPartyConversationID": secrets.token_hex(16),
        }
        if operation in MONEY:
            common |= {"Amount": "10.00", "TransactionReference": f"T{secrets.token_hex(5)}"}
        if operation in (*MONEY, "direct_debit_payment", "query_direct_debit"):
            common["Currency"] = self._demo["currency"]
        texts = common | DEFAULTS[operation] | own
        return {f"input_{name}": text.format_map(self.known) for name, text in texts.items() if text}

    async def call(self, operation: str, fields: Body) -> tuple[int, Body]:
        return await self._client.call(operation, fields)

    async def status(self, reference: str) -> str:
        """What a status query says of it."""
        _, body = await self.call(
            "query_transaction_status", self.fields("query_transaction_status", {"QueryReference": reference})
        )
        return str(body.get("output_ResponseTransactionStatus", body["output_ResponseCode"]))

    async def handset(self, behaviour: str) -> None:
        self._has_handset = True
        async with self._changing:
            await self._manage("PUT", self._handset, {"behaviour": behaviour})

    async def asked(self) -> None:
        """Until the customer's handset shows a payment. CannotDo when it shows none."""
        try:
            async with asyncio.timeout(SHOWN_SECONDS_MAX):
                while not (await self._manage("GET", self._handset, keys=("prompts",)))["prompts"]:
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise CannotDo(f"no payment was shown on the handset within {SHOWN_SECONDS_MAX:g} s") from None

    async def leave(self) -> None:
        """Nothing of this run stays with the demo: its application is written whole with every change of it."""
        if self._has_handset:
            async with self._changing:
                await self._manage("DELETE", self._handset)

    @property
    def _handset(self) -> str:
        return f"handsets/{self.known['customer']}"

    async def application(self) -> Body:
        """The demo application as it is configured now."""
        return await self._manage("GET", f"applications/{DEMO}", keys=APPLICATION_KEYS)

    async def open_session(self) -> None:
        """CannotDo, with what is answered, when there is none to be had."""
        status, body = await self._client.open_session()
        if status != 200:
            said = body.get("output_ResponseDesc", body)
            raise CannotDo(f"the demo gets no session: {status} {said}. Look at `mkondo apps show {DEMO}`")

    async def lock(self) -> None:
        path = f"customers/{self.known['customer']}/status"
        await self._manage("PUT", path, {"currency": self._demo["currency"], "status": "Locked"})

    async def advance(self, seconds: int) -> None:
        """Sessions may have ended meanwhile."""
        await self._manage("POST", "clock/advance", {"seconds": seconds}, role="operator")
        await self.open_session()

    async def _manage(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        role: str = "application",
        keys: Sequence[str] = (),
    ) -> Body:
        """What the management API answers, an object with these keys at least."""
        address = self._demo["http"]
        try:
            answer = await self._http.request(
                method,
                f"{address}/api/v1/sandbox/{path}",
                json=body,
                headers={"Authorization": f"Bearer {self._demo['tokens'][role]}"},
            )
        except UNANSWERED as trouble:
            raise trouble_with(address, trouble, SECONDS_MAX) from trouble
        return checked(said_by(answer, address), keys, address)


class Mailbox:
    """Where results are pushed to: a small HTTP server on a free port of this machine that accepts everything."""

    def __init__(self) -> None:
        self._results: dict[str, asyncio.Future[Body]] = {}
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def expect(self) -> tuple[str, "asyncio.Future[Body]"]:
        """An address for one result, and the result once it has arrived."""
        name = secrets.token_hex(8)
        self._results[name] = asyncio.get_running_loop().create_future()
        return f"http://127.0.0.1:{self.port}/{name}", self._results[name]

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A task of ours: asyncio's own would complain when it is ended, as Ctrl-C does."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.partition("content-length: ")[2].partition("\r")[0] or "0")
            body = msgspec.json.decode(await reader.readexactly(length))
            expected = self._results.get(head.split(" ")[1].lstrip("/"))
            if expected is not None and not expected.done():
                expected.set_result(body)
            said = b'{"output_ResponseCode":"0","output_ResponseDesc":"Successfully Accepted Result"}'
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(said), said))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, msgspec.DecodeError, ValueError):
            return  # no result: whoever waits for one says so
        finally:
            writer.close()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
