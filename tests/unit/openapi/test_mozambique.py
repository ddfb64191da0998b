"""The Mozambique gateway's tables: its rows stand for the OpenAPI's, its codes mean what its own table says.

Read next: mkondo/openapi/mozambique/operations.py.
"""

from datetime import date

import pytest

from mkondo.adapters.keys.authority import PUBLIC_HOSTS
from mkondo.domain.ids import PaymentId
from mkondo.domain.markets import MARKETS
from mkondo.openapi import codes as openapi
from mkondo.openapi.mozambique import MARKET, NAME
from mkondo.openapi.mozambique.codes import RENAMED, TABLE
from mkondo.openapi.mozambique.document import codes_page
from mkondo.openapi.mozambique.hosts import HOSTS, PORTS, environment_of
from mkondo.openapi.mozambique.ids import conversation_id, masked
from mkondo.openapi.mozambique.operations import OPERATIONS, UNKNOWN
from mkondo.openapi.operations import OPERATIONS as OPENAPI
from mkondo.openapi.parse import Fields, Refusal, parse, third_party_conversation_id
from mkondo.openapi.profiles import operation_of
from mkondo.openapi.routing import Match, Miss, match

TESTED = {
    "input_TransactionReference": "T12344C",
    "input_CustomerMSISDN": "258843330333",
    "input_Amount": "10",
    "input_ThirdPartyReference": "11114",
    "input_ServiceProviderCode": "171717",
    "input_PrimaryPartyCode": "171717",
    "input_ReceiverPartyCode": "979797",
    "input_TransactionID": "49XCD123F6",
    "input_SecurityCredential": "Mpesa2019",
    "input_InitiatorIdentifier": "MPesa2018",
    "input_QueryReference": "AG_20180206_00005e7dccc6da08efa8",
}
"""Good for every call: what one does not know it ignores."""

SPECIFIED = {
    "INS-0": 201, "INS-1": 500, "INS-2": 401, "INS-4": 401, "INS-5": 401, "INS-6": 401, "INS-9": 408, "INS-10": 409,
    "INS-16": 503, "INS-2006": 422,
} | dict.fromkeys(
    (*(f"INS-{number}" for number in (13, 14, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26)),
     *(f"INS-{number}" for number in range(993, 999)), "INS-2001", "INS-2002", "INS-2051", "INS-2057"), 400
)  # fmt: skip
"""Contract section 9."""


def parsed(operation: str, environment: str = "sandbox", **different: object) -> Fields | Refusal:
    return parse(OPERATIONS[operation], {**TESTED, **different}, MARKETS[MARKET], environment)


def code(operation: str, environment: str = "sandbox", **different: object) -> str:
    answer = parsed(operation, environment, **different)
    return answer.code if isinstance(answer, Refusal) else "INS-0"


def test_the_table_of_codes_is_the_contract_s() -> None:
    assert {code.code: code.status for code in TABLE.rows.values()} == SPECIFIED


def test_each_row_stands_for_a_product_and_can_be_found_by_profile() -> None:
    assert set(OPERATIONS) == set(PORTS) < set(OPENAPI)
    for name, row in OPERATIONS.items():
        assert operation_of(name, NAME) is row
        assert (row.name, row.profile, row.method, row.uses_up_id) == (
            name,
            NAME,
            OPENAPI[name].method,
            OPENAPI[name].uses_up_id,
        )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_the_platform_says_has_a_name_in_this_table(operation: str) -> None:
    for known in openapi.codes_of(operation):
        if known.code not in ("INS-26", "INS-30", "INS-31", "INS-32"):  # of fields that are not here
            assert TABLE.rows[TABLE.name_of(known.code)].operations, known.code


def test_a_number_that_means_something_else_here_never_keeps_its_name() -> None:
    for number in (28, 35, 45, 989, *range(990, 998)):
        assert TABLE.name_of(f"INS-{number}") != f"INS-{number}"
    assert TABLE.rows["INS-26"].text == "Not authorized"
    assert openapi.CODES["INS-26"].text == "Invalid Currency Used"


def test_a_circumstance_comes_before_the_rule() -> None:
    assert [TABLE.name_of("INS-6", word) for word in ("Declined", "Cancelled")] == ["INS-6", "INS-5"]
    assert [TABLE.name_of("INS-1", status) for status in ("500", "503", "429")] == ["INS-1", "INS-16", "INS-16"]
    assert TABLE.name_of("INS-989", "Request source is not trusted") == "INS-26"


def test_every_rename_leads_to_a_row_that_somebody_is_answered_with_and_says_why() -> None:
    assert all(TABLE.rows[rename.to].operations and rename.why for rename in RENAMED)


def test_a_row_is_answered_somewhere_or_says_why_not() -> None:
    for row in TABLE.rows.values():
        assert row.cause
        assert bool(row.operations) == bool(row.mend)


def test_the_page_of_codes_shows_every_row_and_whom_it_stands_for() -> None:
    page = {str(row["code"]): row for row in codes_page()}
    assert list(page) == list(TABLE.rows)
    stood = [{"code": name.code, "when": name.when, "why": name.why} for name in RENAMED if name.to == "INS-2"]
    assert [one["code"] for one in stood] == ["INS-989"]
    assert page["INS-2"]["stands_for"] == stood


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_good_request_passes_and_each_lacking_parameter_is_ins_20(operation: str) -> None:
    assert isinstance(parsed(operation), Fields)
    for field in OPERATIONS[operation].fields:
        if field.mandatory:
            assert code(operation, **{field.name: ""}) == "INS-20", field.name


@pytest.mark.parametrize(
    ("operation", "name", "value", "refused"),
    [
        ("c2b_single_stage", "input_CustomerMSISDN", "841234567", "INS-2051"),
        ("c2b_single_stage", "input_CustomerMSISDN", "+258841234567", "INS-2051"),
        ("c2b_single_stage", "input_Amount", "10.005", "INS-15"),
        ("c2b_single_stage", "input_TransactionReference", "x" * 21, "INS-17"),
        ("c2b_single_stage", "input_ThirdPartyReference", "a-b", "INS-19"),
        ("c2b_single_stage", "input_ServiceProviderCode", "17", "INS-13"),
        ("b2b_payment", "input_ReceiverPartyCode", "a-b-c", "INS-13"),
        ("reversal", "input_TransactionID", "a b", "INS-18"),
        ("reversal", "input_SecurityCredential", "mpesa2019", "INS-25"),
        ("reversal", "input_InitiatorIdentifier", "Mpesa2019 ", "INS-24"),
        ("reversal", "input_ReversalAmount", "0", "INS-15"),
        ("query_transaction_status", "input_QueryReference", "a-b", "INS-14"),
        ("query_beneficiary_name", "input_CustomerMSISDN", "25884123456x", "INS-2051"),
    ],
)
def test_each_field_has_the_code_of_this_table(operation: str, name: str, value: str, refused: str) -> None:
    assert code(operation, **{name: value}) == refused


@pytest.mark.parametrize("first", ["Mpesa2019", "MPesa2018"])
@pytest.mark.parametrize("second", ["Mpesa2019", "MPesa2018"])
def test_both_test_credentials_are_taken_in_both_fields(first: str, second: str) -> None:
    assert code("reversal", input_SecurityCredential=first, input_InitiatorIdentifier=second) == "INS-0"


def test_live_has_no_test_credentials() -> None:
    assert (
        code("reversal", "openapi", input_SecurityCredential="s3cret!", input_InitiatorIdentifier="till-1") == "INS-0"
    )
    assert code("reversal", "openapi", input_SecurityCredential="a b") == "INS-25"


@pytest.mark.parametrize(
    ("number", "sandbox", "live"),
    [
        ("258843330333", "INS-0", "INS-0"),
        ("258851234567", "INS-0", "INS-0"),
        ("258821234567", "INS-0", "INS-2051"),
        ("000000000002", "INS-0", "INS-2051"),
        ("2588433303331", "INS-0", "INS-2051"),
        ("843330333", "INS-2051", "INS-2051"),
        ("258843330333\n", "INS-2051", "INS-2051"),
        ("٢٥٨٨٤٣٣٣٠٣٣٣", "INS-2051", "INS-2051"),
    ],
)
def test_a_number_is_vodacom_s_in_live_and_long_enough_in_the_sandbox(number: str, sandbox: str, live: str) -> None:
    assert code("c2b_single_stage", input_CustomerMSISDN=number) == sandbox
    assert code("c2b_single_stage", "openapi", input_CustomerMSISDN=number) == live


def test_the_merchant_s_id_is_read_by_this_wire_s_name() -> None:
    values = {"input_ThirdPartyReference": 11114, "input_ThirdPartyConversationID": "other"}
    assert third_party_conversation_id(values, "input_ThirdPartyReference") == "11114"
    assert third_party_conversation_id(values) == "other"


@pytest.mark.parametrize(
    ("host", "environment"),
    [
        ("api.sandbox.vm.co.mz", "sandbox"),
        ("api.sandbox.vm.co.mz:18352", "sandbox"),
        ("API.VM.CO.MZ:18352", "openapi"),
        ("api.mpesa.vm.co.mz.", "openapi"),
        ("127.0.0.1:8080", ""),
        ("api.vm.co.mz.evil.example", ""),
        ("openapi.m-pesa.com", ""),
        ("[::1]:8080", ""),
        ("", ""),
    ],
)
def test_a_host_name_says_which_environment_is_meant(host: str, environment: str) -> None:
    assert environment_of(host) == environment


def test_every_host_has_a_certificate() -> None:
    assert set(HOSTS) < set(PUBLIC_HOSTS)


class TestRouting:
    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_each_path_leads_to_its_row_without_an_environment(self, operation: str) -> None:
        row = OPERATIONS[operation]
        for path in (f"/ipg/v1x/{row.path}", f"//ipg/v1x//{row.path.rstrip('/')}"):
            assert match(row.method, path) == Match("", MARKET, row)

    def test_the_openapi_s_operations_are_not_here_nor_the_other_way_round(self) -> None:
        assert match("GET", "/ipg/v1x/getSession/") == Miss(404, operation=UNKNOWN)
        assert match("POST", "/ipg/v1x/c2bPayment/multiStage/") == Miss(404, operation=UNKNOWN)
        assert match("POST", "/sandbox/ipg/v1x/c2bPayment/singleStage/") == Miss(404)
        assert match("GET", "/sandbox/ipg/v2/vodacomMOZ/queryCustomerName/") == Miss(404)

    def test_a_wrong_method_and_a_question_for_methods_are_answered_in_this_wire_s_shape(self) -> None:
        row = OPERATIONS["reversal"]
        assert match("POST", "/ipg/v1x/reversal/") == Miss(405, "PUT, OPTIONS", row)
        assert match("OPTIONS", "/ipg/v1x/reversal/") == Miss(204, "PUT, OPTIONS", row)


class TestIds:
    def test_a_conversation_is_called_by_its_day_and_the_random_half_of_its_name(self) -> None:
        name = conversation_id(PaymentId("0195b0f2c4d87a31b6d0c1b1a4e5f601"), date(2018, 2, 6))
        assert name == "AG_20180206_7a31b6d0c1b1a4e5f601"
        assert len(name) == 32

    @pytest.mark.parametrize(("name", "shown"), [("Macuacua", "M******a"), ("Xi", "Xi"), ("X", "X"), ("", "")])
    def test_a_second_name_is_masked(self, name: str, shown: str) -> None:
        assert masked(name) == shown
