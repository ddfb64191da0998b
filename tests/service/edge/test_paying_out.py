"""B2C and B2B through the front: which accounts a payment out of a till moves money between, and what is refused."""

import httpx
import pytest

from mkondo.domain.account import Account, till, wallet
from mkondo.domain.application import STRICT
from mkondo.domain.ids import AccountId
from mkondo.domain.ledger.keys import account_key
from mkondo.domain.money import Money
from mkondo.domain.payment import Forced, RequestPayment
from mkondo.ports.errors import TryLater
from tests.service.edge.world import APPLICATION, World, b2b, b2c, status_of

B2C = "/sandbox/ipg/v2/vodacomTZN/b2cPayment/"
B2B = "/sandbox/ipg/v2/vodacomTZN/b2bPayment/"
ALIAS = f"{B2C}singleStage/"
QUERY = "/sandbox/ipg/v2/vodacomTZN/queryTransactionStatus/"
KEYS = ["output_ResponseCode", "output_ResponseDesc", "output_TransactionID", "output_ConversationID",
        "output_ThirdPartyConversationID"]  # fmt: skip
OWN, FOREIGN, NOBODY = "171717", "171718", "999999"


async def send(world: World, client: httpx.AsyncClient, path: str, body: dict[str, object]) -> httpx.Response:
    return await client.post(path, json=body, headers=world.bearer(await world.session()))


@pytest.mark.parametrize(("path", "body"), [(B2C, b2c()), (ALIAS, b2c()), (B2B, b2b())], ids=["b2c", "alias", "b2b"])
async def test_a_completed_payment_is_201_and_is_found_by_a_query(
    world: World, client: httpx.AsyncClient, path: str, body: dict[str, object]
) -> None:
    response = await send(world, client, path, body)
    assert response.status_code == 201
    assert list(response.json()) == KEYS
    reference = response.json()["output_TransactionID"]
    found = await client.get(QUERY, params=status_of(reference), headers=world.bearer(await world.session()))
    assert found.json()["output_ResponseTransactionStatus"] == "Completed"
    assert found.json()["output_OriginalTransactionID"] == reference


async def test_b2c_moves_money_from_the_organisation_s_till_to_the_customer_s_wallet(
    world: World, client: httpx.AsyncClient
) -> None:
    await send(world, client, B2C, b2c(input_Amount="10.5", input_ServiceProviderCode="ORG001"))
    [payment] = world.core.payments
    assert (payment.debited, payment.credited) == (
        till(APPLICATION, "ORG001", "TZS"),
        wallet(APPLICATION, "255744553111", "TZS"),
    )
    assert (payment.operation, payment.amount) == ("b2c_payment", Money(1050, "TZS"))
    assert (payment.customer, payment.description) == ("255744553111", "Salary payment")
    assert payment.opens_accounts


async def test_b2b_moves_money_from_the_primary_party_to_the_receiver_and_has_no_customer(
    world: World, client: httpx.AsyncClient
) -> None:
    await send(world, client, B2B, b2b(input_PrimaryPartyCode="ORG001"))
    [payment] = world.core.payments
    assert (payment.debited, payment.credited) == (
        till(APPLICATION, "ORG001", "TZS"),
        till(APPLICATION, "ORG002", "TZS"),
    )
    assert (payment.operation, payment.customer, payment.description) == ("b2b_payment", "", "Handbag, Black shoes")
    assert payment.opens_accounts


@pytest.mark.parametrize(
    ("number", "forced"),
    [(1, None), (2, Forced("INS-1", "Internal Error", "Failed")), (6, Forced("INS-2006", "Insufficient balance"))],
)
async def test_a_sandbox_trigger_travels_with_the_command(
    world: World, client: httpx.AsyncClient, number: int, forced: Forced | None
) -> None:
    await send(world, client, B2C, b2c(input_CustomerMSISDN=f"{number:012}"))
    await send(world, client, B2B, b2b(input_ReceiverPartyCode=f"{number:06}"))
    asked = [command.forced for command in world.core.commands if isinstance(command, RequestPayment)]
    assert asked == [forced, forced]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (B2C, b2c(input_PaymentItemsDesc=""), "INS-20"),
        (B2C, b2c(input_PaymentItemsDesc="a;b"), "INS-31"),
        (B2C, b2c(input_CustomerMSISDN="255"), "INS-2051"),
        (B2C, b2c(input_Amount="0"), "INS-15"),
        (B2B, b2b(input_ReceiverPartyCode=None), "INS-20"),
        (B2B, b2b(input_ReceiverPartyCode="12"), "INS-13"),
        (B2B, b2b(input_PrimaryPartyCode="12"), "INS-13"),
        (B2B, b2b(input_PurchasedItemsDesc="a;b"), "INS-30"),
        (B2B, b2c(), "INS-20"),
    ],
)
async def test_each_field_is_refused_with_its_own_code(
    world: World, client: httpx.AsyncClient, path: str, body: dict[str, object], code: str
) -> None:
    response = await send(world, client, path, body)
    assert (response.status_code, response.json()["output_ResponseCode"]) == (400, code)
    assert world.core.payments == []


async def test_a_strict_application_has_no_alias(world: World, client: httpx.AsyncClient) -> None:
    await world.configure(switches=STRICT)
    assert (await send(world, client, ALIAS, b2c())).status_code == 404
    assert (await send(world, client, B2C, b2c())).status_code == 201


class TestLive:
    """An application pays with its own organisation's shortcodes, to whom it likes, as long as they exist."""

    async def send(self, world: World, client: httpx.AsyncClient, path: str, body: dict[str, object]) -> str:
        await world.configure(environment="openapi", organisation="org-1", shortcodes=(OWN,))
        for account in (till("", OWN, "TZS"), till("", FOREIGN, "TZS"), wallet("", "255744553111", "TZS")):
            await world.cores["openapi"].put(account_key(account), Account(account, "TZS"))
        headers = world.bearer(await world.session(environment="openapi"))
        response = await client.post(path.replace("sandbox", "openapi"), json=body, headers=headers)
        return str(response.json()["output_ResponseCode"])

    def between(self, world: World) -> list[tuple[AccountId, AccountId]]:
        return [(payment.debited, payment.credited) for payment in world.cores["openapi"].payments]

    async def test_a_customer_is_paid_from_the_organisation_s_own_till(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        assert await self.send(world, client, B2C, b2c(input_ServiceProviderCode=OWN)) == "INS-0"
        assert self.between(world) == [(till("", OWN, "TZS"), wallet("", "255744553111", "TZS"))]
        assert not world.cores["openapi"].payments[0].opens_accounts

    async def test_another_organisation_s_till_is_paid(self, world: World, client: httpx.AsyncClient) -> None:
        body = b2b(input_PrimaryPartyCode=OWN, input_ReceiverPartyCode=FOREIGN)
        assert await self.send(world, client, B2B, body) == "INS-0"
        assert self.between(world) == [(till("", OWN, "TZS"), till("", FOREIGN, "TZS"))]

    @pytest.mark.parametrize(
        ("path", "body", "code"),
        [
            (B2C, b2c(input_ServiceProviderCode=FOREIGN), "INS-13"),
            (B2B, b2b(input_PrimaryPartyCode=FOREIGN, input_ReceiverPartyCode=OWN), "INS-13"),
            (B2B, b2b(input_PrimaryPartyCode=OWN, input_ReceiverPartyCode=NOBODY), "INS-13"),
            (B2C, b2c(input_ServiceProviderCode=OWN, input_CustomerMSISDN="233744553111"), "INS-2051"),
            (B2C, b2c(input_ServiceProviderCode=OWN, input_CustomerMSISDN="255744553112"), "INS-2051"),
        ],
        ids=[
            "b2c from a foreign till",
            "b2b from a foreign till",
            "b2b to nobody",
            "b2c to another market",
            "b2c to nobody",
        ],
    )
    async def test_a_wrong_party_is_refused_and_nothing_is_sent(
        self, world: World, client: httpx.AsyncClient, path: str, body: dict[str, object], code: str
    ) -> None:
        assert await self.send(world, client, path, body) == code
        assert self.between(world) == []

    async def test_a_receiver_that_cannot_be_looked_up_is_try_again(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        receiver = account_key(till("", FOREIGN, "TZS"))
        store = world.stores["openapi"]
        record = store.record

        async def down(key: str) -> bytes | None:
            if key == receiver:
                raise TryLater("the store is down")
            return await record(key)  # type: ignore[arg-type]

        store.record = down  # type: ignore[method-assign]
        body = b2b(input_PrimaryPartyCode=OWN, input_ReceiverPartyCode=FOREIGN)
        assert await self.send(world, client, B2B, body) == "INS-1"
        assert self.between(world) == []
