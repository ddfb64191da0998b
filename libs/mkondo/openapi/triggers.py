"""The sandbox's test values: which value of which field makes an operation end how (contract section 7).

Pure. They work in the sandbox only, with shortcode 000000 or a profile's own, after admission: a failing one is
recorded as a payment that failed, and value 1 of a payment is an ordinary payment between funded test wallets (section
12, "Triggers").
Read next: parse.py, whose fields these are matched against.
"""

from collections.abc import Collection, Mapping

import msgspec

from mkondo.domain.environments import SANDBOX
from mkondo.openapi.codes import text_of

TEST_SHORTCODE = "000000"
_SHORTCODE_FIELDS = ("input_ServiceProviderCode", "input_PrimaryPartyCode")


class Outcome(msgspec.Struct, frozen=True):
    """A text of section 7 and what section 12 rules it to mean. `status` is what a query calls such a payment."""

    means: str
    code: str
    status: str = "Failed"
    text: str = ""


OK = Outcome("Request processed successfully", "INS-0", "Completed")
INTERNAL = Outcome("Internal Error", "INS-1")
FAILED = Outcome("Transaction Failed", "INS-6", "Declined")
PIN = Outcome("Transaction Failed [Incorrect PIN]", "INS-6", "Declined", "Transaction Failed")
TIMEOUT = Outcome("Request timeout", "INS-9", "Expired")
PUSH_TIMEOUT = Outcome("USSD Push timeout", "INS-9", "Expired")
AMOUNT = Outcome("Invalid Amount Used", "INS-15", "Declined")
BALANCE = Outcome("Insufficient balance", "INS-2006", "Declined")
UNAVAILABLE = Outcome("Service is not available", "INS-16")
FOREIGN = Outcome("This transaction do not belong to you", "INS-35", "Declined")
MISSING = Outcome("Missing Reference", "INS-45")
NO_MANDATE = Outcome("Mandate does not exist", "INS-6", "Declined", "Mandate does not exist")
USE_CASE = Outcome("Invalid Use Case", "INS-21")
REVERSED = Outcome("Request processed successfully, reversed", "INS-0", "Completed")

_LAST = "9"


class Table(msgspec.Struct, frozen=True):
    """The test values of one field with one length: the number that the zeros end in, and the outcome."""

    field: str
    length: int
    outcomes: dict[str, Outcome]

    def values(self) -> dict[str, Outcome]:
        """The whole values as a merchant writes them."""
        return {number.zfill(self.length): outcome for number, outcome in self.outcomes.items()}


class Trigger(msgspec.Struct, frozen=True):
    """What a test value asks for. `word` is the status a query of the payment shows, `reversed` a queried one's."""

    value: str
    code: str
    text: str
    means: str
    word: str
    reversed: bool = False

    @property
    def succeeds(self) -> bool:
        return self.code == "INS-0"


def _numbered(*outcomes: Outcome) -> dict[str, Outcome]:
    return {str(number): outcome for number, outcome in enumerate(outcomes, start=1)}


_C2B = Table("input_CustomerMSISDN", 12, _numbered(
    OK, TIMEOUT, PUSH_TIMEOUT, PIN, INTERNAL, PIN, AMOUNT, BALANCE, UNAVAILABLE))  # fmt: skip
_PAID_OUT = _numbered(OK, INTERNAL, FAILED, TIMEOUT, AMOUNT, BALANCE, UNAVAILABLE)
_MANDATE = _numbered(OK, INTERNAL, FAILED, TIMEOUT, UNAVAILABLE)

TRIGGERS: dict[str, tuple[Table, ...]] = {
    "c2b_single_stage": (_C2B,),
    "c2b_multi_stage": (_C2B,),
    "b2c_payment": (Table("input_CustomerMSISDN", 12, _PAID_OUT),),
    "b2b_payment": (Table("input_ReceiverPartyCode", 6, _PAID_OUT),),
    "query_transaction_status": (
        Table("input_QueryReference", 12, {"1": OK, "2": INTERNAL, "3": FAILED, "7": UNAVAILABLE}),
        Table("input_QueryReference", 21, _numbered(REVERSED, MISSING, INTERNAL, FAILED, UNAVAILABLE)),
    ),
    "reversal": (
        Table("input_TransactionID", 13, _numbered(OK, INTERNAL, FAILED, AMOUNT, BALANCE, FOREIGN, UNAVAILABLE)),
    ),
    "update_transaction_status": (Table("input_TransactionID", 13, _numbered(OK, INTERNAL, FAILED, UNAVAILABLE)),),
    "direct_debit_creation": (Table("input_CustomerMSISDN", 12, _MANDATE),),
    "direct_debit_payment": (
        Table("input_CustomerMSISDN", 12, _MANDATE),
        Table("input_CustomerMSISDN", 20, _MANDATE),
    ),
    "query_direct_debit": (
        Table("input_ThirdPartyReference", 20,
              _numbered(OK, INTERNAL, FAILED, TIMEOUT, INTERNAL) | {_LAST * 20: USE_CASE}),
    ),
    "direct_debit_cancel": (
        Table("input_ThirdPartyReference", 20,
              _numbered(OK, INTERNAL, NO_MANDATE, TIMEOUT, UNAVAILABLE) | {_LAST * 20: USE_CASE}),
    ),
}  # fmt: skip

_WHOLE: dict[str, tuple[tuple[str, dict[str, Outcome]], ...]] = {
    operation: tuple((table.field, table.values()) for table in tables) for operation, tables in TRIGGERS.items()
}


def trigger(
    operation: str, environment: str, fields: Mapping[str, str], shortcodes: Collection[str] = (TEST_SHORTCODE,)
) -> Trigger | None:
    """What the request's test value asks for, or None: live, another shortcode, no test value."""
    if not _applies(environment, fields, shortcodes):
        return None
    for field, values in _WHOLE.get(operation, ()):
        outcome = values.get(fields.get(field, ""))
        if outcome:
            return _trigger(operation, fields[field], outcome)
    return None


def _applies(environment: str, fields: Mapping[str, str], shortcodes: Collection[str] = (TEST_SHORTCODE,)) -> bool:
    return environment == SANDBOX and any(fields.get(name) in shortcodes for name in _SHORTCODE_FIELDS)


def _trigger(operation: str, value: str, outcome: Outcome) -> Trigger:
    return Trigger(
        value=value,
        code=outcome.code,
        text=outcome.text or text_of(outcome.code, operation),
        means=outcome.means,
        word=outcome.status,
        reversed=outcome is REVERSED,
    )


ACCOUNT_STATUSES = {"000000000001": "Active", "000000000002": "Pending Approval", "000000000003": "Locked",
                    "000000000004": "Inactive"}  # fmt: skip
MANDATE_STATUSES = {"000001": "Active", "000002": "Pending Approval", "000003": "Cancelled", "000004": "Expired"}
SUFFICIENT_UP_TO_MINOR = 500_00
"""A BalanceAmount of exactly 500 is still there (section 12)."""


def scripted_mandate(environment: str, fields: Mapping[str, str]) -> Mapping[str, str] | None:
    """What a query of a direct debit says of its test values: account status and mandate status, each set by its own
    field (section 7); None when neither is one and the reference is not a test value either."""
    if not _applies(environment, fields):
        return None
    account = ACCOUNT_STATUSES.get(fields.get("input_CustomerMSISDN", ""))
    mandate = MANDATE_STATUSES.get(fields.get("input_MandateID", ""))
    if account is None and mandate is None and trigger("query_direct_debit", environment, fields) is None:
        return None
    return {"output_MandateStatus": mandate or "Active", "output_AccountStatus": account or "Active"}
