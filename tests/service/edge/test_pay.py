"""C2B single stage through the front: what is sent to admission, and what the merchant is told for each ending."""

import asyncio

import httpx
import pytest

from mkondo.domain.account import till, wallet
from mkondo.domain.application import ProductScope
from mkondo.domain.ids import ApplicationId, Instant
from mkondo.domain.money import Money
from mkondo.domain.payment import Forced, PaymentCompleted, PaymentFailed, PaymentReserved, RequestPayment
from mkondo.domain.request import RequestRejected
from mkondo.ports.errors import TryLater
from services.payments_ingress.settings import Settings
from tests.service.edge.conftest import client_of
from tests.service.edge.world import APPLICATION, PRODUCTS, Core, World, build, c2b

PATH = "/sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage/"
SUCCESS = ["output_ResponseCode", "output_ResponseDesc", "output_TransactionID", "output_ConversationID",
           "output_ThirdPartyConversationID"]  # fmt: skip
SHORT = Settings(deadline_ms=30, grace_ms=20)


async def pay(world: World, client: httpx.AsyncClient, path: str = PATH, **changes: object) -> httpx.Response:
    return await client.post(path, json=c2b(**changes), headers=world.bearer(await world.session()))


async def test_a_completed_payment_is_201_with_its_ids(world: World, client: httpx.AsyncClient) -> None:
    response = await pay(world, client, input_ThirdPartyConversationID="mine1")
    [payment] = world.core.payments
    assert response.status_code == 201
    assert list(response.json()) == SUCCESS
    assert response.json() == {
        "output_ResponseCode": "INS-0",
        "output_ResponseDesc": "Request processed successfully",
        "output_TransactionID": payment.transaction_id,
        "output_ConversationID": payment.payment_id,
        "output_ThirdPartyConversationID": "mine1",
    }


async def test_the_command_says_everything_later_stages_need(world: World, client: httpx.AsyncClient) -> None:
    await pay(world, client, input_Amount="10.5", input_ServiceProviderCode="ORG001")
    [payment] = world.core.payments
    assert payment.amount == Money(1050, "TZS")
    assert payment.debited == wallet(APPLICATION, "255744553111", "TZS")
    assert payment.credited == till(APPLICATION, "ORG001", "TZS")
    assert (payment.application, payment.market, payment.operation) == (APPLICATION, "vodacomTZN", "c2b_single_stage")
    assert payment.deadline == payment.asked_at + 20_000
    assert payment.opens_accounts
    assert payment.reply_to is not None
    assert payment.reply_to.asked == payment.payment_id


async def test_a_live_payment_is_between_the_organisation_and_a_wallet_of_everybody(world: World) -> None:
    await world.configure(environment="openapi", organisation="org-1", shortcodes=("171717",))
    session = await world.session(environment="openapi")
    async with client_of(world) as client:
        response = await client.post(
            PATH.replace("sandbox", "openapi"),
            json=c2b(input_ServiceProviderCode="171717"),
            headers=world.bearer(session),
        )
    [payment] = world.cores["openapi"].payments
    assert response.status_code == 201
    assert payment.debited == wallet("", "255744553111", "TZS")
    assert payment.credited == till("", "171717", "TZS")
    assert not payment.opens_accounts
    assert world.core.payments == []


async def test_a_shortcode_that_is_not_the_organisation_s_is_refused_in_live(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.configure(environment="openapi", organisation="org-1", shortcodes=("171717",))
    session = await world.session(environment="openapi")
    path = PATH.replace("sandbox", "openapi")
    response = await client.post(path, json=c2b(), headers=world.bearer(session))
    assert (response.status_code, response.json()["output_ResponseCode"]) == (400, "INS-13")
    assert world.cores["openapi"].commands == []


async def test_a_sandbox_session_is_nobody_in_live(world: World, client: httpx.AsyncClient) -> None:
    await world.configure(environment="openapi")
    session = await world.session()
    response = await client.post(PATH.replace("sandbox", "openapi"), json=c2b(), headers=world.bearer(session))
    assert response.json()["output_ResponseDesc"] == "Session is invalid"


@pytest.mark.parametrize(
    ("code", "status", "text"),
    [
        ("INS-6", 401, "Transaction Failed"),
        ("INS-9", 408, "Request timeout"),
        ("INS-995", 400, "API Single Transaction Limit Breached"),
        ("INS-2006", 422, "Insufficient balance"),
    ],
)
async def test_a_declined_payment_is_told_with_its_ids(
    world: World, client: httpx.AsyncClient, code: str, status: int, text: str
) -> None:
    async def declines(core: Core, command: RequestPayment) -> None:
        await core.end(PaymentFailed(command.payment, code, "a reason for people"), command)

    world.core.answering = declines
    response = await pay(world, client)
    assert response.status_code == status
    assert list(response.json()) == SUCCESS
    assert response.json()["output_ResponseCode"] == code
    assert response.json()["output_ResponseDesc"] == text
    assert response.json()["output_TransactionID"] == world.core.payments[0].transaction_id


def rejects(code: str, text: str) -> object:
    async def answering(core: Core, command: RequestPayment) -> None:
        p = command.payment
        core.reply(RequestRejected(p.reply_to, code, text, p.payment_id, p.operation, p.third_party_conversation_id))

    return answering


async def test_a_duplicate_is_409_with_a_fresh_conversation_and_no_transaction(
    world: World, client: httpx.AsyncClient
) -> None:
    world.core.answering = rejects("INS-10", "Duplicate Transaction")  # type: ignore[assignment]
    response = await pay(world, client, input_ThirdPartyConversationID="again")
    assert response.status_code == 409
    assert response.json() == {
        "output_ResponseCode": "INS-10",
        "output_ResponseDesc": "Duplicate Transaction",
        "output_TransactionID": "N/A",
        "output_ConversationID": world.core.payments[0].payment_id,
        "output_ThirdPartyConversationID": "again",
    }


async def test_admission_has_the_last_word_about_a_session(world: World, client: httpx.AsyncClient) -> None:
    world.core.answering = rejects("INS-989", "Session has expired")  # type: ignore[assignment]
    response = await pay(world, client)
    assert response.status_code == 401
    assert response.json()["output_error"] == response.json()["output_ResponseDesc"] == "Session has expired"


async def test_what_cannot_be_sent_is_503_try_again(world: World, client: httpx.AsyncClient) -> None:
    async def full(_: Core, __: RequestPayment) -> None:
        raise TryLater("no room")

    world.core.answering = full
    response = await pay(world, client, input_ThirdPartyConversationID="kept")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["output_ResponseCode"] == "INS-1"
    assert response.json()["output_ThirdPartyConversationID"] == "kept"


class TestWithoutAReply:
    """The reply is a hint; the outcome row is the truth; and without either nobody knows."""

    async def asked(self, answering: object, store_down: bool = False) -> tuple[httpx.Response, World]:
        world = await build(pay=SHORT)
        world.core.answering = answering  # type: ignore[assignment]
        async with client_of(world) as client:
            headers = world.bearer(await world.session())
            if store_down:

                async def unreachable(_: str) -> None:
                    raise TryLater("the store is down")

                world.store.outcome = unreachable  # type: ignore[assignment, method-assign]
            response = await client.post(PATH, json=c2b(input_ThirdPartyConversationID="T1"), headers=headers)
        world.keys.close()
        return response, world

    async def test_a_lost_reply_is_read_from_the_outcome_row(self) -> None:
        async def loses_the_reply(core: Core, command: RequestPayment) -> None:
            await core.admit(command)
            await core.finish(PaymentCompleted(command.payment))

        response, _ = await self.asked(loses_the_reply)
        assert response.status_code == 201

    async def test_that_the_funds_are_reserved_is_read_from_its_row_too(self) -> None:
        async def loses_the_reply(core: Core, command: RequestPayment) -> None:
            await core.admit(command)
            await core.finish(PaymentReserved(command.payment, Instant(0)))

        response, _ = await self.asked(loses_the_reply)
        assert response.status_code == 201

    async def test_silence_is_408_not_known(self) -> None:
        async def silent(_: Core, __: RequestPayment) -> None: ...

        response, world = await self.asked(silent)
        assert (response.status_code, response.json()["output_ResponseCode"]) == (408, "INS-9")
        assert "retry-after" not in response.headers
        assert response.json()["output_ThirdPartyConversationID"] == "T1"
        assert response.json()["output_ConversationID"] == world.core.payments[0].payment_id

    async def test_an_unreachable_store_after_sending_is_408_and_never_try_again(self) -> None:
        async def silent(_: Core, __: RequestPayment) -> None: ...

        response, _ = await self.asked(silent, store_down=True)
        assert response.status_code == 408

    async def test_a_command_that_hangs_in_sending_is_408(self) -> None:
        async def hangs(_: Core, __: RequestPayment) -> None:
            await asyncio.Event().wait()

        response, _ = await self.asked(hangs)
        assert response.status_code == 408

    async def test_replies_for_another_life_of_this_process_are_ignored(self) -> None:
        async def answers_somebody_else(core: Core, command: RequestPayment) -> None:
            core.reply(PaymentCompleted(command.payment), incarnation="another")

        response, _ = await self.asked(answers_somebody_else)
        assert response.status_code == 408


async def test_the_first_reply_wins(world: World, client: httpx.AsyncClient) -> None:
    async def says_both(core: Core, command: RequestPayment) -> None:
        core.reply(PaymentCompleted(command.payment))
        core.reply(PaymentFailed(command.payment, "INS-6", ""))

    world.core.answering = says_both
    assert (await pay(world, client)).status_code == 201


@pytest.mark.parametrize(
    ("msisdn", "forced"),
    [
        ("000000000001", None),
        ("000000000004", Forced("INS-6", "Transaction Failed")),
        ("000000000008", Forced("INS-2006", "Insufficient balance")),
    ],
)
async def test_a_sandbox_trigger_travels_with_the_command(
    world: World, client: httpx.AsyncClient, msisdn: str, forced: Forced | None
) -> None:
    await pay(world, client, input_CustomerMSISDN=msisdn)
    [command] = [command for command in world.core.commands if isinstance(command, RequestPayment)]
    assert command.forced == forced


class TestOrderOfChecks:
    """Contract section 5: authentication, market, product, fields. Each body is wrong in everything that comes
    later."""

    async def code(self, world: World, client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> str:
        response = await client.post(path, json={"input_Amount": "x"}, headers=headers)
        assert world.core.payments == []
        return str(response.json()["output_ResponseCode"])

    async def test_authentication_comes_first(self, world: World, client: httpx.AsyncClient) -> None:
        assert await self.code(world, client, PATH.replace("TZN", "XXX"), {}) == "INS-989"

    async def test_then_the_market(self, world: World, client: httpx.AsyncClient) -> None:
        await world.configure(products={})
        headers = world.bearer(await world.session())
        assert await self.code(world, client, PATH.replace("TZN", "XXX"), headers) == "INS-998"

    async def test_a_market_the_application_may_not_use_is_as_unknown(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        await world.configure(markets=("vodacomLES",))
        headers = world.bearer(await world.session())
        assert await self.code(world, client, PATH, headers) == "INS-998"

    async def test_then_the_product(self, world: World, client: httpx.AsyncClient) -> None:
        await world.configure(products={PRODUCTS[1]: ProductScope()})
        headers = world.bearer(await world.session())
        assert await self.code(world, client, PATH, headers) == "INS-997"

    async def test_then_what_is_missing(self, world: World, client: httpx.AsyncClient) -> None:
        headers = world.bearer(await world.session())
        assert await self.code(world, client, PATH, headers) == "INS-20"


async def test_every_market_takes_its_own_country_and_currency(world: World, client: httpx.AsyncClient) -> None:
    headers = world.bearer(await world.session())
    for market, country, currency in (("vodafoneGHA", "GHA", "GHS"), ("vodacomDRC", "DRC", "USD")):
        path = PATH.replace("vodacomTZN", market)
        good = await client.post(path, json=c2b(input_Country=country, input_Currency=currency), headers=headers)
        wrong = await client.post(path, json=c2b(), headers=headers)
        assert (good.status_code, wrong.status_code) == (201, 400)


async def test_two_applications_have_different_accounts_for_one_shortcode_and_number(
    world: World, client: httpx.AsyncClient
) -> None:
    other = ApplicationId("app-2")
    await world.configure(other, api_key_hash="other")
    await client.post(PATH, json=c2b(), headers=world.bearer(await world.session()))
    await client.post(PATH, json=c2b(), headers=world.bearer(await world.session(other)))
    first, second = world.core.payments
    assert first.debited != second.debited
    assert first.credited != second.credited
