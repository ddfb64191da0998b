"""Query transaction status through the front: by all three references, one's own payments only, straight from the
facts."""

import httpx
import pytest

from mkondo.domain import reasons
from mkondo.domain.ids import AccountId, ApplicationId, PaymentId
from mkondo.domain.payment import Payment, PaymentFailed, RequestPayment
from mkondo.domain.request import DecideReservation, RequestAnswered, refused
from mkondo.testing.builders import service_request
from tests.service.edge.world import APPLICATION, Core, World, c2b, status_of

PAY = "/sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage/"
QUERY = "/sandbox/ipg/v2/vodacomTZN/queryTransactionStatus/"
KEYS = ["output_ResponseCode", "output_ResponseDesc", "output_ResponseTransactionStatus",
        "output_OriginalTransactionID", "output_Reversed", "output_ConversationID",
        "output_ThirdPartyConversationID"]  # fmt: skip


async def paid(world: World, client: httpx.AsyncClient, headers: dict[str, str]) -> Payment:
    await client.post(PAY, json=c2b(), headers=headers)
    return world.core.payments[-1]


async def test_a_payment_is_found_by_each_of_its_three_references(world: World, client: httpx.AsyncClient) -> None:
    headers = world.bearer(await world.session())
    payment = await paid(world, client, headers)
    for reference in (payment.transaction_id, payment.payment_id, payment.third_party_conversation_id):
        response = await client.get(QUERY, params=status_of(reference), headers=headers)
        assert response.status_code == 200
        assert list(response.json()) == KEYS
        assert response.json()["output_ResponseTransactionStatus"] == "Completed"
        assert response.json()["output_OriginalTransactionID"] == payment.transaction_id
        assert response.json()["output_Reversed"] == "False"


async def test_the_query_has_ids_of_its_own(world: World, client: httpx.AsyncClient) -> None:
    headers = world.bearer(await world.session())
    payment = await paid(world, client, headers)
    parameters = status_of(payment.transaction_id, input_ThirdPartyConversationID="q1")
    answers = [(await client.get(QUERY, params=parameters, headers=headers)).json() for _ in range(2)]
    assert {answer["output_ThirdPartyConversationID"] for answer in answers} == {"q1"}
    assert len({answer["output_ConversationID"] for answer in answers} | {payment.payment_id}) == 3


async def test_a_declined_payment_says_how_it_ended(world: World, client: httpx.AsyncClient) -> None:
    async def declines(core: Core, command: RequestPayment) -> None:
        await core.end(PaymentFailed(command.payment, "INS-2006", "short", status="Declined"), command)

    world.core.answering = declines
    headers = world.bearer(await world.session())
    payment = await paid(world, client, headers)
    response = await client.get(QUERY, params=status_of(payment.transaction_id), headers=headers)
    assert response.json()["output_ResponseTransactionStatus"] == "Declined"


async def test_a_payment_that_has_not_ended_is_in_progress(world: World, client: httpx.AsyncClient) -> None:
    payment: list[Payment] = []

    async def is_asked_about_meanwhile(core: Core, command: RequestPayment) -> None:
        await core.admit(command)
        payment.append(command.payment)
        answer = await client.get(QUERY, params=status_of(command.payment.payment_id), headers=headers)
        assert answer.json()["output_ResponseTransactionStatus"] == "In Progress"
        core.reply(PaymentFailed(command.payment, "INS-6", ""))

    world.core.answering = is_asked_about_meanwhile
    headers = world.bearer(await world.session())
    await client.post(PAY, json=c2b(), headers=headers)
    assert payment


@pytest.mark.parametrize("way", ["unknown", "foreign"])
async def test_an_unknown_and_a_foreign_payment_get_the_same_answer(
    world: World, client: httpx.AsyncClient, way: str
) -> None:
    other = ApplicationId("app-2")
    await world.configure(other, api_key_hash="other")
    payment = await paid(world, client, world.bearer(await world.session(other)))
    reference = payment.transaction_id if way == "foreign" else "nothing"
    response = await client.get(QUERY, params=status_of(reference), headers=world.bearer(await world.session()))
    assert (response.status_code, response.json()["output_ResponseCode"]) == (400, "INS-23")
    assert response.json()["output_OriginalTransactionID"] == "N/A"


_ORDER = DecideReservation(PaymentId("p1"), "G27DEn1DLoQ3", AccountId("w"), True, "TGS813")
_DECISION = service_request(
    "u1", "update_transaction_status", _ORDER, application=APPLICATION, third_party_conversation_id="mine1"
)


@pytest.mark.parametrize(
    ("answered", "word"),
    [
        (RequestAnswered(_DECISION, reasons.DECIDED, outputs={"output_TransactionID": "G27DEn1DLoQ3"}), "Completed"),
        (refused(_DECISION, reasons.REFUSED, "the voucher code is another one"), "Declined"),
        (None, "In Progress"),
    ],
    ids=["decided", "refused", "unanswered"],
)
async def test_a_decision_is_named_by_the_payment_that_it_decides(
    world: World, client: httpx.AsyncClient, answered: RequestAnswered | None, word: str
) -> None:
    """As its answer names it (G5). Its own TransactionID was never told to anybody."""
    await world.core.admit_request(_DECISION)
    if answered is not None:
        await world.core.answer_request(answered)
    headers = world.bearer(await world.session())
    for reference in ("u1", "mine1"):
        said = (await client.get(QUERY, params=status_of(reference), headers=headers)).json()
        assert said["output_OriginalTransactionID"] == "G27DEn1DLoQ3"
        assert said["output_ResponseTransactionStatus"] == word


async def test_a_query_sends_nothing(world: World, client: httpx.AsyncClient) -> None:
    await client.get(QUERY, params=status_of("x"), headers=world.bearer(await world.session()))
    assert world.core.commands == []


class TestWaysToAsk:
    """Contract section 10.1: the query string, or a JSON body where that is empty."""

    async def code(self, world: World, client: httpx.AsyncClient, url: str = QUERY, body: bytes | None = None) -> str:
        headers = world.bearer(await world.session())
        response = await client.request("GET", url, content=body, headers=headers)
        return str(response.json()["output_ResponseCode"])

    async def test_a_json_body_serves_when_the_query_string_is_empty(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        body = httpx.Request("POST", "http://x", json=status_of("x")).read()
        assert await self.code(world, client, body=body) == "INS-23"
        assert await self.code(world, client, url=QUERY + "?", body=body) == "INS-23"

    async def test_struct_tags_in_names_are_stripped(self, world: World, client: httpx.AsyncClient) -> None:
        query = "&".join(f"{name}%2Comitempty={value}" for name, value in status_of("x").items())
        assert await self.code(world, client, url=f"{QUERY}?{query}") == "INS-23"

    async def test_without_anything_parameters_are_missing(self, world: World, client: httpx.AsyncClient) -> None:
        assert await self.code(world, client) == "INS-20"

    async def test_a_query_string_that_is_no_text_is_unreadable(self, world: World, client: httpx.AsyncClient) -> None:
        assert await self.code(world, client, url=f"{QUERY}?input_Country=%ff%fe") == "INS-21"

    async def test_a_body_that_is_no_json_is_unreadable(self, world: World, client: httpx.AsyncClient) -> None:
        assert await self.code(world, client, body=b"[1]") == "INS-21"


@pytest.mark.parametrize(
    ("reference", "status", "word"),
    [("000000000001", 200, "False"), ("000000000000000000001", 200, "True"), ("000000000002", 400, None)],
)
async def test_sandbox_test_references_are_scripted(
    world: World, client: httpx.AsyncClient, reference: str, status: int, word: str | None
) -> None:
    headers = world.bearer(await world.session())
    response = await client.get(QUERY, params=status_of(reference), headers=headers)
    assert response.status_code == status
    assert word is None or response.json()["output_Reversed"] == word
