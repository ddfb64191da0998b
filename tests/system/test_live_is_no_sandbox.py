"""In live nothing is a test value, no account is opened by touch, an organisation speaks by its own shortcodes only.

The demo's live application has its organisation's one shortcode and no compatibility. Read next: openapi/triggers.py.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mkondo.openapi.operations import OPERATIONS
from mkondo.openapi.triggers import TRIGGERS
from mkondo.testing.platform import RunningPlatform
from tests.system.merchant import Merchant, merchant_of
from tests.system.operations import COLLECT, CREATE, DECIDE, FIND, ask

OPERATIONS_BUT_SESSION = tuple(name for name in OPERATIONS if name != "get_session")
NEEDS: dict[str, dict[str, Any]] = {
    DECIDE: {"TransactionID": "49XCD123F6", "VoucherCode": "TGS813", "CustomerMSISDN": "1"},
    "reversal": {"TransactionID": "49XCD123F6"},
    "query_transaction_status": {"QueryReference": "49XCD123F6"},
}
NOBODY = {
    "c2b_single_stage": "INS-2051", "c2b_multi_stage": "INS-2051", "b2c_payment": "INS-2051", "b2b_payment": "INS-13",
    "query_transaction_status": "INS-23", "reversal": "INS-18", DECIDE: "INS-18", CREATE: "INS-2051",
    COLLECT: "INS-2051", FIND: "INS-58", "direct_debit_cancel": "INS-6",
}  # fmt: skip
"""What a test value is in live: a number or name that is nobody's."""


@pytest.fixture
async def live(platform: RunningPlatform) -> AsyncIterator[Merchant]:
    async with merchant_of(platform, environment="openapi") as merchant:
        yield merchant


@pytest.mark.parametrize("operation", list(NOBODY))
async def test_every_test_value_is_nobody_s_name(live: Merchant, operation: str) -> None:
    for table in TRIGGERS[operation]:
        for value in table.values():
            different = NEEDS.get(operation, {}) | {table.field.removeprefix("input_"): value}
            assert (await ask(live, operation, **different)).code == NOBODY[operation], (operation, value)


@pytest.mark.parametrize("shortcode", ["000000", "171718", "ORG002"])
@pytest.mark.parametrize("operation", OPERATIONS_BUT_SESSION)
async def test_nobody_speaks_for_another_organisation(live: Merchant, operation: str, shortcode: str) -> None:
    own = {"ServiceProviderCode": shortcode, "PrimaryPartyCode": shortcode}
    assert (await ask(live, operation, **NEEDS.get(operation, {}), **own)).code == "INS-13"


@pytest.mark.parametrize("operation", ["c2b_single_stage", "c2b_multi_stage", "b2c_payment", "query_beneficiary_name"])
async def test_a_customer_without_a_wallet_is_not_given_one(live: Merchant, operation: str) -> None:
    for _ in range(2):
        assert (await ask(live, operation, CustomerMSISDN="255799999999")).code == "INS-2051"


async def test_a_mandate_of_a_customer_without_a_wallet_collects_nothing(live: Merchant) -> None:
    same = {"CustomerMSISDN": "255799999998", "ThirdPartyReference": "LiveNobody"}
    assert (await ask(live, CREATE, **same)).code == "INS-0"
    assert (await ask(live, COLLECT, **same)).code == "INS-2051"
    assert (await ask(live, FIND, **same)).code == "INS-2051"


async def test_neither_environment_s_session_or_payment_is_known_in_the_other(
    platform: RunningPlatform, live: Merchant
) -> None:
    async with merchant_of(platform) as sandbox:
        paid = await ask(sandbox, "c2b_single_stage")
        assert (await live.status(paid.said("TransactionID"))).code == "INS-23"
        assert (await ask(live, "reversal", TransactionID=paid.said("TransactionID"))).code == "INS-18"
        live.bearer, sandbox.bearer = sandbox.bearer, live.bearer
        assert [(await ask(merchant, "c2b_single_stage")).status for merchant in (live, sandbox)] == [401, 401]
