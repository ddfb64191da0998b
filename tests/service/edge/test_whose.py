"""Whose a payment or a mandate is: in live the organisation's, in the sandbox the application's own.

Two applications are of one organisation, a third one is of another. What is decided of a request is its owner's, so
here it is what the command says that counts. Read next: services/payments_ingress/reverse.py.
"""

import secrets
from collections.abc import Mapping
from typing import NamedTuple

import httpx
import pytest

from mkondo.domain import reversals
from mkondo.domain.account import till, wallet
from mkondo.domain.application import ProductScope
from mkondo.domain.ids import ApplicationId
from mkondo.domain.mandate import Collection, CreateMandate
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed, RequestPayment
from mkondo.domain.request import MakeRequest
from mkondo.domain.reversal import Original, ReversalOf
from tests.service.edge.world import Core, World, c2b, completes

COUNTER, SIBLING, STRANGER = ApplicationId("counter"), ApplicationId("web-shop"), ApplicationId("stranger")
ORGANISATIONS = {COUNTER: "shop", SIBLING: "shop", STRANGER: "somebody-else"}
OWN_SHORTCODES = {COUNTER: "171717", SIBLING: "171718", STRANGER: "272727"}
PRODUCTS = ("c2b_single_stage", "reversal", "direct_debit_creation", "direct_debit_payment")
CUSTOMER = "255744553111"


class Shops:
    """The three applications in one environment, each with its own shortcode and session."""

    def __init__(self, world: World, client: httpx.AsyncClient, environment: str) -> None:
        self._world, self._client, self._environment = world, client, environment
        self.core = world.cores[environment]
        self.core.answering = as_the_owner_of_reversals_decides

    async def open(self, organisations: Mapping[ApplicationId, str] = ORGANISATIONS) -> None:
        for application, organisation in organisations.items():
            await self._world.configure(
                application,
                self._environment,
                api_key_hash=application,
                organisation=organisation,
                shortcodes=(OWN_SHORTCODES[application],),
                products={name: ProductScope() for name in PRODUCTS},
            )

    async def ask(self, application: ApplicationId, method: str, path: str, body: dict[str, object]) -> dict[str, str]:
        session = await self._world.session(application, self._environment)
        own = {"input_ServiceProviderCode": OWN_SHORTCODES[application]}
        answer = await self._client.request(
            method,
            f"/{self._environment}/ipg/v2/vodacomTZN/{path}/",
            json=body | own,
            headers=self._world.bearer(session),
        )
        said: dict[str, str] = answer.json()
        return said

    async def paid(self, application: ApplicationId) -> str:
        """A completed payment's TransactionID."""
        body = c2b(input_CustomerMSISDN=CUSTOMER)
        return (await self.ask(application, "POST", "c2bPayment/singleStage", body))["output_TransactionID"]

    async def reverse(self, application: ApplicationId, transaction_id: str) -> tuple[str, Original]:
        """The answer's code, and what the command says of the original."""
        said = await self.ask(application, "PUT", "reversal", common() | {"input_TransactionID": transaction_id})
        command = self.core.commands[-1]
        assert isinstance(command, RequestPayment) and isinstance(command.purpose, ReversalOf)
        return said["output_ResponseCode"], command.purpose.original

    async def agree(self, application: ApplicationId) -> "Agreed":
        """A new mandate."""
        body = common() | {
            "input_CustomerMSISDN": CUSTOMER, "input_ThirdPartyReference": "Test123", "input_AgreedTC": "1",
        }  # fmt: skip
        said = await self.ask(application, "POST", "directDebitCreation", body)
        command = self.core.commands[-1]
        assert isinstance(command, MakeRequest) and isinstance(command.request.order, CreateMandate)
        return Agreed(command.request.order.key.scope, said["output_MsisdnToken"], said["output_MandateID"])

    async def collect(self, application: ApplicationId, **named: object) -> str:
        """Whose mandate the collection is under, or the code it was refused with."""
        before = len(self.core.payments)
        body = common() | {
            "input_Amount": "10.00", "input_Currency": "TZS", "input_ThirdPartyReference": "Test123",
        }  # fmt: skip
        said = await self.ask(application, "POST", "directDebitPayment", body | named)
        if len(self.core.payments) == before:
            return said["output_ResponseCode"]
        command = self.core.commands[-1]
        assert isinstance(command, RequestPayment) and isinstance(command.purpose, Collection)
        return command.purpose.key.scope


class Agreed(NamedTuple):
    scope: str
    token: str
    mandate_id: str


def common() -> dict[str, object]:
    return {"input_Country": "TZN", "input_ThirdPartyConversationID": secrets.token_hex(16)}


async def as_the_owner_of_reversals_decides(core: Core, command: RequestPayment) -> None:
    """Its real decider, which knows of no reversal yet. Every other payment is completed."""
    if not isinstance(command.purpose, ReversalOf):
        return await completes(core, command)
    admitted = PaymentAdmitted(command.payment, command.session, 1, purpose=command.purpose)
    ended = reversals.decide(admitted, {}, core.now())[-1]
    await core.end(ended if isinstance(ended, PaymentFailed) else PaymentCompleted(command.payment), command)


@pytest.fixture
async def live(world: World, client: httpx.AsyncClient) -> Shops:
    shops = Shops(world, client, "openapi")
    await shops.open()
    return shops


@pytest.fixture
async def sandbox(world: World, client: httpx.AsyncClient) -> Shops:
    shops = Shops(world, client, "sandbox")
    await shops.open()
    return shops


@pytest.mark.parametrize("application", [COUNTER, SIBLING])
async def test_in_live_any_application_of_the_organisation_may_give_a_payment_back(
    live: Shops, application: ApplicationId
) -> None:
    transaction_id = await live.paid(COUNTER)
    [paid] = live.core.payments
    code, original = await live.reverse(application, transaction_id)
    assert (code, original.owned, original.completed, original.minor) == ("INS-0", True, True, 10_00)
    assert (original.payment_id, original.debited, original.credited) == (
        paid.payment_id, wallet("", CUSTOMER, "TZS"), till("", OWN_SHORTCODES[COUNTER], "TZS"),
    )  # fmt: skip


async def test_in_live_another_organisation_may_not_and_learns_nothing(live: Shops) -> None:
    transaction_id = await live.paid(COUNTER)
    [paid] = live.core.payments
    code, original = await live.reverse(STRANGER, transaction_id)
    assert (code, original.owned, original.completed, original.minor) == ("INS-35", False, False, 0)
    known = (original.payment_id, original.debited, original.credited)
    assert not {paid.payment_id, paid.debited, paid.credited}.intersection(known)


async def test_two_applications_without_an_organisation_are_strangers(live: Shops) -> None:
    await live.open(dict.fromkeys(ORGANISATIONS, ""))
    transaction_id = await live.paid(COUNTER)
    assert [(await live.reverse(one, transaction_id))[0] for one in (SIBLING, COUNTER)] == ["INS-35", "INS-0"]
    agreed = await live.agree(COUNTER)
    assert [await live.collect(one, input_MsisdnToken=agreed.token) for one in (COUNTER, SIBLING)] == [
        COUNTER, "INS-50",
    ]  # fmt: skip


async def test_in_the_sandbox_a_payment_is_its_application_s_alone(sandbox: Shops) -> None:
    transaction_id = await sandbox.paid(COUNTER)
    codes = [(await sandbox.reverse(one, transaction_id))[0] for one in (SIBLING, STRANGER, COUNTER)]
    assert codes == ["INS-35", "INS-35", "INS-0"]


async def test_in_live_a_mandate_is_the_organisation_s_whichever_application_made_it(live: Shops) -> None:
    agreed = await live.agree(COUNTER)
    assert agreed.scope == "shop"
    for named in (
        {"input_CustomerMSISDN": CUSTOMER}, {"input_MsisdnToken": agreed.token},
        {"input_CustomerMSISDN": CUSTOMER, "input_MandateID": agreed.mandate_id},
    ):  # fmt: skip
        assert [await live.collect(one, **named) for one in (COUNTER, SIBLING)] == ["shop", "shop"]


async def test_in_live_another_organisation_finds_neither_its_token_nor_its_id(live: Shops) -> None:
    agreed = await live.agree(COUNTER)
    by_number = {"input_CustomerMSISDN": CUSTOMER}
    assert await live.collect(STRANGER, **by_number) == "somebody-else", "the same reference is another mandate"
    assert await live.collect(STRANGER, input_MsisdnToken=agreed.token) == "INS-50"
    assert await live.collect(STRANGER, **by_number, input_MandateID=agreed.mandate_id) == "INS-51"


async def test_in_the_sandbox_a_mandate_is_its_application_s_alone(sandbox: Shops) -> None:
    agreed = await sandbox.agree(COUNTER)
    found = [await sandbox.collect(one, input_MsisdnToken=agreed.token) for one in (COUNTER, SIBLING, STRANGER)]
    assert (agreed.scope, found) == (COUNTER, [COUNTER, "INS-50", "INS-50"])
