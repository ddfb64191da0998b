"""What answers and callbacks say: each key's meaning, example and JSON type, named once for both directions.

Pure. Contract sections 3, 4, 6, 7 and 12. A key is `output_NAME` in our answers and in the merchant's acknowledgement,
`input_NAME` in the callbacks that we send. Read next: schemas.py, samples.py.
"""

import msgspec

from mkondo.domain.account import AccountStatus
from mkondo.domain.mandate import Status as MandateStatus

NOTHING = "N/A"
"""What stands where there is nothing to name."""


class Output(msgspec.Struct, frozen=True):
    """One key. Its text fits `grammar`, or is one of `values`, or is free.

    `boolean`: a JSON boolean as well, by a switch of the application. `optional`: left out of some good answers.
    `named`: never N/A in a good answer.
    """

    name: str
    meaning: str
    example: str | bool
    grammar: str = ""
    values: tuple[str, ...] = ()
    boolean: bool = False
    optional: bool = False
    named: bool = True


_ID = r"[0-9a-f]{32}"
_TRANSACTION = r"[0-9A-Za-z]{1,21}"  # the sandbox echoes its own test references of 21 digits
_DATE, _TWO_DIGITS = r"[0-9]{8}", r"[0-9]{2}"
_STANDS_FOR_NUMBER = r"[0-9A-Za-z]{1,24}={0,2}"
_FLAG = ("True", "False")

STATUSES = ("Completed", "In Progress", "Pending", "Failed", "Declined", "Cancelled", "Expired")
ACKNOWLEDGED = "Successfully Accepted Result"
"""output_ResponseDesc of a merchant's acknowledgement."""

_ROWS = (
    Output("ResponseCode", "The reason code.", "INS-0"),
    Output("ResponseDesc", "The reason code's text.", "Request processed successfully"),
    Output("ResultCode", "The reason code of the result.", "INS-0"),
    Output("ResultDesc", "The reason code's text.", "Request processed successfully"),
    Output("SessionID", "The session key: encrypt it with the platform's public key for every further call.",
           "4ee35a0f5ac54dd8a2ed2b9d5ba4e0d2", _ID),
    Output("TransactionID", "The payment's id.", "G27DEn1DLoQ3", _TRANSACTION),
    Output("VoucherCode", "What the customer's handset shows; needed to commit. Left out where the application's "
           "switch is off.", "TGS813", r"[0-9A-Z]{6}", optional=True),
    Output("ResponseTransactionStatus", "How the payment stands.", "Completed", values=STATUSES),
    Output("OriginalTransactionID", "The id of the payment that was asked about.", "G27DEn1DLoQ3", _TRANSACTION),
    Output("Reversed", "Whether it was given back: text, or a JSON boolean by the application's switch.", "False",
           values=_FLAG, boolean=True),
    Output("CustomerFirstName", "The customer's first name.", "Neema"),
    Output("CustomerLastName", "The customer's last name.", "Mushi"),
    Output("TransactionReference", "The platform's id of this request about a mandate.", "o3FgzDqPV8pZ",
           r"[0-9A-Za-z]{1,32}"),
    Output("MsisdnToken", "Stands for the customer's number in further calls.", "cvgwUBZ3lAO9ivwhWAFeng==",
           _STANDS_FOR_NUMBER, named=False),
    Output("MandateID", "The mandate's id.", "15045", r"[0-9]{1,12}", named=False),
    Output("SufficientBalance", "Whether the balance covers input_BalanceAmount: a JSON boolean, or text by the "
           "application's switch; N/A where nobody asked.", True, values=_FLAG, boolean=True, named=False),
    Output("MandateStatus", "How the mandate stands.", "Active", values=tuple(each.value for each in MandateStatus)),
    Output("AccountStatus", "How the customer's account stands.", "Active",
           values=tuple(each.value for each in AccountStatus)),
    Output("FirstPaymentDate", "YYYYMMDD.", "20300205", _DATE, named=False),
    Output("Frequency", "01 once, 02 daily, 03 weekly, 04 monthly, 05 quarterly, 06 half-yearly, 07 yearly, "
           "08 on demand.", "06", r"0[1-8]", named=False),
    Output("PaymentDayFrom", "First day of the month to collect on.", "01", _TWO_DIGITS, named=False),
    Output("PaymentDayTo", "Last day of the month to collect on.", "22", _TWO_DIGITS, named=False),
    Output("ExpiryDate", "YYYYMMDD, the last day.", "20301126", _DATE, named=False),
    Output("OriginalConversationID", "The output_ConversationID of the accepted request.",
           "0195b0f2c4d87a31b6d0c1b1a4e5f601", _ID),
    Output("ConversationID", "The platform's id of this request; a payment can be queried by it.",
           "0195b0f2c4d87a31b6d0c1b1a4e5f601", _ID),
    Output("ThirdPartyConversationID", "The request's input_ThirdPartyConversationID.",
           "1e9b774d1da34af78412a498cbc28f5e", named=False),
    Output("error", "The reason again, on INS-989 only.", "Session is invalid", optional=True),
)  # fmt: skip

OUTPUTS: dict[str, Output] = {row.name: row for row in _ROWS}


def output(key: str) -> Output:
    """The row of a key of either direction."""
    return OUTPUTS[key.partition("_")[2]]
