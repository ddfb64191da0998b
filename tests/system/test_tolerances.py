"""What real clients send and the platform takes all the same (contract section 10). Read next: test_sdks.py."""

import json
from typing import Any

import pytest

from mkondo.testing.platform import RunningPlatform
from tests.system.merchant import Connection, Merchant

QUERY = "/sandbox/ipg/v2/vodacomTZN/queryTransactionStatus/"


@pytest.mark.parametrize(
    "path", ["//sandbox//ipg/v2///vodacomTZN/queryTransactionStatus//", QUERY.rstrip("/"), f"{QUERY}?", QUERY]
)
async def test_a_get_with_a_body_is_read_however_its_path_is_spelt(
    platform: RunningPlatform, merchant: Merchant, path: str
) -> None:
    paid = await merchant.pay()
    fields = {
        "input_QueryReference": paid.said("TransactionID"),
        "input_Country": "TZN",
        "input_ServiceProviderCode": merchant.shortcode,
        "input_ThirdPartyConversationID": "q1",
    }
    connection = Connection(platform.addresses["http"])
    headers = {"Authorization": merchant.bearer, "Host": "openapi.m-pesa.com:443"}
    answer = await connection.call("GET", path, headers, json.dumps(fields).encode())
    connection.close()
    assert (answer.status, answer.said("ResponseTransactionStatus")) == (200, "Completed")


@pytest.mark.parametrize("amount", [5000, 10.0, "10", "10.0", "10.00", ".5", 1])
async def test_amounts_come_in_every_spelling(merchant: Merchant, amount: Any) -> None:
    assert (await merchant.pay(merchant.c2b(Amount=amount))).status == 201


@pytest.mark.parametrize("amount", [0, "0.00", "1.001", "-1", "1e3", "", None, True, "1" * 5_000, [], 10**30])
async def test_what_is_no_amount_moves_nothing(merchant: Merchant, amount: Any) -> None:
    fields = merchant.c2b(Amount=amount)
    assert 400 <= (await merchant.pay(fields)).status < 500
    assert (await merchant.status(fields["input_ThirdPartyConversationID"])).code == "INS-23"


async def test_leaked_and_unknown_fields_are_ignored(merchant: Merchant) -> None:
    fields = merchant.c2b() | {"input_ReversalAmount": "1", "input_APIVersion": "3.1", "x": {"y": []}}
    assert (await merchant.pay(fields)).status == 201
