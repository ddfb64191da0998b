"""Which cells of the contract's table of codes (section 5) no case causes, and why not: a list to be reviewed.

A cell is a code that is listed for an operation. Each has a case, or stands here; a test finds one with neither, and
one with both. Read next: target.py.
"""

from collections.abc import Iterable

import msgspec

from mkondo.kit.case import Case
from mkondo.kit.contract import ASK, B2B, CANCEL, COLLECT, CREATE, NAME, REVERSAL, STATUS, UPDATE
from mkondo.openapi.codes import CODES

Cell = tuple[str, str]
"""Code and operation."""


class Cannot(msgspec.Struct, frozen=True):
    """A cell that cannot be caused, because `reason`."""

    code: str
    operation: str
    reason: str

    @property
    def cell(self) -> Cell:
        return self.code, self.operation


_NAME_IS_READ = "a name is only read, nothing is decided, and no test value asks for a failure"
_NO_TEST_VALUE = "no test value asks for it, and whoever sends requests can't make the platform slow"
_NO_SUCH_FIELD = "the operation has no field that the code could be about"
_NO_MONEY = "the operation moves no money, so it has no amount to be short of or to limit"
_NO_CUSTOMER = "it is between two organisations: it has no customer whose limits could be reached"


def _rows(reason: str, operations: Iterable[str], *codes: str) -> tuple[Cannot, ...]:
    return tuple(Cannot(code, operation, reason) for code in codes for operation in operations)


CANNOT: tuple[Cannot, ...] = (
    Cannot("INS-0", UPDATE, "its success is INS-GAR-0 (section 4)"),
    *_rows(_NAME_IS_READ, (NAME,), "INS-1", "INS-6", "INS-9"),
    *_rows(_NO_TEST_VALUE, (UPDATE, REVERSAL, STATUS), "INS-9"),
    *_rows(_NO_SUCH_FIELD, (UPDATE, CREATE), "INS-15", "INS-26"),
    Cannot("INS-17", UPDATE, _NO_SUCH_FIELD),
    Cannot("INS-17", ASK, "its only reference is the ThirdPartyReference, whose code there is INS-19"),
    *_rows(_NO_SUCH_FIELD, (UPDATE, CREATE, COLLECT, CANCEL), "INS-30"),
    Cannot("INS-2051", UPDATE, "its input_CustomerMSISDN holds the decision, not a number (section 4)"),
    *_rows(_NO_MONEY, (CREATE, ASK, CANCEL), "INS-2006"),
    Cannot("INS-2006", UPDATE, "the first step holds what the second one moves, so it can't be short"),
    *_rows(_NO_MONEY, (UPDATE, CREATE, CANCEL), "INS-990", "INS-994", "INS-995"),
    *_rows(_NO_CUSTOMER, (B2B,), "INS-990", "INS-991"),
)


def cells() -> frozenset[Cell]:
    """Every cell of section 5."""
    return frozenset((code.code, operation) for code in CODES.values() for operation in code.operations)


def caused(cases: Iterable[Case]) -> frozenset[Cell]:
    """The cells that these cases cause."""
    return frozenset((case.answer.code, case.operation) for case in cases)


def troubles(listed: Iterable[Cannot], cases: Iterable[Case], known: frozenset[Cell]) -> list[str]:
    """What is wrong with the list: cells with neither, with both, twice, or that section 5 does not have."""
    excused, by_case = [row.cell for row in listed], caused(cases)
    found = [f"{code} of {operation} has no case and no reason" for code, operation in known - by_case - set(excused)]
    found += [f"{code} of {operation} has a case, and can't be caused" for code, operation in by_case & set(excused)]
    found += [f"section 5 does not list {code} for {operation}" for code, operation in set(excused) - known]
    found += [
        f"{code} of {operation} stands twice"
        for code, operation in set(excused)
        if excused.count((code, operation)) > 1
    ]
    return sorted(found)
