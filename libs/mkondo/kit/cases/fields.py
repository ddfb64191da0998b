"""Every field of every operation, wrong in every way that its grammar bars (contract sections 3 and 5).

A field that is absent or empty is INS-20, one that does not fit has the code below. Each row is tried with every
operation that has the field. Read next: direct_debits.py, for fields that must fit each other.
"""

from collections.abc import Iterator

import msgspec

from mkondo.kit.case import ABSENT, Call, Case, Fields, Grade
from mkondo.kit.contract import ASK, CANCEL, COLLECT, CREATE, OPERATIONS, REVERSAL, STATUS, UPDATE
from mkondo.kit.phrases import case, refuses, valid_fields

CODES = {
    "Amount": "INS-15",
    "ReversalAmount": "INS-15",
    "BalanceAmount": "INS-54",
    "CustomerMSISDN": "INS-2051",
    "Country": "INS-21",
    "Currency": "INS-26",
    "ServiceProviderCode": "INS-13",
    "PrimaryPartyCode": "INS-13",
    "ReceiverPartyCode": "INS-13",
    "TransactionReference": "INS-17",
    "ThirdPartyConversationID": "INS-28",
    "PurchasedItemsDesc": "INS-30",
    "PaymentItemsDesc": "INS-31",
    "TransactionID": "INS-18",
    "QueryReference": "INS-21",
    "KycQueryType": "INS-32",
    "ThirdPartyReference": "INS-19",
    "AgreedTC": "INS-36",
    "FirstPaymentDate": "INS-39",
    "Frequency": "INS-40",
    "StartRangeOfDays": "INS-41",
    "EndRangeOfDays": "INS-42",
    "ExpiryDate": "INS-43",
    "MandateID": "INS-51",
    "MsisdnToken": "INS-21",
    "QueryBalanceAmount": "INS-21",
    "VoucherCode": "INS-21",
    "APIVersion": "INS-21",
}
"""Section 5, by field; INS-21 where it has none of its own."""

OTHERWISE = {
    (CREATE, "ThirdPartyReference"): "INS-17",
    (COLLECT, "ThirdPartyReference"): "INS-17",
    (UPDATE, "CustomerMSISDN"): "INS-21",
    (ASK, "MsisdnToken"): "INS-56",
}
"""Where an operation has another code for a field (section 12)."""

_AMOUNTS = {
    "zero": "0",
    "zero-cents": "0.00",
    "exponent": "1e9",
    "negative": "-1",
    "three-decimals": "10.005",
    "forty-digits": "9" * 40,
    "letters": "ten",
    "comma": "1,000",
    "signed": "+1",
    "bare-point": ".",
    "open-point": "10.",
    "unicode-digits": "١٠",
    "space": " 10",
    "hexadecimal": "0x10",
}
_DATES = {
    "no-such-day": "20300230",
    "no-such-month": "20301301",
    "dashes": "2030-02-05",
    "short": "2030205",
    "unicode-digits": "٢٠٣٠٠٢٠٥",
}
_DAYS = {"zero": "00", "thirty-two": "32", "letters": "1a", "three-digits": "011", "unicode-digits": "٠١"}
_PARTIES = {"short": "AB1", "long": "A" * 13, "hyphen": "ORG-1", "unicode-digits": "٠٠٠٠٠٠"}
_DESCRIPTIONS = {"long": "a" * 257, "accent": "Café", "punctuation": "Shoes!", "newline": "Shoes\n"}

BAD: dict[str, dict[str, str]] = {
    "Amount": _AMOUNTS,
    "ReversalAmount": _AMOUNTS,
    "BalanceAmount": {name: value for name, value in _AMOUNTS.items() if not name.startswith("zero")},
    "CustomerMSISDN": {
        "short": "2557000",
        "long": "255700000000001",
        "letters": "25570000000a",
        "plus": "+255700000001",
        "unicode-digits": "٢٥٥٧٠٠٠٠٠٠٠١",
    },
    "Country": {"other": "KEN", "long": "TZNN", "digits": "255"},
    "Currency": {"other": "KES", "long": "TZSS", "digits": "123"},
    "ServiceProviderCode": _PARTIES,
    "PrimaryPartyCode": _PARTIES,
    "ReceiverPartyCode": _PARTIES,
    "TransactionReference": {"long": "T" * 21, "hyphen": "T-1", "slash": "T/1", "unicode-digits": "T١"},
    "ThirdPartyConversationID": {
        "long": "a" * 41,
        "hyphen": "1e9b774d-1da3-4af7",
        "accent": "idé",
        "unicode-digits": "١٢٣",
        "newline": "abc\n",
    },
    "PurchasedItemsDesc": _DESCRIPTIONS,
    "PaymentItemsDesc": _DESCRIPTIONS,
    "TransactionID": {"long": "A" * 21, "hyphen": "49X-CD1", "unicode-digits": "٤٩"},
    "QueryReference": {"long": "A" * 41, "hyphen": "A-1", "unicode-digits": "٥١"},
    "KycQueryType": {"other": "Surname", "lower-case": "name"},
    "ThirdPartyReference": {"long": "R" * 33, "underscore": "R_1", "space": "R 1", "unicode-digits": "R١"},
    "AgreedTC": {"two": "2", "word": "yes", "two-digits": "11", "unicode-digits": "١"},
    "FirstPaymentDate": _DATES,
    "ExpiryDate": _DATES,
    "Frequency": {"zero": "00", "nine": "09", "word": "weekly", "unicode-digits": "٠١"},
    "StartRangeOfDays": _DAYS,
    "EndRangeOfDays": _DAYS,
    "MandateID": {"letters": "M1", "long": "1" * 13, "unicode-digits": "١"},
    "MsisdnToken": {"long": "a" * 65, "punctuation": "a!b"},
    "QueryBalanceAmount": {"word": "Maybe", "yes": "yes"},
    "VoucherCode": {"short": "ABC", "long": "A" * 13, "hyphen": "AB-12"},
    "APIVersion": {"other": "3.2", "without-minor": "3", "long": "3.1.0"},
}

_UPDATE = {(UPDATE, "CustomerMSISDN"): {"two": "2", "number": "255700000001", "word": "commit", "unicode-digits": "١"}}
"""Update's field of that odd name says 1 or 0."""

COMPANY: dict[str, Fields] = {
    "BalanceAmount": {"input_QueryBalanceAmount": "True"},
    "FirstPaymentDate": {"input_Frequency": "04"},
    "StartRangeOfDays": {"input_Frequency": "04"},
    "EndRangeOfDays": {"input_Frequency": "04"},
}
"""What must stand beside a field for its own value to be the only thing wrong."""

_NESTED: tuple[tuple[str, object], ...] = (("object", {"value": "1"}), ("list", ["1"]))


def _cases() -> Iterator[Case]:
    for operation, row in OPERATIONS.items():
        for short in row.fields.split():
            yield from _missing(operation, short)
        for short in (*row.fields.split(), *row.optional.split()):
            yield from _unfit(operation, short)


def _missing(operation: str, short: str) -> Iterator[Case]:
    for slug, value in (("absent", ABSENT), ("empty", "")):
        yield case(
            f"{short}-{slug}",
            f"{short} is {slug}",
            Call(operation, {f"input_{short}": value}),
            refuses(operation, "INS-20"),
            "3",
            Grade.DOCUMENTED,
        )


def _unfit(operation: str, short: str) -> Iterator[Case]:
    code = OTHERWISE.get((operation, short), CODES[short])
    texts = _UPDATE.get((operation, short), BAD[short])
    with_nul = str(valid_fields(operation).get(f"input_{short}", "1")) + "\0"
    for slug, value in {**texts, "nul": with_nul}.items():
        yield _case(operation, short, slug, value, code)
    for slug, nested in _NESTED:
        yield _case(operation, short, slug, nested, code)


def _case(operation: str, short: str, slug: str, value: object, code: str) -> Case:
    sent = Call(operation, {**COMPANY.get(short, {}), f"input_{short}": value})
    if not isinstance(value, str):  # a query string can't nest, a body can (section 10.1)
        sent = msgspec.structs.replace(sent, body="{<members>}")
    title = f"{short} does not fit: {slug.replace('-', ' ')}"
    return case(f"{short}-{slug}", title, sent, refuses(operation, code), "3", Grade.DOCUMENTED)


CASES: tuple[Case, ...] = (
    *_cases(),
    *(
        case("neither", "Neither number nor token names the customer",
             Call(operation, {"input_CustomerMSISDN": ABSENT}),
             refuses(operation, "INS-57" if operation == ASK else "INS-20"), "5", Grade.DOCUMENTED)
        for operation in (COLLECT, ASK, CANCEL)
    ),
    case("BalanceAmount-absent", "The balance is asked about, but not with what to compare it",
         Call(ASK, {"input_QueryBalanceAmount": "True"}), refuses(ASK, "INS-55"), "5", Grade.DOCUMENTED),
    case("TransactionID-update-long", "A TransactionID to decide has at most 13 characters",
         Call(UPDATE, {"input_TransactionID": "A" * 14}), refuses(UPDATE, "INS-18"), "3", Grade.SOURCE),
    case("ReversalAmount-empty", "An empty optional field counts as absent, so the id is looked at",
         Call(REVERSAL, {"input_ReversalAmount": ""}), refuses(REVERSAL, "INS-18"), "10", Grade.VERIFIED),
    case("two-wrong", "Of several codes the earlier of section 5's order is answered",
         Call(CREATE, {"input_ServiceProviderCode": "!", "input_AgreedTC": "9", "input_CustomerMSISDN": "1"}),
         refuses(CREATE, "INS-13"), "5", Grade.RULING),
    case("missing-first", "What is missing is said before what does not fit",
         Call(STATUS, {"input_QueryReference": ABSENT, "input_ServiceProviderCode": "!"}),
         refuses(STATUS, "INS-20"), "5", Grade.RULING),
)  # fmt: skip
