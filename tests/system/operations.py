"""Every operation of the table as a merchant makes it: a good body with new ids, and the way it is sent.

Read next: merchant.py.
"""

import secrets
from typing import Any
from urllib.parse import urlencode

from mkondo.contracts import codec
from mkondo.domain.account import HoldPlaced
from mkondo.openapi.operations import OPERATIONS
from mkondo.testing.platform import RunningPlatform
from tests.system.merchant import Answer, Fields, Merchant

NAME = "input_ThirdPartyConversationID"
REFERENCE = "input_ThirdPartyReference"
CREATE, COLLECT, FIND, CANCEL = (
    "direct_debit_creation", "direct_debit_payment", "query_direct_debit", "direct_debit_cancel",
)  # fmt: skip
TWO_STEP, DECIDE = "c2b_multi_stage", "update_transaction_status"


def good(merchant: Merchant, operation: str, **different: Any) -> Fields:
    """The mandatory fields of a request. What it refers to (`TransactionID`, `ThirdPartyReference`) is the caller's."""
    values = {
        "Amount": "10.00",
        "CustomerMSISDN": merchant.customer,
        "Country": merchant.place["country"],
        "Currency": merchant.place["currency"],
        "ServiceProviderCode": merchant.shortcode,
        "PrimaryPartyCode": merchant.shortcode,
        "ReceiverPartyCode": merchant.second_shortcode,
        "TransactionReference": f"T{secrets.token_hex(5)}",
        "ThirdPartyConversationID": secrets.token_hex(16),
        "ThirdPartyReference": f"R{secrets.token_hex(8)}",
        "PurchasedItemsDesc": "Shoes",
        "PaymentItemsDesc": "Salary",
        "APIVersion": "3.1",
        "AgreedTC": "1",
        "KycQueryType": "Name",
        "QueryBalanceAmount": "False",
    } | different
    names = {field.name for field in OPERATIONS[operation].fields}
    return {f"input_{name}": value for name, value in values.items() if f"input_{name}" in names}


async def ask(merchant: Merchant, operation: str, **different: Any) -> Answer:
    return await send(merchant, operation, good(merchant, operation, **different))


async def send(merchant: Merchant, operation: str, fields: Fields) -> Answer:
    row = OPERATIONS[operation]
    if row.method == "GET":
        return await merchant.call("GET", f"{row.path}?{urlencode(fields)}", merchant.bearer)
    return await merchant.call(row.method, row.path, merchant.bearer, fields)


async def vouchers(platform: RunningPlatform) -> dict[str, str]:
    """By TransactionID: what the customer's handset shows, whether the merchant was told or not."""
    found: dict[str, str] = {}
    for row in await platform.journal():
        event = codec.decode(row.type, row.version, row.data)
        if isinstance(event, HoldPlaced) and event.hold.admitted is not None:
            found[event.hold.admitted.payment.transaction_id] = event.hold.voucher_code
    return found
