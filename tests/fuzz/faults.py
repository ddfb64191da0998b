"""One fault in one field, and the precise code that it is answered with (contract sections 3, 5 and 12).

Written from the contract and not from the program. Read next: test_single_faults.py.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

MISSING = "INS-20"
UNREADABLE = "INS-21"

MANDATORY: dict[str, tuple[str, ...]] = {
    "c2b_single_stage": (
        "Amount", "CustomerMSISDN", "Country", "Currency", "ServiceProviderCode", "TransactionReference",
        "ThirdPartyConversationID", "PurchasedItemsDesc",
    ),
    "c2b_multi_stage": (
        "Amount", "CustomerMSISDN", "Country", "Currency", "ServiceProviderCode", "TransactionReference",
        "ThirdPartyConversationID", "PurchasedItemsDesc", "APIVersion",
    ),
    "update_transaction_status": (
        "CustomerMSISDN", "VoucherCode", "Country", "TransactionID", "ServiceProviderCode",
        "ThirdPartyConversationID", "APIVersion",
    ),
    "b2c_payment": (
        "Amount", "CustomerMSISDN", "Country", "Currency", "ServiceProviderCode", "TransactionReference",
        "ThirdPartyConversationID", "PaymentItemsDesc",
    ),
    "b2b_payment": (
        "Amount", "ReceiverPartyCode", "PrimaryPartyCode", "Country", "Currency", "TransactionReference",
        "ThirdPartyConversationID", "PurchasedItemsDesc",
    ),
    "reversal": ("TransactionID", "Country", "ServiceProviderCode", "ThirdPartyConversationID"),
    "query_transaction_status": ("QueryReference", "Country", "ServiceProviderCode", "ThirdPartyConversationID"),
    "query_beneficiary_name": (
        "CustomerMSISDN", "Country", "ServiceProviderCode", "ThirdPartyConversationID", "KycQueryType",
    ),
    "direct_debit_creation": (
        "CustomerMSISDN", "Country", "ServiceProviderCode", "ThirdPartyReference", "ThirdPartyConversationID",
        "AgreedTC",
    ),
    "direct_debit_payment": (
        "CustomerMSISDN", "Country", "ServiceProviderCode", "ThirdPartyReference", "ThirdPartyConversationID",
        "Amount", "Currency",
    ),
    "query_direct_debit": (
        "QueryBalanceAmount", "BalanceAmount", "Country", "CustomerMSISDN", "ServiceProviderCode",
        "ThirdPartyConversationID", "ThirdPartyReference", "Currency",
    ),
    "direct_debit_cancel": (
        "CustomerMSISDN", "Country", "ServiceProviderCode", "ThirdPartyReference", "ThirdPartyConversationID",
    ),
}  # fmt: skip
"""What may not be absent from a request that names its customer by number and asks about a balance."""

OPTIONAL: dict[str, tuple[str, ...]] = {
    "reversal": ("ReversalAmount",),
    "direct_debit_payment": ("MandateID",),
    "query_direct_debit": ("MandateID",),
    "direct_debit_cancel": ("MandateID",),
}

ABSENT = {
    ("query_direct_debit", "CustomerMSISDN"): "INS-57",
    ("query_direct_debit", "BalanceAmount"): "INS-55",
}

_UNFIT = {
    "Amount": "INS-15", "ReversalAmount": "INS-15", "BalanceAmount": "INS-54", "CustomerMSISDN": "INS-2051",
    "Country": "INS-21", "Currency": "INS-26", "ServiceProviderCode": "INS-13", "PrimaryPartyCode": "INS-13",
    "ReceiverPartyCode": "INS-13", "TransactionReference": "INS-17", "ThirdPartyConversationID": "INS-28",
    "PurchasedItemsDesc": "INS-30", "PaymentItemsDesc": "INS-31", "APIVersion": "INS-21", "TransactionID": "INS-18",
    "VoucherCode": "INS-21", "QueryReference": "INS-21", "KycQueryType": "INS-32", "ThirdPartyReference": "INS-19",
    "AgreedTC": "INS-36", "MandateID": "INS-51", "QueryBalanceAmount": "INS-21",
}  # fmt: skip
_UNFIT_HERE = {
    ("direct_debit_creation", "ThirdPartyReference"): "INS-17",  # section 12, "Direct debit"
    ("direct_debit_payment", "ThirdPartyReference"): "INS-17",
    ("update_transaction_status", "CustomerMSISDN"): "INS-21",  # commit or give up, under an odd name
}


class Case(NamedTuple):
    """`code` empty: the request is as good as before."""

    operation: str
    field: str
    fault: str
    value: object
    code: str


def unfit(operation: str, field: str) -> str:
    return _UNFIT_HERE.get((operation, field), _UNFIT[field])


LEFT_OUT = object()
"""The field is not there at all."""

_EMPTY: dict[str, object] = {"absent": LEFT_OUT, "empty": "", "null": None}

_ARABIC = "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0661\u0662\u0663\u0664"
_FULL_WIDTH = "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff11\uff12\uff13\uff14"

_SPOILT: dict[str, Callable[[str], object]] = {
    "too long": lambda good: good.ljust(300, "1"),
    "far too long": lambda good: good.ljust(30_000, "1"),
    "wrong class": lambda good: good[:-1] + "#",
    "wrong class in front": lambda good: "<" + good[1:],
    "unicode digits": lambda good: _ARABIC[: len(good)],
    "full-width digits": lambda good: _FULL_WIDTH[: len(good)],
    "NUL": lambda good: good[:-1] + "\0",
    "NUL behind": lambda good: good + "\0",
    "newline behind": lambda good: good + "\n",
    "nothing but a NUL": lambda _: "\0",
    "nested object": lambda good: {"value": good},
    "empty object": lambda _: {},
    "list": lambda good: [good],
    "empty list": lambda _: [],
    "quotes": lambda _: "' OR 1=1 --",
    "emoji": lambda _: "\U0001f4b8",
}  # fmt: skip

_NUMBERS: dict[str, tuple[object, bool]] = {
    "Amount": (7, True), "ReversalAmount": (0.25, True), "BalanceAmount": (100, True), "CustomerMSISDN": (12, False),
    "Country": (255, False), "Currency": (834, False), "ServiceProviderCode": (0, False),
    "PrimaryPartyCode": (0, False), "ReceiverPartyCode": (123456, True), "TransactionReference": (12345, True),
    "PurchasedItemsDesc": (1, True), "PaymentItemsDesc": (1, True), "APIVersion": (3.1, True),
    "TransactionID": (1.5, False), "VoucherCode": (1, False), "QueryReference": (1.5, False),
    "KycQueryType": (1, False), "ThirdPartyReference": (1.5, False), "AgreedTC": (1, True), "MandateID": (-1, False),
    "QueryBalanceAmount": (1, False), "ThirdPartyConversationID": (-5, False),
}  # fmt: skip
"""A number where text is documented: it counts as the text that was written (section 10.4)."""

AMOUNTS = ("0", "0.0", "00.00", "1e9", "1E9", "-1", "+1", "10.005", "0.001", "1" * 40, "10.", ".", "1,000", "1 000",
           "0x10", "NaN", "Infinity", "1" * 19, "10000000000000.01", "\u06611")  # fmt: skip
GOOD_AMOUNTS = (".5", "0.01", "1", "1.5", "007", "3.10")


def cases(operation: str) -> Iterator[Case]:
    """Every fault of every field of an operation."""
    for field in MANDATORY[operation]:
        for fault, value in _EMPTY.items():
            yield Case(operation, field, fault, value, ABSENT.get((operation, field), MISSING))
    for field in OPTIONAL.get(operation, ()):
        for fault, value in _EMPTY.items():
            yield Case(operation, field, fault, value, "")
    for field in (*MANDATORY[operation], *OPTIONAL.get(operation, ())):
        number, good = _NUMBERS[field]
        if (operation, field) == ("update_transaction_status", "CustomerMSISDN"):
            number, good = 1, True
        yield Case(operation, field, "number", number, "" if good else unfit(operation, field))
        for text in _amounts(field):
            yield Case(operation, field, f"amount {text}", text, unfit(operation, field))
        for text in GOOD_AMOUNTS if field in ("Amount", "BalanceAmount") else ():
            yield Case(operation, field, f"amount {text}", text, "")


def spoilt(operation: str, good: dict[str, object]) -> Iterator[Case]:
    """Every field of a good request, spoilt in every way."""
    for field in (*MANDATORY[operation], *OPTIONAL.get(operation, ())):
        for fault, spoil in _SPOILT.items():
            yield Case(operation, field, fault, spoil(str(good[field])), unfit(operation, field))


def _amounts(field: str) -> tuple[str, ...]:
    if field == "BalanceAmount":
        return tuple(text for text in AMOUNTS if text.strip("0."))  # nothing is paid: zero may be compared with
    return AMOUNTS if field in ("Amount", "ReversalAmount") else ()


class Terms(NamedTuple):
    """The terms of a direct debit as a merchant writes them, and what is answered. TODAY and the like stand for days.

    Contract sections 4 ("DD frequency rules") and 12 ("Direct debit").
    """

    frequency: str = ""
    first: str = ""
    start: str = ""
    end: str = ""
    expiry: str = ""
    code: str = "INS-0"

    def fields(self) -> dict[str, object]:
        said = {
            "Frequency": self.frequency,
            "FirstPaymentDate": self.first,
            "StartRangeOfDays": self.start,
            "EndRangeOfDays": self.end,
            "ExpiryDate": self.expiry,
        }
        return {name: text for name, text in said.items() if text}


FAR, FARTHER, LAST = "20991130", "20991231", "99991231"
NO_SUCH_DAYS = ("20990230", "20991301", "20990001", "20990100", "20990431", "21000229", "00000000", "2099113",
                "209911300", "2099-1-1", "\u0662\u0660\u0669\u0669\u0661\u0661\u0663\u0660", "tomorrow")  # fmt: skip

TERMS: tuple[Terms, ...] = (
    Terms(),
    *(Terms(frequency) for frequency in ("01", "02", "03", "04", "05", "06", "07", "08")),
    *(Terms(frequency, first=FAR) for frequency in ("1", "2", "3", "4", "5", "6", "7", "8")),
    *(Terms(frequency, code="INS-40") for frequency in ("00", "09", "9", "0", "011", "1a", "-1", "\u0661")),
    *(Terms(first=day, code="INS-39") for day in (FAR, *NO_SUCH_DAYS)),
    *(Terms("02", first=day, code="INS-39") for day in (*NO_SUCH_DAYS, "20200101", "00010101")),
    *(Terms(expiry=day, code="INS-43") for day in (*NO_SUCH_DAYS, "20200101", "00010101")),
    Terms(start="01", code="INS-41"),
    Terms(end="05", code="INS-42"),
    *(Terms(frequency, start="01", code="INS-41") for frequency in ("01", "02", "03", "08")),
    *(Terms(frequency, end="01", code="INS-42") for frequency in ("01", "02", "03", "08")),
    *(Terms(frequency, start="05", end="10") for frequency in ("04", "05", "06", "07")),
    Terms("04", start="5", end="9"),
    Terms("04", start="31", end="31"),
    *(Terms("04", start=day, code="INS-41") for day in ("00", "32", "99", "1x", "001", "\u0661\u0661")),
    *(Terms("04", start="02", end=day, code="INS-42") for day in ("00", "01", "32", "x1")),
    Terms("04", first=FAR, expiry=FARTHER),
    Terms("04", first=FAR, expiry=FAR),
    Terms("04", first=FARTHER, expiry=FAR, code="INS-43"),
    Terms(expiry=FAR),
    Terms(expiry=LAST),
    Terms("08", first=LAST, expiry=LAST),
    Terms("04", first="99991130", start="01", end="31", expiry="99991230"),
)
