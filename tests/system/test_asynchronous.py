"""Asynchronous mode, every operation: acceptance, callback and query say the same, and nothing gets lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest

from mkondo.openapi.operations import OPERATIONS
from mkondo.testing.merchant_endpoint import MerchantEndpoint, Received
from mkondo.testing.platform import RunningPlatform, verify
from tests.system.conftest import temporary_folder
from tests.system.merchant import Answer, Fields, Merchant, merchant_of
from tests.system.test_management import Api

ACCEPTANCE = ["output_ResponseCode", "output_ResponseDesc", "output_ConversationID", "output_ThirdPartyConversationID"]
PRODUCTS = [name for name in OPERATIONS if name != "get_session"]
CUSTOMER = "255700000066"


@pytest.fixture(scope="module")
def own_platform() -> Iterator[RunningPlatform]:
    with temporary_folder() as folder, RunningPlatform(folder / "data") as platform:
        yield platform
        assert verify(platform).returncode == 0
        platform.stop()


@pytest.fixture
async def endpoint(own_platform: RunningPlatform) -> AsyncIterator[MerchantEndpoint]:
    async with MerchantEndpoint.running() as endpoint:
        change = {"response_url": endpoint.url(), "response_url_override": False, "asynchronous": []}
        Api(own_platform).said("PATCH", "applications/demo", change)
        push(own_platform)
        yield endpoint


@pytest.fixture
async def merchant(own_platform: RunningPlatform) -> AsyncIterator[Merchant]:
    async with merchant_of(own_platform) as merchant:
        yield merchant


def push(platform: RunningPlatform, *products: str) -> None:
    """These products' results are pushed from now on. The ingress knows it within a second of its clock."""
    Api(platform).said("PATCH", "applications/demo", {"asynchronous": list(products)})
    Api(platform).said("POST", "clock/advance", {"seconds": 2})


async def prepared(merchant: Merchant, operation: str) -> Fields:
    """The operation's fields, after whatever must have happened before it."""
    match operation:
        case "c2b_single_stage":
            return merchant.c2b()
        case "c2b_multi_stage":
            return merchant.c2b(APIVersion="3.1")
        case "b2c_payment":
            return merchant.b2c()
        case "b2b_payment":
            return merchant.b2b()
        case "update_transaction_status":
            reserved = await merchant.ask("c2b_multi_stage", merchant.c2b(APIVersion="3.1"))
            return merchant.fields(
                CustomerMSISDN="1", VoucherCode=reserved.said("VoucherCode"),
                TransactionID=reserved.said("TransactionID"), APIVersion="3.1",
            )  # fmt: skip
        case "reversal":
            return merchant.fields(TransactionID=(await merchant.pay()).said("TransactionID"))
        case "query_transaction_status":
            return merchant.fields(QueryReference=(await merchant.pay()).said("TransactionID"))
        case "query_beneficiary_name":
            return merchant.fields(CustomerMSISDN=CUSTOMER, KycQueryType="Name")
    mandate = {"CustomerMSISDN": CUSTOMER, "ThirdPartyReference": "Gym1"}
    if operation != "direct_debit_creation":
        created = merchant.fields(**mandate, AgreedTC="1")
        assert (await merchant.ask("direct_debit_creation", created)).status == 201
    more: dict[str, Fields] = {
        "direct_debit_creation": {"AgreedTC": "1"},
        "direct_debit_payment": {"Amount": "5", "Currency": "TZS"},
        "query_direct_debit": {"QueryBalanceAmount": "True", "BalanceAmount": "7", "Currency": "TZS"},
        "direct_debit_cancel": {},
    }
    return merchant.fields(**mandate, **more[operation])


def check_accepted(operation: str, answer: Answer, fields: Fields) -> None:
    row = OPERATIONS[operation]
    assert (answer.status, answer.code) == (row.ok_status, row.accepted_code), answer
    assert list(answer.body) == ACCEPTANCE
    assert answer.said("ThirdPartyConversationID") == fields["input_ThirdPartyConversationID"]


def check_pushed(operation: str, got: Received, accepted: Answer) -> dict[str, Any]:
    said = got.said
    assert list(said) == list(OPERATIONS[operation].callback_outputs)
    assert got.body == msgspec.json.encode(said), "the body is compact"
    assert said["input_OriginalConversationID"] == accepted.said("ConversationID") == got.headers["webhook-id"]
    assert said["input_ThirdPartyConversationID"] == accepted.said("ThirdPartyConversationID")
    return said


@pytest.mark.parametrize("operation", PRODUCTS)
async def test_acceptance_callback_and_query_agree(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant, operation: str
) -> None:
    fields = await prepared(merchant, operation)
    push(own_platform, operation)
    accepted = await merchant.ask(operation, fields)
    check_accepted(operation, accepted, fields)
    (got,) = await endpoint.arrivals(1)
    said = check_pushed(operation, got, accepted)
    assert (said.get("input_ResultCode") or said["input_ResponseCode"]) == "INS-0"
    if operation not in ("query_transaction_status", "query_beneficiary_name"):
        found = await merchant.status(accepted.said("ConversationID"))
        word = "Pending" if operation == "c2b_multi_stage" else "Completed"
        assert found.said("ResponseTransactionStatus") == word
        named = said.get("input_TransactionID") or said["input_TransactionReference"]
        assert found.said("OriginalTransactionID") == named


async def test_a_failure_is_pushed_too_and_a_refusal_is_answered_at_once(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant
) -> None:
    push(own_platform, "c2b_single_stage")
    fields = merchant.c2b(CustomerMSISDN="000000000008")
    accepted = await merchant.pay(fields)
    check_accepted("c2b_single_stage", accepted, fields)
    (got,) = await endpoint.arrivals(1)
    said = check_pushed("c2b_single_stage", got, accepted)
    assert (said["input_ResultCode"], said["input_ResultDesc"]) == ("INS-2006", "Insufficient balance")
    assert (await merchant.status(said["input_TransactionID"])).said("ResponseTransactionStatus") == "Declined"
    assert (await merchant.pay(fields)).code == "INS-10"
    assert (await merchant.pay(merchant.c2b(Amount="0"))).code == "INS-15"
    assert len(endpoint.received) == 1


async def test_the_requests_own_address_counts_only_where_the_application_allows_it(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant
) -> None:
    for allowed, path in ((False, "/acknowledge"), (True, "/elsewhere")):
        Api(own_platform).said("PATCH", "applications/demo", {"response_url_override": allowed})
        push(own_platform, "c2b_single_stage")
        before = len(endpoint.received)
        await merchant.pay(merchant.c2b(ResponseURL=endpoint.url("elsewhere")))
        assert (await endpoint.arrivals(before + 1))[-1].path == path


async def test_a_failing_endpoint_is_tried_again_with_the_same_id_and_the_attempts_are_to_be_seen(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant
) -> None:
    push(own_platform, "c2b_single_stage")
    endpoint.failing = 2
    await merchant.pay()
    await endpoint.arrivals(1)
    for seconds, number in ((10, 2), (100, 3)):
        Api(own_platform).said("POST", "clock/advance", {"seconds": seconds})
        await endpoint.arrivals(number)
    first, *repeats = endpoint.received
    assert all((got.body, got.headers["webhook-id"]) == (first.body, first.headers["webhook-id"]) for got in repeats)
    told = await delivered(own_platform, first.headers["webhook-id"])
    assert [attempt["status"] for attempt in told["attempts"]] == [500, 500, 200]
    assert [attempt["acknowledged"] for attempt in told["attempts"]] == [False, False, True]
    assert (told["url"], told["operation"], told["next_at"]) == (endpoint.url(), "c2b_single_stage", 0)
    assert told in Api(own_platform, "application").said("GET", "deliveries")["deliveries"]


async def test_a_burst_of_results_arrives_at_once_each_of_them_once(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant
) -> None:
    push(own_platform, "c2b_single_stage")
    accepted = await asyncio.gather(*(merchant.pay() for _ in range(100)))
    got = await endpoint.arrivals(100)
    assert sorted(one.headers["webhook-id"] for one in got) == sorted(one.said("ConversationID") for one in accepted)


async def delivered(platform: RunningPlatform, name: str) -> dict[str, Any]:
    """What the management API says of a delivery, once it has arrived: views are behind by a moment."""
    async with asyncio.timeout(20):
        while True:
            found = Api(platform, "application").call("GET", f"deliveries/{name}")
            if found.is_success and found.json()["state"] == "delivered":
                said: dict[str, Any] = found.json()
                return said
            await asyncio.sleep(0)


async def test_a_result_that_was_not_pushed_when_the_platform_died_is_pushed_after_its_restart(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant
) -> None:
    push(own_platform, "c2b_single_stage")
    Api(own_platform).said("PATCH", "applications/demo", {"response_url": endpoint.url("never")})
    Api(own_platform).said("POST", "clock/advance", {"seconds": 2})
    accepted = await merchant.pay()
    assert accepted.status == 201
    await endpoint.arrivals(1)
    own_platform.kill9()
    own_platform.start()
    Api(own_platform).said("POST", "clock/advance", {"seconds": 120})
    again = (await endpoint.arrivals(2))[1]
    assert again.headers["webhook-id"] == accepted.said("ConversationID")
