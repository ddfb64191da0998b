"""Parameters are checked in the contract's order, with its tolerances and nothing beyond them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkondo.domain.markets import MARKETS
from mkondo.openapi.fields import Field, Kind
from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.openapi.parse import Fields, Refusal, decode_body, parse, third_party_conversation_id

TANZANIA = MARKETS["vodacomTZN"]
C2B = OPERATIONS["c2b_single_stage"]
QUERY = OPERATIONS["query_transaction_status"]

GOOD: dict[str, object] = {
    "input_Amount": "10.00",
    "input_CustomerMSISDN": "255744553111",
    "input_Country": "TZN",
    "input_Currency": "TZS",
    "input_ServiceProviderCode": "000000",
    "input_TransactionReference": "T12344C",
    "input_ThirdPartyConversationID": "1e9b774d1da34af78412a498cbc28f5e",
    "input_PurchasedItemsDesc": "Handbag, Black shoes",
}
GOOD_QUERY: dict[str, object] = {
    "input_QueryReference": "5C1400CVRO",
    "input_Country": "TZN",
    "input_ServiceProviderCode": "000000",
    "input_ThirdPartyConversationID": "asv02e5958774f7ba228d83d0d689761",
}


def good(operation: Operation) -> dict[str, object]:
    """A request of this operation that passes: every field's example, mandatory or not."""
    return {field.name: field.example for field in operation.fields}


def code(values: dict[str, Any], operation: Operation = C2B, market: str = "vodacomTZN", **how: Any) -> str:
    """The refusal's code, or the word ok."""
    parsed = parse(operation, values, MARKETS[market], how.pop("environment", "sandbox"), **how)
    return parsed.code if isinstance(parsed, Refusal) else "ok"


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_every_field_of_every_operation_passes_with_its_example_in_both_modes(operation: Operation) -> None:
    for compatible in (True, False):
        assert code(good(operation), operation, lenient=compatible) == "ok"


_EVERY_FIELD = [
    pytest.param(operation, field, id=f"{operation.name}-{field.name}")
    for operation in OPERATIONS.values()
    for field in operation.fields
]


@pytest.mark.parametrize(("operation", "field"), _EVERY_FIELD)
def test_a_field_is_refused_with_its_own_code(operation: Operation, field: Field) -> None:
    values = good(operation)
    unfit: tuple[object, ...] = ("\0", "x\0", f"{field.example}\n", "é", "x" * 3000, {"a": 1}, [field.example], "'")
    for value in unfit:
        assert code(values | {field.name: value}, operation) == field.code, repr(value)


@pytest.mark.parametrize(("operation", "field"), _EVERY_FIELD)
def test_a_digit_of_another_script_is_no_digit(operation: Operation, field: Field) -> None:
    arabic = field.example.translate({ord("0") + n: chr(0x0660 + n) for n in range(10)})
    if arabic != field.example:
        assert code(good(operation) | {field.name: arabic}, operation) == field.code


@pytest.mark.parametrize(("operation", "field"), _EVERY_FIELD)
def test_absent_null_and_empty_are_the_same(operation: Operation, field: Field) -> None:
    values = good(operation)
    without = {name: value for name, value in values.items() if name != field.name}
    answers = {code(each, operation) for each in (without, values | {field.name: None}, values | {field.name: ""})}
    absent = "INS-39" if field.name == "input_Frequency" else "ok"  # a first date stays, and needs one
    expected = "INS-20" if field.mandatory else field.needed_with[2] if field.needed_with else absent
    assert answers == {expected}


@pytest.mark.parametrize("name", GOOD)
def test_a_repeated_parameter_is_not_readable(name: str) -> None:
    assert decode_body(f'{{"{name}":"1","{name}":"2"}}'.encode()) is None


def test_missing_comes_before_every_other_trouble() -> None:
    assert code({**GOOD, "input_Amount": "x", "input_Country": "XXX", "input_PurchasedItemsDesc": ""}) == "INS-20"


def test_troubles_are_answered_in_the_order_of_codes_and_21_last() -> None:
    bad: dict[str, dict[str, object]] = {
        "INS-13": {"input_ServiceProviderCode": "0"},
        "INS-15": {"input_Amount": "x"},
        "INS-17": {"input_TransactionReference": "a-b"},
        "INS-26": {"input_Currency": "USD"},
        "INS-28": {"input_ThirdPartyConversationID": "a-b"},
        "INS-30": {"input_PurchasedItemsDesc": "'"},
        "INS-2051": {"input_CustomerMSISDN": "1"},
        "INS-21": {"input_Country": "GHA"},
    }
    values = dict(GOOD)
    for change in bad.values():
        values |= change
    for expected, change in bad.items():
        assert code(values) == expected
        values |= {name: GOOD[name] for name in change}
    assert code(values) == "ok"


@pytest.mark.parametrize(
    ("written", "minor"),
    [("10", 1000), ("10.0", 1000), ("10.00", 1000), (".5", 50), ("0.05", 5), ("00010", 1000), (5000, 500000)],
)
def test_an_amount_is_exact_minor_units(written: object, minor: int) -> None:
    parsed = parse(C2B, GOOD | {"input_Amount": written}, TANZANIA, "sandbox")
    assert isinstance(parsed, Fields) and parsed.amount_minor == minor


@pytest.mark.parametrize(
    "written",
    ["0", "0.00", ".0", "1e9", "-1", "+1", "10.005", "9" * 40, "1,000", "10.", ".", "1.2.3", " 10", "10 ", "١٠", "0x10",
     "NaN", "Infinity", True, 0, -1, 10**40],
)  # fmt: skip
def test_an_amount_that_cannot_be_paid_is_ins_15(written: object) -> None:
    assert code(GOOD | {"input_Amount": written}) == "INS-15"


@pytest.mark.parametrize(("written", "expected"), [(b"1e9", "INS-15"), (b"10.0", "ok"), (b"10.005", "INS-15")])
def test_a_json_number_is_read_as_written(written: bytes, expected: str) -> None:
    body = decode_body(b'{"input_Amount":' + written + b"}")
    assert body is not None and code({**GOOD, **body}) == expected


def test_a_read_number_is_plain_text() -> None:
    body = decode_body(b'{"input_Amount":10.0}')
    parsed = parse(C2B, {**GOOD, **(body or {})}, TANZANIA, "sandbox")
    assert isinstance(parsed, Fields) and type(parsed["input_Amount"]) is str


def test_numbers_and_booleans_count_as_text() -> None:
    conversation = parse(C2B, GOOD | {"input_ThirdPartyConversationID": 1603}, TANZANIA, "sandbox")
    assert isinstance(conversation, Fields) and conversation["input_ThirdPartyConversationID"] == "1603"
    balance = OPERATIONS["query_direct_debit"]
    for spelling in (True, "true", "True"):
        parsed = parse(balance, good(balance) | {"input_QueryBalanceAmount": spelling}, TANZANIA, "sandbox")
        assert isinstance(parsed, Fields) and parsed["input_QueryBalanceAmount"] == "True"
    assert code(good(balance) | {"input_QueryBalanceAmount": "TRUE"}, balance) == "INS-21"


@pytest.mark.parametrize("name", ["input_Frequency", "input_StartRangeOfDays", "input_EndRangeOfDays"])
def test_a_single_digit_is_padded(name: str) -> None:
    creation = OPERATIONS["direct_debit_creation"]
    parsed = parse(creation, good(creation) | {name: 6}, TANZANIA, "sandbox")
    assert isinstance(parsed, Fields) and parsed[name] == "06"


def test_leaked_struct_tags_and_second_spellings_are_understood() -> None:
    tagged = {f"{name},omitempty": value for name, value in GOOD.items()}
    parsed = parse(C2B, tagged, TANZANIA, "sandbox")
    assert isinstance(parsed, Fields) and parsed["input_Amount"] == "10.00"
    kyc = OPERATIONS["query_beneficiary_name"]
    other = {"input_KYCQueryType" if name == "input_KycQueryType" else name: v for name, v in good(kyc).items()}
    assert code(other, kyc) == "ok"


def test_unknown_and_leaked_fields_are_ignored() -> None:
    parsed = parse(C2B, GOOD | {"input_QueryReference": {}, "x": [1]}, TANZANIA, "sandbox")
    assert isinstance(parsed, Fields) and parsed.keys() == GOOD.keys()


@pytest.mark.parametrize(
    ("market", "number", "sandbox", "live"),
    [
        ("vodacomTZN", "255744553111", "ok", "ok"),
        ("vodacomTZN", "000000000001", "ok", "INS-2051"),
        ("vodacomTZN", "254707161122", "ok", "INS-2051"),
        ("vodacomTZN", "25574455311", "INS-2051", "INS-2051"),
        ("vodacomTZN", "255744553111222", "INS-2051", "INS-2051"),
        ("vodacomTZN", "+25574455311", "INS-2051", "INS-2051"),
        ("vodacomLES", "26650123456", "ok", "ok"),
        ("vodacomLES", "2665012345", "INS-2051", "INS-2051"),
    ],
)
def test_a_number_is_judged_by_length_and_in_live_by_prefix(market: str, number: str, sandbox: str, live: str) -> None:
    fits = {"input_Country": MARKETS[market].country, "input_Currency": MARKETS[market].currency}
    values = GOOD | fits | {"input_CustomerMSISDN": number}
    assert code(values, market=market) == sandbox
    assert code(values, market=market, environment="openapi") == live


@pytest.mark.parametrize(("url", "sandbox", "live"), [
    ("https://merchant.example/mpesa?a=b", "ok", "ok"),
    ("http://merchant.example/mpesa", "ok", "INS-21"),
    ("http://127.0.0.1:9000/", "ok", "INS-21"),
    ("https://user:secret@merchant.example/", "INS-21", "INS-21"),
    ("https://user@merchant.example/", "INS-21", "INS-21"),
    ("https://:secret@merchant.example/", "INS-21", "INS-21"),
    ("https://merchant.example/@home", "ok", "ok"),
    ("https://merchant.example:0/", "INS-21", "INS-21"),
    ("https://[::1", "INS-21", "INS-21"),
    ("https:///mpesa", "INS-21", "INS-21"),
])  # fmt: skip
def test_an_address_to_which_no_result_could_ever_go_is_refused_at_once(url: str, sandbox: str, live: str) -> None:
    for operation in OPERATIONS.values():
        if any(field.kind is Kind.ADDRESS for field in operation.fields):
            values = good(operation) | {"input_ResponseURL": url}
            assert (code(values, operation), code(values, operation, environment="openapi")) == (sandbox, live)


def test_test_values_of_twenty_digits_pass_where_the_sandbox_has_them() -> None:
    payment = OPERATIONS["direct_debit_payment"]
    values = good(payment) | {"input_CustomerMSISDN": "1".zfill(20)}
    assert code(values, payment) == "ok"
    assert code(values, payment, environment="openapi") == "INS-2051"
    assert code(GOOD | {"input_CustomerMSISDN": "1".zfill(20)}) == "INS-2051"


@pytest.mark.parametrize("market", MARKETS)
def test_currency_and_country_are_the_markets(market: str) -> None:
    pack = MARKETS[market]
    fits = GOOD | {"input_Country": pack.country, "input_Currency": pack.currency}
    assert code(fits, market=market) == "ok"
    assert code(fits | {"input_Currency": "KES"}, market=market) == "INS-26"
    assert code(fits | {"input_Currency": pack.currency.lower()}, market=market) == "INS-26"
    assert code(fits | {"input_Country": "KEN"}, market=market) == "INS-21"


def test_a_hyphen_in_a_description_needs_the_compatibility_switch() -> None:
    values = GOOD | {"input_PurchasedItemsDesc": "T-shirt"}
    assert code(values) == "ok"
    assert code(values, lenient=False) == "INS-30"
    assert code(GOOD | {"input_PurchasedItemsDesc": "Shirt; drop"}) == "INS-30"


def test_any_own_id_is_a_query_reference_unless_strict() -> None:
    values = GOOD_QUERY | {"input_QueryReference": "order_77 of today"}
    assert code(values, QUERY) == "ok"
    assert code(values, QUERY, lenient=False) == "INS-21"
    assert code(GOOD_QUERY | {"input_QueryReference": "a-b"}, QUERY) == "INS-21"


@pytest.mark.parametrize(("name", "expected"), [("direct_debit_payment", "INS-20"), ("query_direct_debit", "INS-57")])
def test_number_or_token_one_of_them_is_needed(name: str, expected: str) -> None:
    values = good(OPERATIONS[name]) | {"input_CustomerMSISDN": "", "input_MsisdnToken": ""}
    assert code(values, OPERATIONS[name]) == expected
    assert code(values | {"input_CustomerMSISDN": "255744553111"}, OPERATIONS[name]) == "ok"


@pytest.mark.parametrize(
    ("value", "echo"),
    [("abc", "abc"), ("a-b-c", "a-b-c"), (1603, "1603"), ("", None), (None, None), ({}, None), ("x" * 257, None)],
)
def test_the_id_is_echoed_as_written_when_it_can_be_read(value: object, echo: str | None) -> None:
    assert third_party_conversation_id({"input_ThirdPartyConversationID": value}) == echo
    assert third_party_conversation_id({"input_ThirdPartyConversationID,omitempty": value}) == echo


def test_nothing_is_echoed_of_nothing() -> None:
    assert third_party_conversation_id({}) is None
    assert third_party_conversation_id(None) is None


def test_kinds_that_need_the_market_are_all_checked() -> None:
    """Each of them once with a text its grammar accepts: a kind without its check would let these pass."""
    mended = {Kind.AMOUNT: "0", Kind.BALANCE: "1.005", Kind.MSISDN: "12345678901", Kind.COUNTRY: "KEN",
              Kind.CURRENCY: "KES"}  # fmt: skip
    for operation in OPERATIONS.values():
        for field in operation.fields:
            if field.kind in mended:
                assert code(good(operation) | {field.name: mended[field.kind]}, operation) == field.code


_anything = st.none() | st.booleans() | st.integers() | st.text(max_size=50) | st.lists(st.integers(), max_size=2)
_names = st.sampled_from(sorted({field.name for operation in OPERATIONS.values() for field in operation.fields}))


@given(
    st.sampled_from(list(OPERATIONS.values())),
    st.dictionaries(_names, _anything),
    st.sampled_from(list(MARKETS.values())),
    st.sampled_from(["sandbox", "openapi"]),
    st.booleans(),
)
def test_no_values_make_it_raise(
    operation: Operation, changes: dict[str, object], market: Any, environment: str, compatible: bool
) -> None:
    for values in (changes, good(operation) | changes):
        parsed = parse(operation, values, market, environment, lenient=compatible)
        assert isinstance(parsed, Fields | Refusal)
        if isinstance(parsed, Fields):
            assert all(type(text) is str and text and "\0" not in text for text in parsed.values())


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    values = decode_body(raw)
    if values is not None:
        parse(C2B, values, TANZANIA, "sandbox")
