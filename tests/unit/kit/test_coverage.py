"""Every cell of section 5 has a case or a reason. Read next: mkondo/kit/coverage.py."""

from mkondo.domain.limits import APPLICABLE, LIMITS
from mkondo.kit.cases import CASES
from mkondo.kit.contract import C2B
from mkondo.kit.coverage import CANNOT, Cannot, cells, troubles


def test_each_cell_has_a_case_or_a_reason() -> None:
    assert troubles(CANNOT, CASES, cells()) == []


def test_nothing_is_put_off() -> None:
    assert [row for row in CANNOT if not row.reason or "pending" in row.reason] == []


def test_a_limit_cannot_be_reached_exactly_where_it_does_not_apply() -> None:
    """The kit's reasons and the platform's own table of limits say the same; INS-992 needs two of them."""
    excused = {row.cell for row in CANNOT}
    for limit in LIMITS:
        for operation, applicable in APPLICABLE.items():
            if (limit.code, operation) in cells():
                assert ((limit.code, operation) in excused) == (limit.name not in applicable), (limit.code, operation)


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
