"""The grammar of the wire's fields (contract section 3): what each one is called, may hold, and is refused with.

Pure. `Kind` names the few checks that need the market as well; everything else is a regular expression, matched in
full and in ASCII, so that neither a trailing newline nor a foreign digit passes. Read next: operations.py, parse.py.
"""

from enum import Enum

import msgspec


class Kind(Enum):
    """How a field is checked beyond its grammar."""

    TEXT = "text"
    AMOUNT = "amount"
    """Minor units of the market's currency, more than zero."""
    BALANCE = "balance"
    """Minor units too, but nothing is paid, so zero is an amount like any other."""
    MSISDN = "msisdn"
    """A customer's number in this market."""
    COUNTRY = "country"
    CURRENCY = "currency"
    FLAG = "flag"
    """True or False in any of the spellings clients use; kept as `True` or `False`."""
    DIGITS = "digits"
    """Two digits; a single one is padded with a zero."""
    ADDRESS = "address"
    """Where a result can be pushed to in this environment (addresses.py)."""
    FIRST_DATE = "first date"
    START_DAY = "start day"
    END_DAY = "end day"
    EXPIRY_DATE = "expiry date"
    """The terms of a direct debit, which must fit each other (terms.py)."""


class Field(msgspec.Struct, frozen=True):
    """One parameter of an operation. `lenient` replaces `grammar` where the application's compatibility is on."""

    name: str
    code: str
    grammar: str
    example: str
    meaning: str
    mandatory: bool = True
    kind: Kind = Kind.TEXT
    lenient: str = ""
    test_grammar: str = ""
    """Values the sandbox takes as well, whatever the kind would say of them."""
    test_only: str = ""
    """The only values that the sandbox takes of those that fit the grammar."""
    aliases: tuple[str, ...] = ()
    needed_with: tuple[str, str, str] | None = None
    """(other field, its value, code): where the other field has that value, this one must be there."""


_AMOUNT = r"(?:\d+|\d*\.\d+)"  # the same texts as the documented pattern, in linear time
_PARTY = r"[0-9A-Za-z]{4,12}"
_DESCRIPTION = r"[0-9a-zA-Z \w+,]{1,256}"  # the comma is in the documented example, though not in its own grammar
_LENIENT_DESCRIPTION = r"[0-9a-zA-Z \w+,\-]{1,256}"
_DATE = r"[0-9]{8}"

AMOUNT = Field(
    "input_Amount", "INS-15", _AMOUNT, "10.00", "Amount in the market's currency, a point for decimals.",
    kind=Kind.AMOUNT,
)  # fmt: skip
REVERSAL_AMOUNT = Field(
    "input_ReversalAmount", "INS-15", _AMOUNT, "10.00", "How much to give back; absent means all that remains.",
    mandatory=False, kind=Kind.AMOUNT,
)  # fmt: skip
BALANCE_AMOUNT = Field(
    "input_BalanceAmount", "INS-54", _AMOUNT, "200", "What the customer's balance is compared with.", mandatory=False,
    kind=Kind.BALANCE, needed_with=("input_QueryBalanceAmount", "True", "INS-55"),
)  # fmt: skip
CUSTOMER = Field(
    "input_CustomerMSISDN", "INS-2051", r"[0-9]{11,14}", "255744553111",
    "The customer's number: country code and number, digits only; 12 to 14 of them, in Lesotho from 11.",
    kind=Kind.MSISDN,
)  # fmt: skip
COUNTRY = Field(
    "input_Country", "INS-21", r"[A-Z]{3}", "TZN", "The market's country.", kind=Kind.COUNTRY,
)  # fmt: skip
CURRENCY = Field(
    "input_Currency", "INS-26", r"[a-zA-Z]{1,3}", "TZS", "The market's currency.", kind=Kind.CURRENCY,
)  # fmt: skip
SERVICE_PROVIDER = Field(
    "input_ServiceProviderCode", "INS-13", _PARTY, "000000", "The organisation's shortcode; 000000 in the sandbox.",
)  # fmt: skip
PRIMARY_PARTY = Field(
    "input_PrimaryPartyCode", "INS-13", _PARTY, "000000", "The shortcode that is debited.",
)  # fmt: skip
RECEIVER_PARTY = Field(
    "input_ReceiverPartyCode", "INS-13", _PARTY, "000001",
    "The shortcode that is credited; any organisation's, which in live must exist.",
)  # fmt: skip
TRANSACTION_REFERENCE = Field(
    "input_TransactionReference", "INS-17", r"[0-9a-zA-Z \w+]{1,20}", "T12344C", "The merchant's own reference.",
)  # fmt: skip
CONVERSATION = Field(
    "input_ThirdPartyConversationID", "INS-28", r"[0-9a-zA-Z \w+]{1,40}", "1e9b774d1da34af78412a498cbc28f5e",
    "The merchant's id of this request, new for each payment.",
)  # fmt: skip
PURCHASED_ITEMS = Field(
    "input_PurchasedItemsDesc", "INS-30", _DESCRIPTION, "Handbag, Black shoes", "What is paid for.",
    lenient=_LENIENT_DESCRIPTION,
)  # fmt: skip
PAYMENT_ITEMS = Field(
    "input_PaymentItemsDesc", "INS-31", _DESCRIPTION, "Salary payment", "What is paid for.",
    lenient=_LENIENT_DESCRIPTION,
)  # fmt: skip
API_VERSION = Field(
    "input_APIVersion", "INS-21", r"3\.1", "3.1", "Version of the two-step interface.",
)  # fmt: skip
REVERSED_TRANSACTION = Field(
    "input_TransactionID", "INS-18", r"[0-9a-zA-Z]{1,20}", "49XCD123F6", "The payment to reverse.",
)  # fmt: skip
UPDATED_TRANSACTION = Field(
    "input_TransactionID", "INS-18", r"[0-9a-zA-Z]{1,13}", "49XCD123F6", "The two-step payment to decide.",
)  # fmt: skip
DECISION = Field(
    "input_CustomerMSISDN", "INS-21", r"[01]", "1", "1 commits the payment, 0 gives it up (sic: section 4).",
)  # fmt: skip
VOUCHER = Field(
    "input_VoucherCode", "INS-21", r"[0-9A-Za-z]{4,12}", "TGS813", "The code the customer was shown.",
)  # fmt: skip
QUERY_REFERENCE = Field(
    "input_QueryReference", "INS-21", r"[0-9A-Za-z]{1,32}", "5C1400CVRO",
    "The payment's TransactionID, ConversationID or ThirdPartyConversationID.", lenient=r"[0-9a-zA-Z \w+]{1,40}",
)  # fmt: skip
KYC_QUERY_TYPE = Field(
    "input_KycQueryType", "INS-32", r"Name", "Name", "What to tell about the customer.",
    aliases=("input_KYCQueryType",),
)  # fmt: skip
NEW_MANDATE_REFERENCE = Field(
    "input_ThirdPartyReference", "INS-17", r"[0-9a-zA-Z]{1,32}", "Test123", "The merchant's reference of the mandate.",
)  # fmt: skip
MANDATE_REFERENCE = Field(
    "input_ThirdPartyReference", "INS-19", r"[0-9a-zA-Z]{1,32}", "Test123", "The merchant's reference of the mandate.",
)  # fmt: skip
AGREED = Field(
    "input_AgreedTC", "INS-36", r"[01]", "1", "1 when the customer agreed to the terms.",
)  # fmt: skip
FIRST_PAYMENT = Field(
    "input_FirstPaymentDate", "INS-39", _DATE, "20300205", "YYYYMMDD; only with a frequency.", mandatory=False,
    kind=Kind.FIRST_DATE,
)  # fmt: skip
FREQUENCY = Field(
    "input_Frequency", "INS-40", r"0[1-8]", "06",
    "01 once, 02 daily, 03 weekly, 04 monthly, 05 quarterly, 06 half-yearly, 07 yearly, 08 on demand.",
    mandatory=False, kind=Kind.DIGITS,
)  # fmt: skip
START_DAY = Field(
    "input_StartRangeOfDays", "INS-41", r"[0-9]{2}", "01", "First day of the month to collect on.", mandatory=False,
    kind=Kind.START_DAY,
)  # fmt: skip
END_DAY = Field(
    "input_EndRangeOfDays", "INS-42", r"[0-9]{2}", "22", "Last day of the month to collect on.", mandatory=False,
    kind=Kind.END_DAY,
)  # fmt: skip
EXPIRY = Field(
    "input_ExpiryDate", "INS-43", _DATE, "20301126", "YYYYMMDD, the last day.", mandatory=False,
    kind=Kind.EXPIRY_DATE,
)  # fmt: skip
MANDATE = Field(
    "input_MandateID", "INS-51", r"[0-9]{1,12}", "15045", "The mandate's id.", mandatory=False,
)  # fmt: skip
TOKEN = Field(
    "input_MsisdnToken", "INS-21", r"[0-9a-zA-Z \w=]{1,26}", "cvgwUBZ3lAO9ivwhWAFeng==",
    "Stands for the customer's number.", mandatory=False, lenient=r"[0-9a-zA-Z \w=+/]{1,64}",
)  # fmt: skip
QUERY_BALANCE = Field(
    "input_QueryBalanceAmount", "INS-21", r"True|False", "True", "Whether to compare the balance.", kind=Kind.FLAG,
)  # fmt: skip
RESPONSE_URL = Field(
    "input_ResponseURL", "INS-21", r"https?://[!-~]{1,2040}", "https://merchant.example/mpesa",
    "Where an asynchronous result goes, instead of the application's own address; in live https only.",
    mandatory=False, kind=Kind.ADDRESS,
)  # fmt: skip
