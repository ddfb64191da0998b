"""The Mozambique gateway through the front: who calls, which environment is meant, and what its own table calls things.

The system test makes every code that a running platform can be brought to; here are those that need an application to
be configured, or a core that answers as no test value makes it. Read next: services/payments_ingress/mozambique.py.
"""

import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from mkondo.adapters.http.bearer import hash_of
from mkondo.adapters.http.request import Request
from mkondo.domain.account import till, wallet
from mkondo.domain.application import ProductScope
from mkondo.domain.ids import ApplicationId
from mkondo.domain.payment import Forced, PaymentAdmitted, PaymentCompleted, PaymentFailed, RequestPayment
from mkondo.domain.request import RequestRejected
from mkondo.openapi.mozambique.operations import OPERATIONS
from mkondo.openapi.routing import Match
from mkondo.ports.errors import TryLater
from services.payments_ingress.mozambique import Chooser, Knows
from services.payments_ingress.settings import Settings
from tests.service.edge.conftest import client_of
from tests.service.edge.world import API_KEY, APPLICATION, Core, World, build

LIVE_KEY = "zY9xW7vU5tS3rQ1pO9nM7lK5jI3hG1fE"
LIVE = ApplicationId("app-live")
SHORT = Settings(deadline_ms=30, grace_ms=20)
ON = dict.fromkeys(OPERATIONS, ProductScope())
ASYNCHRONOUS = {name: ProductScope(asynchronous=True) for name in OPERATIONS}
DATED = re.compile(r"AG_[0-9]{8}_[0-9a-f]{20}")
PLAIN = re.compile(r"[0-9a-f]{32}")


def fields(**different: str) -> dict[str, str]:
    """Good for every call: what one does not know it ignores."""
    good = {
        "TransactionReference": "T12344C",
        "CustomerMSISDN": "258843330333",
        "Amount": "10",
        "ThirdPartyReference": secrets.token_hex(5),
        "ServiceProviderCode": "171717",
        "PrimaryPartyCode": "171717",
        "ReceiverPartyCode": "979797",
        "TransactionID": "0000000000001",
        "SecurityCredential": "Mpesa2019",
        "InitiatorIdentifier": "MPesa2018",
        "QueryReference": "000000000001",
    }
    return {f"input_{name}": value for name, value in (good | different).items()}


async def call(
    client: httpx.AsyncClient, headers: dict[str, str], operation: str = "c2b_single_stage", **different: str
) -> httpx.Response:
    row = OPERATIONS[operation]
    path, sent = f"/ipg/v1x/{row.path}", fields(**different)
    if row.method == "GET":
        return await client.get(path, headers=headers, params=sent)
    return await client.request(row.method, path, headers=headers, json=sent)


def said(response: httpx.Response) -> tuple[int, str, str]:
    body = response.json()
    return response.status_code, body["output_ResponseCode"], body.get("output_error", "")


@asynccontextmanager
async def one_application(pay: Settings | None = None, **configuration: object) -> AsyncIterator[World]:
    """A world whose only application is configured like this."""
    world = await build(pay=pay)
    await world.configure(APPLICATION, "sandbox", **configuration)
    yield world
    world.keys.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Both environments have an application; each key is known in one of them."""
    async with one_application(products=ON) as world:
        live = {"products": ON, "shortcodes": ("171717",), "organisation": "org"}
        await world.configure(LIVE, "openapi", api_key_hash=hash_of(LIVE_KEY), **live)
        yield world


async def test_the_command_is_for_the_same_core_and_ledger(world: World, client: httpx.AsyncClient) -> None:
    response = await call(client, world.bearer(API_KEY), ThirdPartyReference="mine1", Amount="10.5")
    [command] = world.core.commands
    assert isinstance(command, RequestPayment)
    payment = command.payment
    assert (command.session, command.by_api_key) == (hash_of(API_KEY), True)
    assert (payment.operation, payment.market, payment.profile) == ("c2b_single_stage", "vodacomMOZ", "mozambique")
    assert payment.debited == wallet(APPLICATION, "258843330333", "MZN")
    assert payment.credited == till(APPLICATION, "171717", "MZN")
    assert (payment.amount.minor, payment.third_party_conversation_id) == (10_50, "mine1")
    assert response.status_code == 201
    assert response.json() == {
        "output_ResponseCode": "INS-0",
        "output_ResponseDesc": "Request processed successfully",
        "output_TransactionID": payment.transaction_id,
        "output_ConversationID": payment.payment_id,
        "output_ThirdPartyReference": "mine1",
    }


async def test_a_conversation_holds_the_day_of_mozambique_and_a_query_finds_the_payment_by_it(
    world: World, client: httpx.AsyncClient
) -> None:
    headers = world.bearer(API_KEY)
    conversation = (await call(client, headers)).json()["output_ConversationID"]
    assert DATED.fullmatch(conversation)
    found = await call(client, headers, "query_transaction_status", QueryReference=conversation)
    assert found.json()["output_ResponseTransactionStatus"] == "Completed"
    assert DATED.fullmatch(found.json()["output_ConversationID"])


class TestWhichEnvironment:
    @pytest.mark.parametrize(
        ("host", "key", "answered", "environment"),
        [
            ("api.sandbox.vm.co.mz:18352", API_KEY, 201, "sandbox"),
            ("api.vm.co.mz:18352", LIVE_KEY, 201, "openapi"),
            ("api.mpesa.vm.co.mz", LIVE_KEY, 201, "openapi"),
            ("api.sandbox.vm.co.mz", LIVE_KEY, 401, ""),
            ("api.vm.co.mz", API_KEY, 401, ""),
            ("127.0.0.1:8080", API_KEY, 201, "sandbox"),
            ("127.0.0.1:8080", LIVE_KEY, 201, "openapi"),
            ("openapi.m-pesa.com", LIVE_KEY, 201, "openapi"),
            ("127.0.0.1:8080", "nobody", 401, ""),
        ],
    )
    async def test_the_host_name_says_it_and_else_the_key(
        self, world: World, client: httpx.AsyncClient, host: str, key: str, answered: int, environment: str
    ) -> None:
        response = await call(client, world.bearer(key) | {"Host": host})
        assert response.status_code == answered
        paid = [name for name, core in world.cores.items() if core.payments]
        assert paid == ([environment] if environment else [])

    async def test_one_bearer_is_decrypted_once_however_often_it_is_used(
        self, world: World, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        decrypted = []
        decrypt = world.keys.decrypt

        async def counted(block: str) -> str | None:
            decrypted.append(block)
            return await decrypt(block)

        monkeypatch.setattr(world.keys, "decrypt", counted)
        for key in (API_KEY, LIVE_KEY):
            headers = world.bearer(key) | {"Host": "127.0.0.1"}
            before = len(decrypted)
            assert {(await call(client, headers)).status_code for _ in range(20)} == {201}
            assert len(decrypted) - before <= 2  # once in each environment that was asked

    async def test_what_was_found_is_remembered_and_what_was_not_is_asked_again(self) -> None:
        """The environments have different key pairs: for the sandbox a live bearer is junk, which nobody remembers."""
        asked: list[str] = []

        def knowing(environment: str, header: bytes) -> Knows:
            async def knows(request: Request) -> bool:
                asked.append(environment)
                return request.authorization == header

            return knows

        chooser = Chooser({"sandbox": knowing("sandbox", b"s"), "openapi": knowing("openapi", b"l")})
        gateway = Match("", "vodacomMOZ", OPERATIONS["reversal"])
        found = [await chooser.by_key(Request(gateway, authorization=header)) for header in (b"l", b"l", b"?", b"?")]
        assert found == ["openapi", "openapi", "sandbox", "sandbox"]
        assert asked == ["sandbox", "openapi"] * 3

    async def test_a_key_that_was_changed_no_longer_gets_in(self, world: World, client: httpx.AsyncClient) -> None:
        """The edge may remember it for a second; admission knows at once, and says so in this wire's words."""
        headers = world.bearer(API_KEY)
        assert (await call(client, headers)).status_code == 201

        async def refuses(core: Core, command: RequestPayment) -> None:
            p, told = command.payment, ("INS-989", "Session is invalid")
            core.reply(RequestRejected(p.reply_to, *told, p.payment_id, p.operation, p.third_party_conversation_id))

        world.core.answering = refuses
        assert said(await call(client, headers)) == (401, "INS-2", "Invalid API Key")


class TestWhoCalls:
    @pytest.mark.parametrize("operation", OPERATIONS)
    async def test_only_the_encrypted_api_key_is_a_bearer(
        self, world: World, client: httpx.AsyncClient, operation: str
    ) -> None:
        session = await world.session()
        for headers in (
            {},
            world.bearer(session),
            world.bearer("nobody"),
            {"Authorization": f"Bearer {session}"},
            {"Authorization": f"Bearer {API_KEY}"},
            {"Authorization": "Bearer AAAA"},
        ):
            assert said(await call(client, headers, operation)) == (401, "INS-2", "Invalid API Key")
        assert world.core.payments == []

    async def test_a_key_in_the_clear_is_no_bearer_even_if_it_looks_like_a_session(self) -> None:
        key = secrets.token_hex(16)
        async with one_application(products=ON, api_key_hash=hash_of(key)) as world, client_of(world) as client:
            assert (await call(client, world.bearer(key))).status_code == 201
            assert said(await call(client, {"Authorization": f"Bearer {key}"}))[:2] == (401, "INS-2")

    async def test_the_usual_origin_is_fine_and_an_untrusted_source_is_not_authorized(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        usual = world.bearer(API_KEY) | {"Origin": "developer.mpesa.vm.co.mz"}
        assert (await call(client, usual)).status_code == 201
        await world.configure(
            ApplicationId("app-2"), products=ON, trusted_sources=("203.0.113.9",), api_key_hash=hash_of("other")
        )
        strange = world.bearer("other") | {"Origin": "203.0.113.9"}
        assert said(await call(client, strange)) == (400, "INS-26", "Request source is not trusted")

    @pytest.mark.parametrize("operation", OPERATIONS)
    async def test_a_product_that_is_off_is_not_authorized(self, operation: str) -> None:
        async with one_application(products={}) as world, client_of(world) as client:
            answer = said(await call(client, world.bearer(API_KEY), operation))
        assert answer == (400, "INS-26", "API Not Enabled")

    @pytest.mark.parametrize("operation", OPERATIONS)
    async def test_an_application_of_other_markets_has_no_market_here(self, operation: str) -> None:
        async with one_application(products=ON, markets=("vodacomTZN",)) as world, client_of(world) as client:
            answer = said(await call(client, world.bearer(API_KEY), operation))
        assert answer == (400, "INS-998", "Invalid Market")


@pytest.mark.parametrize(
    ("code", "word", "answered"),
    [
        ("INS-6", "Cancelled", (401, "INS-5", "Transaction cancelled by customer")),
        ("INS-6", "Declined", (401, "INS-6", "Transaction Failed")),
        ("INS-9", "Expired", (408, "INS-9", "Request timeout")),
        ("INS-990", "Declined", (400, "INS-26", "Customer Transaction Value Limit Breached")),
        ("INS-995", "Declined", (400, "INS-26", "API Single Transaction Limit Breached")),
        ("INS-996", "Declined", (400, "INS-26", "API Being Used Outside Of Usage Time")),
        ("INS-1", "Failed", (500, "INS-1", "Internal Error")),
    ],
)
async def test_a_payment_that_failed_is_told_by_this_wire_s_table(
    world: World, client: httpx.AsyncClient, code: str, word: str, answered: tuple[int, str, str]
) -> None:
    async def declines(core: Core, command: RequestPayment) -> None:
        await core.end(PaymentFailed(command.payment, code, "a reason for people", word), command)

    world.core.answering = declines
    response = await call(client, world.bearer(API_KEY))
    assert said(response) == answered
    assert response.json()["output_TransactionID"] == world.core.payments[0].transaction_id


@pytest.mark.parametrize("operation", ["c2b_single_stage", "b2c_payment", "b2b_payment", "reversal"])
async def test_an_asynchronous_product_is_accepted_with_four_keys_and_a_plain_conversation(operation: str) -> None:
    async def accepts(core: Core, command: RequestPayment) -> None:
        core.reply(PaymentAdmitted(command.payment, command.session, 1, reply_to=command.payment.reply_to))

    url = "https://merchant.example/mpesa"
    async with one_application(products=ASYNCHRONOUS, response_url=url) as world, client_of(world) as client:
        world.core.answering = accepts
        response = await call(client, world.bearer(API_KEY), operation, ThirdPartyReference="mine")
        [payment] = world.core.payments
    assert response.status_code == 201
    assert list(response.json()) == [
        "output_ResponseCode",
        "output_ResponseDesc",
        "output_ConversationID",
        "output_ThirdPartyReference",
    ]
    assert response.json()["output_ConversationID"] == payment.payment_id
    assert PLAIN.fullmatch(payment.payment_id)
    assert (payment.asynchronous, payment.response_url) == (True, url)


@pytest.mark.parametrize("shortcode", ["171717", "000000"])
async def test_a_test_value_works_with_either_test_shortcode(
    world: World, client: httpx.AsyncClient, shortcode: str
) -> None:
    await call(client, world.bearer(API_KEY), CustomerMSISDN="000000000008", ServiceProviderCode=shortcode)
    [command] = world.core.commands
    assert isinstance(command, RequestPayment)
    assert command.forced == Forced("INS-2006", "Insufficient balance")


async def test_a_shop_of_another_code_meets_no_test_value(world: World, client: httpx.AsyncClient) -> None:
    await call(client, world.bearer(API_KEY), CustomerMSISDN="000000000008", ServiceProviderCode="SHOP1")
    [command] = world.core.commands
    assert isinstance(command, RequestPayment)
    assert command.forced is None


class TestTrouble:
    async def test_what_cannot_be_sent_is_an_overload(self, world: World, client: httpx.AsyncClient) -> None:
        async def full(_: Core, __: RequestPayment) -> None:
            raise TryLater("no room")

        world.core.answering = full
        response = await call(client, world.bearer(API_KEY), ThirdPartyReference="kept")
        assert said(response)[:2] == (503, "INS-16")
        assert response.headers["retry-after"] == "1"
        assert response.json()["output_ThirdPartyReference"] == "kept"

    async def test_silence_is_408_not_known(self) -> None:
        async def silent(_: Core, __: RequestPayment) -> None: ...

        async with one_application(SHORT, products=ON) as world, client_of(world) as client:
            world.core.answering = silent
            for operation in ("c2b_single_stage", "b2c_payment", "b2b_payment", "reversal"):
                answer = said(await call(client, world.bearer(API_KEY), operation))
                assert answer == (408, "INS-9", "Request timeout")

    async def test_a_lost_reply_is_read_from_the_outcome_row(self) -> None:
        async def loses_the_reply(core: Core, command: RequestPayment) -> None:
            await core.admit(command)
            await core.finish(PaymentCompleted(command.payment))

        async with one_application(SHORT, products=ON) as world, client_of(world) as client:
            world.core.answering = loses_the_reply
            response = await call(client, world.bearer(API_KEY))
        assert (response.status_code, response.json()["output_ResponseCode"]) == (201, "INS-0")
        assert "output_ThirdPartyReference" in response.json()

    @pytest.mark.parametrize("operation", OPERATIONS)
    @pytest.mark.parametrize(("trouble", "answered"), [(ValueError, (500, "INS-1")), (TryLater, (503, "INS-16"))])
    async def test_a_bug_and_a_store_out_of_reach_have_this_wire_s_codes(
        self, world: World, client: httpx.AsyncClient, operation: str, trouble: type, answered: tuple[int, str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        async def fails(_: str) -> None:
            raise trouble("planted")

        headers = world.bearer(API_KEY) | {"Host": "api.sandbox.vm.co.mz"}
        monkeypatch.setattr(world.store, "record", fails)
        assert said(await call(client, headers, operation))[:2] == answered

    async def test_what_is_no_call_has_this_wire_s_shape(self, world: World, client: httpx.AsyncClient) -> None:
        for method, path, status in (
            ("GET", "/ipg/v1x/getSession/", 404),
            ("POST", "/ipg/v1x/", 404),
            ("POST", "/ipg/v1x/reversal/", 405),
        ):
            response = await client.request(method, path, headers=world.bearer(API_KEY))
            assert said(response)[:2] == (status, "INS-21")
            assert response.json()["output_ThirdPartyReference"] == "N/A"
        options = await client.options("/ipg/v1x/reversal/")
        assert (options.status_code, options.headers["allow"]) == (204, "PUT, OPTIONS")

    async def test_a_body_too_long_or_compressed_or_no_json_is_ins_21(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        path, headers = "/ipg/v1x/b2cPayment/", world.bearer(API_KEY)
        for content, more, status in (
            (b"x" * 70_000, {}, 413),
            (b"{}", {"Content-Encoding": "gzip"}, 415),
            (b"{", {}, 400),
        ):
            response = await client.post(path, content=content, headers=headers | more)
            assert said(response)[:2] == (status, "INS-21")
