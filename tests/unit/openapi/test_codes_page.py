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
