"""The operations table is complete: each key that goes over the wire is explained, and callbacks are the contract's."""

import re

import pytest

from mkondo.openapi.mozambique.operations import OPERATIONS as MOZAMBIQUE
from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.openapi.outputs import NOTHING, OUTPUTS, Output, output

ALL = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)


@ALL
def test_every_key_of_every_operation_has_a_meaning_and_an_example(operation: Operation) -> None:
    for key in (*operation.outputs, *operation.callback_outputs):
        row = output(key)
        assert row.meaning.endswith(".") and row.example not in ("", NOTHING)


@pytest.mark.parametrize("row", OUTPUTS.values(), ids=lambda row: row.name)
def test_every_example_fits_its_own_row(row: Output) -> None:
    assert not (row.grammar and row.values)
    text = str(row.example)
    assert not row.grammar or re.fullmatch(row.grammar, text, re.ASCII)
    assert not row.values or text in row.values
    assert isinstance(row.example, str) or row.boolean


def test_no_key_is_explained_that_nobody_sends() -> None:
    usual = {"ResponseCode", "ResponseDesc", "ConversationID", "ThirdPartyConversationID", "error"}
    sent = {key.partition("_")[2] for row in OPERATIONS.values() for key in (*row.outputs, *row.callback_outputs)}
    assert OUTPUTS.keys() == sent | usual


@pytest.mark.parametrize(
    ("operation", "extras"),
    [
        ("c2b_single_stage", "TransactionID"),
        ("c2b_multi_stage", "TransactionID"),
        ("update_transaction_status", "TransactionID"),
        ("b2c_payment", "TransactionID"),
        ("b2b_payment", "TransactionID"),
        ("reversal", "TransactionID"),
        ("query_transaction_status", "TransactionID OriginalTransactionID Reversed"),
        ("query_beneficiary_name", "CustomerFirstName CustomerLastName"),
        ("direct_debit_creation", "TransactionReference MsisdnToken MandateID"),
        ("direct_debit_payment", "TransactionID MsisdnToken"),
        ("direct_debit_cancel", "TransactionReference MsisdnToken"),
    ],
)
def test_a_result_has_the_contracts_keys_in_its_order(operation: str, extras: str) -> None:
    usual = "OriginalConversationID ResultCode ResultDesc ThirdPartyConversationID"
    expected = tuple(f"input_{name}" for name in f"{usual} {extras}".split())
    assert OPERATIONS[operation].callback_outputs == expected


def test_the_result_of_a_query_of_a_direct_debit_has_names_of_its_own() -> None:
    expected = (
        "OriginalConversationID ResponseCode ResponseDesc ThirdPartyConversationID TransactionReference "
        "SufficientBalance MsisdnToken MandateID MandateStatus AccountStatus FirstPaymentDate Frequency PaymentDayFrom "
        "PaymentDayTo ExpiryDate"
    )
    row = OPERATIONS["query_direct_debit"]
    assert row.callback_outputs == tuple(f"input_{name}" for name in expected.split())


def test_a_result_is_acknowledged_with_0_but_for_two_operations() -> None:
    others = {row.name: row.ack_code for row in OPERATIONS.values() if row.ack_code != "0"}
    assert others == {"query_direct_debit": "INS-0", "update_transaction_status": "INS-GAR-0"}


def test_only_a_session_key_is_never_pushed() -> None:
    assert [row.name for row in OPERATIONS.values() if not row.may_be_asynchronous] == ["get_session"]


@pytest.mark.parametrize("row", [*OPERATIONS.values(), *MOZAMBIQUE.values()], ids=lambda row: row.profile + row.name)
def test_a_result_repeats_the_merchants_id_under_its_profiles_own_key(row: Operation) -> None:
    assert not row.callback_outputs or row.callback_outputs[3] == row.result_echo
