"""Limits of one application: which there are, which apply to what, and which of them a payment would pass.

Pure. The portal's limits map one to one to reason codes (contract section 5). Counters are room.py's. A session's
ceiling that was reached stays shut until a new session, midnight included; a customer's opens again with the market's
next day. Read next: admission/rooms.py, which reserves, confirms and gives back.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from mkondo.domain import reasons
from mkondo.domain.application import Ceilings, ProductScope
from mkondo.domain.ids import Instant
from mkondo.domain.room import Line, Part

Of = Literal["payment", "session", "customer"]
Measure = Literal["value", "count"]

NEW_SESSION = Instant(0)
"""Where a limit says when there is room again: not before a new session."""


class Limit(msgspec.Struct, frozen=True):
    """One kind of limit. `name` is its field of ProductScope; it counts what one payment, session or customer does."""

    name: str
    code: str
    of: Of
    measure: Measure


LIMITS = (
    Limit("single_value", reasons.SINGLE_VALUE, "payment", "value"),
    Limit("daily_value", reasons.DAILY_VALUE, "session", "value"),
    Limit("daily_count", reasons.DAILY_COUNT, "session", "count"),
    Limit("customer_daily_value", reasons.CUSTOMER_DAILY_VALUE, "customer", "value"),
    Limit("customer_daily_count", reasons.CUSTOMER_DAILY_COUNT, "customer", "count"),
)
USAGE_TIME = "usage_time"

_COUNTS = ("daily_count", "customer_daily_count")
_OWN = ("single_value", "daily_value", "daily_count")
_ALL = tuple(limit.name for limit in LIMITS)

APPLICABLE: Mapping[str, tuple[str, ...]] = {
    "c2b_single_stage": (USAGE_TIME, *_ALL),
    "c2b_multi_stage": (USAGE_TIME, *_ALL),
    "b2c_payment": (USAGE_TIME, *_ALL),
    "direct_debit_payment": (USAGE_TIME, *_ALL),
    "b2b_payment": (USAGE_TIME, *_OWN),  # it has no customer
    "direct_debit_creation": (USAGE_TIME, *_COUNTS),  # these move no money
    "direct_debit_cancel": (USAGE_TIME, *_COUNTS),
    "update_transaction_status": (USAGE_TIME, *_COUNTS),
    "reversal": (USAGE_TIME,),
    "query_transaction_status": (USAGE_TIME,),
    "query_beneficiary_name": (USAGE_TIME,),
    "query_direct_debit": (),
}
"""Product -> the limits it can have: the cells of the contract's section 5, where there is something to count."""


class Breach(msgspec.Struct, frozen=True, omit_defaults=True):
    """A limit that a request would pass. Values in minor units of `currency`; for a count it is empty.

    `ceiling` None: value limits are on and none names this currency. `resets_at`: when there is room again; 0 with a
    new session, None never, since what is asked for is more than the ceiling at any time.
    """

    limit: str
    code: str
    ceiling: int | None
    used: int
    asked: int
    currency: str = ""
    resets_at: Instant | None = None

    @property
    def left(self) -> int:
        return max((self.ceiling or 0) - self.used, 0)


class Counted(msgspec.Struct, frozen=True):
    """What the limits of a request are held against: its own part, and what its session and customer have done.

    `customer` is None where it has none. `day_ends`: when the market's day is over."""

    part: Part
    session: Line
    customer: Line | None
    day_ends: Instant


def breaches(scope: ProductScope, counted: Counted) -> tuple[Breach, ...]:
    """The limits that this request would pass, each by itself; none: it may be admitted."""
    applicable = [limit for limit in LIMITS if limit.name in APPLICABLE[counted.part.product]]
    if counted.customer is None:
        applicable = [limit for limit in applicable if limit.of != "customer"]
    found = (_breach(limit, scope, counted) for limit in applicable)
    return tuple(breach for breach in found if breach is not None)


def code_of(found: tuple[Breach, ...]) -> str:
    """The one code of an answer (contract section 5): more than one of INS-990 to INS-995 has a code of its own."""
    codes = {breach.code for breach in found}
    return codes.pop() if len(codes) == 1 else reasons.SEVERAL_LIMITS


def describe(found: tuple[Breach, ...]) -> str:
    """The limits in words, for the event and whoever reads it."""
    return "; ".join(_words(breach) for breach in found)


def _words(breach: Breach) -> str:
    name, unit = breach.limit.replace("_", " "), f" minor units of {breach.currency}" if breach.currency else ""
    if breach.ceiling is None:
        return f"{name}: no ceiling in {breach.currency}"
    return f"{name}: ceiling {breach.ceiling}, used {breach.used}, asked {breach.asked}{unit}"


def _breach(limit: Limit, scope: ProductScope, counted: Counted) -> Breach | None:
    ceilings: Ceilings | int | None = getattr(scope, limit.name)
    if limit.measure == "count":
        return _passes(limit, ceilings, counted, 1, "") if isinstance(ceilings, int) else None
    if not isinstance(ceilings, dict) or not ceilings:
        return None
    currency, minor = counted.part.currency, counted.part.minor
    if currency not in ceilings:
        return Breach(limit.name, reasons.SINGLE_VALUE, None, 0, minor, currency)
    return _passes(limit, ceilings[currency], counted, minor, currency)


def _passes(limit: Limit, ceiling: int, counted: Counted, asked: int, currency: str) -> Breach | None:
    used, peak = _done(limit, counted)
    shut = limit.of == "session" and peak >= ceiling
    if used + asked <= ceiling and not shut:
        return None
    opens = NEW_SESSION if shut else counted.day_ends
    resets_at = opens if asked <= ceiling else None
    return Breach(limit.name, limit.code, ceiling, max(used, peak if shut else 0), asked, currency, resets_at)


def _done(limit: Limit, counted: Counted) -> tuple[int, int]:
    """What is taken of today, and the most that was done in any day."""
    line = {"payment": None, "session": counted.session, "customer": counted.customer}[limit.of]
    if line is None:
        return 0, 0
    use = line.use(counted.part.day)
    if limit.measure == "count":
        return use.taken_count, line.peak_count
    return use.taken_minor, line.peak_minor
