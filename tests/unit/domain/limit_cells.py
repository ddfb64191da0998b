"""Every limit × product × situation: tested, or not applicable, and why. docs/limits.md shows it.

Made from the tables that the program runs on, so a new product or limit has cells at once; one that nobody has given a
test or a reason fails in test_limits_table.py. `python -m tests.unit.domain.limit_cells` prints the page with its table
renewed. Read next: test_limits_table.py.
"""

import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import msgspec

from mkondo.domain.limits import LIMITS, USAGE_TIME
from mkondo.openapi.operations import OPERATIONS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "limits.md"
BEGINS, ENDS = "<!-- generated: make generate -->", "<!-- end of what is generated -->"

PRODUCTS = tuple(name for name in OPERATIONS if name != "get_session")
NAMES = (USAGE_TIME, *(limit.name for limit in LIMITS))
BY_NAME = {limit.name: limit for limit in LIMITS}


class Situation(Enum):
    """What is tried. For a count the smallest step is one request, for usage time one minute."""

    UNDER = "under"
    AT = "at"
    OVER = "one minor unit over"
    RELEASED = "released by a failed payment"
    NEW_SESSION = "new session"
    NEXT_DAY = "next day"
    OTHER_CUSTOMER = "other customer"
    OTHER_APPLICATION = "other application"
    OTHER_CURRENCY = "other currency"


class Cell(msgspec.Struct, frozen=True):
    """One thing that is tried, or not, because `reason`."""

    limit: str
    product: str
    situation: Situation
    reason: str = ""


class Reason(msgspec.Struct, frozen=True):
    """Why these limits are not tried of these products in these situations. Nothing named: all."""

    words: str
    limits: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    situations: tuple[Situation, ...] = ()

    def covers(self, limit: str, product: str, situation: Situation) -> bool:
        return all(
            not named or it in named
            for named, it in ((self.limits, limit), (self.products, product), (self.situations, situation))
        )


def has_field(product: str, *names: str) -> bool:
    return any(field.name in names for field in OPERATIONS[product].fields)


MOVES_MONEY = tuple(name for name in PRODUCTS if has_field(name, "input_Amount", "input_ReversalAmount"))
HAS_CUSTOMER = tuple(name for name in PRODUCTS if has_field(name, "input_CustomerMSISDN"))

_COUNTERS = tuple(BY_NAME)
_VALUES = tuple(name for name, limit in BY_NAME.items() if limit.measure == "value")
_OF_CUSTOMERS = tuple(name for name, limit in BY_NAME.items() if limit.of == "customer")

NOT_LISTED = "section 5 lists none of INS-990 to INS-995 for it"
NO_HOURS = "section 5 lists none of INS-990 to INS-996 for it"
NO_MONEY = "it moves no money, so it has no value to limit"
NO_CUSTOMER = "it is between organisations, so no customer can have limits"

NOT_LIMITED: tuple[Reason, ...] = (
    Reason(NO_MONEY, _VALUES, ("update_transaction_status", "direct_debit_creation", "direct_debit_cancel")),
    Reason(NO_CUSTOMER, _OF_CUSTOMERS, ("b2b_payment",)),
    Reason(NOT_LISTED, _COUNTERS, ("reversal", "query_transaction_status", "query_beneficiary_name")),
    Reason(NO_HOURS, NAMES, ("query_direct_debit",)),
)
"""Limits that a product can't have. It must be the same as domain/limits.py says."""

NOT_TRIED: tuple[Reason, ...] = (
    Reason(
        "it is held against each payment by itself, whoever makes it, in which session and when",
        ("single_value",),
        situations=(Situation.RELEASED, Situation.NEW_SESSION, Situation.NEXT_DAY, Situation.OTHER_CUSTOMER),
    ),
    Reason(
        "it counts nothing: the time of the day is the same in every session and for every customer",
        (USAGE_TIME,),
        situations=(Situation.RELEASED, Situation.NEW_SESSION, Situation.OTHER_CUSTOMER),
    ),
    Reason(
        "it has no customer, so there is no other one",
        tuple(name for name, limit in BY_NAME.items() if limit.of == "session"),
        ("b2b_payment",),
        (Situation.OTHER_CUSTOMER,),
    ),
)
"""Situations that mean nothing for a limit that the product does have."""


def cells() -> tuple[Cell, ...]:
    return tuple(_cell(limit, product, tried) for limit in NAMES for product in PRODUCTS for tried in Situation)


def _cell(limit: str, product: str, situation: Situation) -> Cell:
    for reason in (*NOT_LIMITED, *NOT_TRIED):
        if reason.covers(limit, product, situation):
            return Cell(limit, product, situation, reason.words)
    return Cell(limit, product, situation)


CELLS = cells()
TESTED = tuple(cell for cell in CELLS if not cell.reason)


def renewed(page: str) -> str:
    """The page with its table as it is now."""
    before, _, rest = page.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    return f"{before}{BEGINS}\n\n" + "\n".join(_lines()) + f"\n\n{ENDS}{after}"


def _lines() -> Iterator[str]:
    reasons = list(dict.fromkeys(cell.reason for cell in CELLS if cell.reason))
    yield f"{len(CELLS)} cells: {len(TESTED)} tested, {len(CELLS) - len(TESTED)} not applicable."
    yield ""
    yield f"| limit | product | {' | '.join(situation.value for situation in Situation)} |"
    yield f"|---|---|{'---|' * len(Situation)}"
    for limit in NAMES:
        for product in PRODUCTS:
            row = [cell for cell in CELLS if (cell.limit, cell.product) == (limit, product)]
            shown = ["✓" if not cell.reason else f"– {reasons.index(cell.reason) + 1}" for cell in row]
            if any(not cell.reason for cell in row):
                yield f"| `{limit}` | `{product}` | {' | '.join(shown)} |"
    yield ""
    yield "Not applicable, because"
    yield ""
    for number, reason in enumerate(reasons, start=1):
        yield f"{number}. {reason}{_whole_rows(reason)}"


def _whole_rows(reason: str) -> str:
    """The limits and products that the reason leaves out of the table altogether."""
    found = [row for row in NOT_LIMITED if row.words == reason]
    return "".join(f": {_named(row.limits)} of {_named(row.products)}" for row in found)


def _named(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.stdout.write(renewed(PAGE.read_text(encoding="utf-8")))
