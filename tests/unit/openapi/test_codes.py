"""The table of reason codes says what the contract says, and everything the program answers is in it."""

import pytest

from mkondo.openapi.codes import CODES, GET_SESSION, TRANSPORT, Resend, codes_of, status_of, text_of
from mkondo.openapi.operations import OPERATIONS
from mkondo.openapi.triggers import TRIGGERS


@pytest.mark.parametrize(
    ("code", "operation", "status", "text"),
    [
        ("INS-0", "c2b_single_stage", 201, "Request processed successfully"),
        ("INS-0", "query_transaction_status", 200, "Request processed successfully"),
        ("INS-0", GET_SESSION, 200, "Request processed successfully"),
        ("INS-1", "c2b_single_stage", 400, "Internal Error"),
        ("INS-1", "query_direct_debit", 500, "Internal Error"),
        ("INS-6", "c2b_single_stage", 401, "Transaction Failed"),
        ("INS-6", "direct_debit_cancel", 401, "Mandate does not exist"),
        ("INS-9", "c2b_single_stage", 408, "Request timeout"),
        ("INS-10", "c2b_single_stage", 409, "Duplicate Transaction"),
        ("INS-16", "c2b_single_stage", 503, "Service is not available"),
        ("INS-19", "direct_debit_cancel", 400, "Invalid ThirdPartyReference Used."),
        ("INS-45", "query_transaction_status", 400, "Missing Reference"),
        (
            "INS-52",
            "query_direct_debit",
            500,
            "The MandateID used does not correspond to the ThirdPartyReference used.",
        ),
        ("INS-54", "query_direct_debit", 400, "Invalid BalanceAmount Used"),
        ("INS-57", "query_direct_debit", 500, "Either MSISDN or MSISDNToken required"),
        ("INS-989", GET_SESSION, 400, "Session Creation Failed"),
        ("INS-989", "c2b_single_stage", 401, "Session is invalid"),
        ("INS-2006", "c2b_single_stage", 422, "Insufficient balance"),
        ("INS-2051", "query_beneficiary_name", 400, "2051 MSISDN invalid."),
        ("INS-2051", "c2b_single_stage", 400, "MSISDN invalid."),
    ],
)
def test_a_code_has_the_contracts_status_and_text(code: str, operation: str, status: int, text: str) -> None:
    assert (status_of(code, operation), text_of(code, operation)) == (status, text)


def test_a_success_has_the_operations_own_status() -> None:
    for operation in OPERATIONS.values():
        assert status_of(operation.ok_code, operation.name) == operation.ok_status


def test_an_unknown_code_is_an_internal_error_and_not_a_crash() -> None:
    assert (status_of("INS-7777", "c2b_single_stage"), text_of("INS-7777", "c2b_single_stage")) == (
        400,
        "Internal Error",
    )


def test_every_operation_lists_the_codes_of_its_fields_and_test_values() -> None:
    for operation in OPERATIONS.values():
        listed = {code.code for code in codes_of(operation.name)}
        fields = {field.code for field in operation.fields}
        triggers = {outcome.code for table in TRIGGERS.get(operation.name, ()) for outcome in table.outcomes.values()}
        assert fields | triggers <= listed | {operation.ok_code, "INS-0"}


def test_each_code_of_a_column_counts_as_many_as_the_contract_does() -> None:
    """Section 5's dots, counted per column; multiStage and update have C2B's."""
    listed = {name: sum(name in code.operations for code in CODES.values()) for name in OPERATIONS}
    assert listed == {
        GET_SESSION: 2,
        "c2b_single_stage": 24,
        "c2b_multi_stage": 24,
        "update_transaction_status": 24,
        "b2c_payment": 24,
        "b2b_payment": 23,
        "reversal": 16,
        "query_transaction_status": 12,
        "query_beneficiary_name": 13,
        "direct_debit_creation": 30,
        "direct_debit_payment": 27,
        "query_direct_debit": 23,
        "direct_debit_cancel": 25,
    }


def test_every_code_says_why_how_to_mend_it_and_whether_to_send_again() -> None:
    for code in CODES.values():
        assert code.text and code.cause.endswith(".") and code.mend.endswith(".")
        assert code.operations or code.also


def test_what_may_have_been_carried_out_is_queried_before_it_is_sent_again() -> None:
    for code in CODES.values():
        if code.status in (408, 503) or (code.code in TRANSPORT.values() and code.code == "INS-1"):
            assert code.resend is Resend.QUERY_FIRST
