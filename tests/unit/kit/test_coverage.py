"""Every cell of section 5 has a case or a reason. Read next: mkondo/kit/coverage.py."""

from mkondo.kit.cases import CASES
from mkondo.kit.contract import C2B
from mkondo.kit.coverage import CANNOT, PENDING, Cannot, cells, troubles

LIMITS = {f"INS-99{last}" for last in "012346"}


def test_each_cell_has_a_case_or_a_reason() -> None:
    assert troubles(CANNOT, CASES, cells()) == []


def test_only_limits_are_pending() -> None:
    assert {row.code for row in CANNOT if row.reason == PENDING} == LIMITS
    assert all(row.reason for row in CANNOT)


def test_a_cell_with_neither_is_found() -> None:
    without = [case for case in CASES if (case.answer.code, case.operation) != ("INS-2006", C2B)]
    assert troubles(CANNOT, without, cells()) == [f"INS-2006 of {C2B} has no case and no reason"]
    assert troubles(CANNOT[1:], CASES, cells()) == [
        f"{CANNOT[0].code} of {CANNOT[0].operation} has no case and no reason"
    ]


def test_a_reason_for_a_cell_with_a_case_is_found() -> None:
    planted = Cannot("INS-15", C2B, "nobody can")
    assert troubles((*CANNOT, planted), CASES, cells()) == [f"INS-15 of {C2B} has a case, and can't be caused"]


def test_a_reason_for_what_is_no_cell_is_found() -> None:
    planted = Cannot("INS-58", C2B, "nobody can")
    assert troubles((*CANNOT, planted), CASES, cells()) == [f"section 5 does not list INS-58 for {C2B}"]


def test_a_reason_that_stands_twice_is_found() -> None:
    row = CANNOT[0]
    assert troubles((*CANNOT, row), CASES, cells()) == [f"{row.code} of {row.operation} stands twice"]
