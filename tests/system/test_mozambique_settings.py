"""The Mozambique gateway's codes that an application's settings bring about, and its results by callback.

On a platform of its own: what is set here would be in the way of others. Read next: test_mozambique.py.
"""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from mkondo.openapi.mozambique.operations import OPERATIONS
from mkondo.testing.merchant_endpoint import MerchantEndpoint
from mkondo.testing.platform import RunningPlatform, verify
from tests.system.conftest import temporary_folder
from tests.system.mozambique import Answer, call, fields, headers
from tests.system.test_management import Api

CUSTOMER = "258843330099"
PRODUCTS = list(OPERATIONS)


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningPlatform]:
    with temporary_folder() as folder, RunningPlatform(folder / "data") as platform:
        yield platform
        assert verify(platform).returncode == 0
        platform.stop()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        yield client


async def ask(gateway: RunningPlatform, client: httpx.AsyncClient, operation: str, **different: str) -> Answer:
    sent = fields(operation, **different)
    return await call(client, gateway.addresses["http"], headers(gateway), operation, sent)


def change(gateway: RunningPlatform, **settings: object) -> None:
    """The ingress knows it when its clock has moved on by a second."""
    Api(gateway).said("PATCH", "applications/demo", settings)
    Api(gateway).said("POST", "clock/advance", {"seconds": 2})


async def test_a_customer_who_says_no_on_the_handset_is_ins_5(
    gateway: RunningPlatform, client: httpx.AsyncClient
) -> None:
    Api(gateway, "application").said("PUT", f"handsets/{CUSTOMER}", {"behaviour": "cancel"})
    answer = await ask(gateway, client, "c2b_single_stage", CustomerMSISDN=CUSTOMER)
    assert (answer.status, answer.code) == (401, "INS-5")
    found = await ask(gateway, client, "query_transaction_status", QueryReference=answer.said("ConversationID"))
    assert found.said("ResponseTransactionStatus") == "Cancelled"


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_an_application_without_mozambique_is_ins_998(
    gateway: RunningPlatform, client: httpx.AsyncClient, operation: str
) -> None:
    change(gateway, markets=["vodacomTZN"])
    answer = await ask(gateway, client, operation)
    change(gateway, markets=[])
    assert (answer.status, answer.code) == (400, "INS-998")


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_product_that_is_off_is_ins_26(
    gateway: RunningPlatform, client: httpx.AsyncClient, operation: str
) -> None:
    every = Api(gateway).said("GET", "applications/demo")["products"]
    change(gateway, products=[name for name in every if name != operation])
    answer = await ask(gateway, client, operation)
    change(gateway, products=every, asynchronous=every)
    assert (answer.status, answer.code) == (400, "INS-26")


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_result_is_pushed_in_the_gateways_own_words(
    gateway: RunningPlatform, client: httpx.AsyncClient, operation: str
) -> None:
    async with MerchantEndpoint.running() as endpoint:
        change(gateway, response_url=endpoint.url())
        sent = fields(operation)
        answer = await call(client, gateway.addresses["http"], headers(gateway), operation, sent)
        assert (answer.status, answer.code) == (OPERATIONS[operation].ok_status, "INS-0"), answer
        assert "output_TransactionID" not in answer.body
        (got,) = await endpoint.arrivals(1)
        change(gateway, response_url="")
    assert got.said["input_ResultCode"] == "0"
    assert got.said["input_OriginalConversationID"] == answer.said("ConversationID")
    assert got.said["input_ThirdPartyReference"] == sent["input_ThirdPartyReference"]
    assert tuple(got.said) == OPERATIONS[operation].callback_outputs
