"""Who pays whom: per operation, the fields that name the debited and the credited account, and what it is paid for.

Read next: pay.py.
"""

from collections.abc import Callable, Mapping

import msgspec

from mkondo.domain import reasons
from mkondo.domain.account import till, wallet
from mkondo.domain.ids import AccountId

CUSTOMER_FIELD = "input_CustomerMSISDN"
SHOP_FIELD = "input_ServiceProviderCode"


class Party(msgspec.Struct, frozen=True):
    """One side of a payment: the field with its name, and the kind of account which that names.

    `unknown` is the code for a name that has no account in live, where none is opened by touch. It is for credited
    parties: a debit the ledger refuses by itself, a credit it can't. Empty: such a credit goes to suspense.
    """

    field: str
    kind: Callable[[str, str, str], AccountId]
    unknown: str = ""

    def account(self, scope: str, fields: Mapping[str, str], currency: str) -> AccountId:
        return self.kind(scope, fields[self.field], currency)


class Parties(msgspec.Struct, frozen=True):
    """The two sides of a payment, and the field that says what it is for, which a profile may lack."""

    debited: Party
    credited: Party
    description: str


_CUSTOMER = Party(CUSTOMER_FIELD, wallet)
_PAID_CUSTOMER = Party(CUSTOMER_FIELD, wallet, unknown=reasons.NO_SUCH_CUSTOMER)
_SHOP = Party(SHOP_FIELD, till)
_PAYER = Party("input_PrimaryPartyCode", till)
_RECEIVER = Party("input_ReceiverPartyCode", till, unknown=reasons.BAD_SHORTCODE)

PARTIES: dict[str, Parties] = {
    "c2b_single_stage": Parties(_CUSTOMER, _SHOP, "input_PurchasedItemsDesc"),
    "c2b_multi_stage": Parties(_CUSTOMER, _SHOP, "input_PurchasedItemsDesc"),
    "b2c_payment": Parties(_SHOP, _PAID_CUSTOMER, "input_PaymentItemsDesc"),
    "b2b_payment": Parties(_PAYER, _RECEIVER, "input_PurchasedItemsDesc"),
}
"""By operation name."""
