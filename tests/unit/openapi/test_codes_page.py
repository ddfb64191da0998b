"""The page of codes has every code, and each operation's own status and text."""

from mkondo.openapi.codes import CODES
from mkondo.openapi.codes_page import codes_page


def test_it_has_every_code_and_each_operations_own_status() -> None:
    page = codes_page()
    assert [row.code for row in page] == list(CODES)
    rows = {row.code: {use.operation: use for use in row.operations} for row in page}
    assert rows["INS-989"]["get_session"].http_status == 400
    assert rows["INS-989"]["c2b_single_stage"].http_status == 401
    assert rows["INS-0"]["query_transaction_status"].http_status == 200
    assert rows["INS-6"]["direct_debit_cancel"].text == "Mandate does not exist"
    assert rows["INS-10"].keys() >= {"c2b_single_stage", "query_direct_debit"}
    assert "query_transaction_status" not in rows["INS-10"]


def test_it_says_what_is_documented_and_what_is_our_ruling() -> None:
    (balance,) = (row for row in codes_page() if row.code == "INS-1")
    assert {use.operation for use in balance.operations if use.source == "ruling"} == {"get_session"}


def test_operations_that_answer_alike_are_named_together_and_none_is_lost() -> None:
    for row in codes_page():
        named = [(each.http_status, each.text, each.source, label) for each in row.answers for label in each.labels]
        assert sorted(named) == sorted((use.http_status, use.text, use.source, use.label) for use in row.operations)
    (timeout,) = (row for row in codes_page() if row.code == "INS-9")
    assert len(timeout.answers) == 1
