"""The sandbox's test values end as section 7 says, and only where section 12 lets them."""

import pytest

from mkondo.domain.markets import MARKETS
from mkondo.openapi.operations import OPERATIONS
from mkondo.openapi.parse import Fields, parse
from mkondo.openapi.render import told_as
from mkondo.openapi.triggers import TRIGGERS, scripted_mandate, trigger

C2B = "c2b_single_stage"
QUERY = "query_transaction_status"


def asked(operation: str, field: str, value: str, environment: str = "sandbox", shortcode: str = "000000") -> str:
    """`code status text` as an answer says it, or nothing."""
    found = trigger(operation, environment, {"input_ServiceProviderCode": shortcode, field: value})
    if found is None:
        return ""
    row = OPERATIONS[operation]
    code = row.ok_code if found.succeeds else found.code
    told = told_as(row, code, found.text) if operation == QUERY else told_as(row, code, circumstance=found.word)
    return f"{told.code} {told.status} {told.text}"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, "INS-0 201 Request processed successfully"),
        (2, "INS-9 408 Request timeout"),
        (3, "INS-9 408 Request timeout"),
        (4, "INS-6 401 Transaction Failed"),
        (5, "INS-1 400 Internal Error"),
        (6, "INS-6 401 Transaction Failed"),
        (7, "INS-15 400 Invalid Amount Used"),
        (8, "INS-2006 422 Insufficient balance"),
        (9, "INS-16 503 Service is not available"),
        (10, ""),
    ],
)
def test_a_customer_number_decides_how_a_c2b_payment_ends(number: int, expected: str) -> None:
    assert asked(C2B, "input_CustomerMSISDN", f"{number:012}") == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, "INS-0 201 Request processed successfully"),
        (2, "INS-1 400 Internal Error"),
        (3, "INS-6 401 Transaction Failed"),
        (4, "INS-9 408 Request timeout"),
        (5, "INS-15 400 Invalid Amount Used"),
        (6, "INS-2006 422 Insufficient balance"),
        (7, "INS-16 503 Service is not available"),
        (8, ""),
    ],
)
def test_whoever_is_paid_decides_how_a_payment_out_of_a_till_ends(number: int, expected: str) -> None:
    assert asked("b2c_payment", "input_CustomerMSISDN", f"{number:012}") == expected
    assert asked("b2b_payment", "input_ReceiverPartyCode", f"{number:06}") == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("1".zfill(12), "INS-0 200 Request processed successfully"),
        ("2".zfill(12), "INS-1 400 Internal Error"),
        ("3".zfill(12), "INS-6 401 Transaction Failed"),
        ("4".zfill(12), ""),
        ("7".zfill(12), "INS-16 503 Service is not available"),
        ("1".zfill(21), "INS-0 200 Request processed successfully"),
        ("2".zfill(21), "INS-45 400 Missing Reference"),
        ("3".zfill(21), "INS-1 400 Internal Error"),
        ("4".zfill(21), "INS-6 401 Transaction Failed"),
        ("5".zfill(21), "INS-16 503 Service is not available"),
        ("1".zfill(20), ""),
        ("G27DEn1DLoQ3", ""),
    ],
)
def test_a_query_reference_decides_how_a_status_query_ends(reference: str, expected: str) -> None:
    assert asked(QUERY, "input_QueryReference", reference) == expected


def test_only_the_reference_of_21_digits_is_of_a_reversed_payment() -> None:
    shown = {}
    for length in (12, 21):
        fields = {"input_ServiceProviderCode": "000000", "input_QueryReference": "1".zfill(length)}
        found = trigger(QUERY, "sandbox", fields)
        assert found
        shown[length] = found.reversed
    assert shown == {12: False, 21: True}


def test_live_and_other_shortcodes_have_no_test_values() -> None:
    for operation, tables in TRIGGERS.items():
        for table in tables:
            for value in table.values():
                assert asked(operation, table.field, value, environment="openapi") == ""
                assert asked(operation, table.field, value, shortcode="123456") == ""


def test_b2b_is_recognised_by_its_primary_party() -> None:
    fields = {"input_PrimaryPartyCode": "000000", "input_ReceiverPartyCode": "000006"}
    found = trigger("b2b_payment", "sandbox", fields)
    assert found and found.code == "INS-2006"


def test_a_cancelled_mandate_that_never_was_has_its_own_text() -> None:
    text = asked("direct_debit_cancel", "input_ThirdPartyReference", "3".zfill(20))
    assert text == "INS-6 401 Mandate does not exist"


def test_an_internal_error_of_query_direct_debit_is_500() -> None:
    assert asked("query_direct_debit", "input_ThirdPartyReference", "2".zfill(20)) == "INS-1 500 Internal Error"


def test_every_test_value_passes_its_own_fields_grammar() -> None:
    market = MARKETS["vodacomTZN"]
    for name, tables in TRIGGERS.items():
        operation = OPERATIONS[name]
        examples = {field.name: field.example for field in operation.fields}
        for table in tables:
            for value in table.values():
                for lenient in (True, False):
                    values = examples | {table.field: value}
                    assert isinstance(parse(operation, values, market, "sandbox", lenient=lenient), Fields)


@pytest.mark.parametrize(
    ("fields", "mandate", "account"),
    [
        ({"input_CustomerMSISDN": "000000000003"}, "Active", "Locked"),
        ({"input_MandateID": "000004"}, "Expired", "Active"),
        ({"input_CustomerMSISDN": "000000000002", "input_MandateID": "000003"}, "Cancelled", "Pending Approval"),
        ({"input_ThirdPartyReference": "1".zfill(20)}, "Active", "Active"),
    ],
)
def test_a_query_of_a_direct_debit_takes_each_status_from_its_own_field(
    fields: dict[str, str], mandate: str, account: str
) -> None:
    said = scripted_mandate("sandbox", {"input_ServiceProviderCode": "000000", **fields})
    assert said == {"output_MandateStatus": mandate, "output_AccountStatus": account}
    assert scripted_mandate("openapi", {"input_ServiceProviderCode": "000000", **fields}) is None


def test_a_real_mandate_is_not_scripted() -> None:
    fields = {"input_ServiceProviderCode": "000000", "input_CustomerMSISDN": "255744553111", "input_MandateID": "17"}
    assert scripted_mandate("sandbox", fields) is None
