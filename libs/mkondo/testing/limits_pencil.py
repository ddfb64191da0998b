"""What a person with a pencil knows of an application's limits: a list of all that was asked for and how it ended.

Every question is answered by going through the whole list again. Nothing here looks at the program's counters: days are
whole numbers of days, and sums are sums. Read next: tests/unit/domain/test_limits_oracle.py, which asks it as it goes,
and simulation/checks_of_limits.py, which reads the list from the journals.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mkondo.domain.application import ProductScope
from mkondo.domain.ids import Instant
from mkondo.domain.limits import Breach

DAY, MINUTE = 86_400_000, 60_000
AHEAD = {"TZS": 3, "USD": 1}
"""Hours that the market of each currency is ahead of Greenwich: Tanzania, and Kinshasa."""

_PAYMENTS = ("c2b_single_stage", "c2b_multi_stage", "b2c_payment", "b2b_payment", "direct_debit_payment")
_SERVICES = ("direct_debit_creation", "direct_debit_cancel", "update_transaction_status")
COUNTS_VALUES = dict.fromkeys(_PAYMENTS, True) | dict.fromkeys(_SERVICES, False)
"""The products that have limits, and whether these may be of values."""
OPEN, DONE, FAILED = "open", "done", "failed"


def day_in(currency: str, now: int) -> int:
    return (now + AHEAD[currency] * 3_600_000) // DAY


def minute_in(currency: str, now: int) -> int:
    return (now + AHEAD[currency] * 3_600_000) % DAY // MINUTE


@dataclass
class Entry:
    """One line of the list: who took what when, which of the two counted it then, and how it ended."""

    name: str
    session: str
    customer: str
    product: str
    currency: str
    day: int
    minor: int
    by_session: bool
    by_customer: bool
    status: str = OPEN


@dataclass
class Access:
    """A session, or a key that is shown with every call."""

    key: str
    version: int
    expires_at: int


@dataclass
class Pencil:
    """The list, and who may come in."""

    scopes: dict[str, ProductScope]
    key: str
    version: int = 1
    narrowed: int = 0
    removed: bool = False
    overlaps: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, Access] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)

    def open(self, session: str, key: str, expires_at: int) -> None:
        self.sessions[session] = Access(key, self.version, expires_at)

    def key_works(self, key: str, now: int) -> bool:
        return not self.removed and (key == self.key or now < self.overlaps.get(key, 0))

    def lets_in(self, session: str, now: int) -> bool:
        access = self.sessions.get(session)
        if access is None:
            return self.key_works(session, now)
        fresh = access.version >= self.narrowed and now < access.expires_at
        return fresh and self.key_works(access.key, now)

    def refusal(self, asked: Entry, reference: str, deadline: int, now: int) -> str | None:
        """The code of what is wrong before any limit is looked at, or None."""
        if not self.lets_in(asked.session, now):
            return "INS-989"
        scope = self.scopes[asked.product]
        if not scope.on:
            return "INS-997"
        if self.is_closed(asked.product, asked.currency, now):
            return "INS-996"
        if reference in self.references:
            return "INS-10"
        return "INS-9" if now >= deadline else None

    def is_closed(self, product: str, currency: str, now: int) -> bool:
        hours = self.scopes[product].usage_time
        if hours is None:
            return False
        minute = minute_in(currency, now)
        if hours.opens < hours.closes:
            return minute < hours.opens or minute >= hours.closes
        return hours.closes <= minute < hours.opens

    def breaches(self, asked: Entry) -> list[Breach]:
        """Each limit by itself, in the contract's order."""
        scope = self.scopes[asked.product]
        if asked.product not in COUNTS_VALUES:
            return []
        found: list[Breach | None] = []
        if COUNTS_VALUES[asked.product]:
            found.append(self._value("single_value", "INS-995", scope.single_value, asked, None))
            found.append(self._value("daily_value", "INS-994", scope.daily_value, asked, "session"))
        found.append(self._number("daily_count", "INS-993", scope.daily_count, asked, "session"))
        if asked.customer and asked.product != "b2b_payment":
            if COUNTS_VALUES[asked.product]:
                ceilings = scope.customer_daily_value
                found.append(self._value("customer_daily_value", "INS-990", ceilings, asked, "customer"))
            found.append(self._number("customer_daily_count", "INS-991", scope.customer_daily_count, asked, "customer"))
        return [breach for breach in found if breach is not None]

    def _value(self, name: str, code: str, ceilings: dict[str, int], asked: Entry, whose: str | None) -> Breach | None:
        if not ceilings:
            return None
        if asked.currency not in ceilings:
            return Breach(name, "INS-995", None, 0, asked.minor, asked.currency, None)
        others = self.alike(asked, whose) if whose else []
        sums: dict[int, int] = {}
        taken = 0
        for entry in others:
            if entry.status == DONE:
                sums[entry.day] = sums.get(entry.day, 0) + entry.minor
            if entry.status != FAILED and entry.day == asked.day:
                taken += entry.minor
        best = max(sums.values(), default=0)
        return self._passes(name, code, ceilings[asked.currency], taken, best, asked, whose, asked.minor)

    def _number(self, name: str, code: str, ceiling: int | None, asked: Entry, whose: str) -> Breach | None:
        if ceiling is None:
            return None
        others = self.alike(asked, whose)
        done = [entry.day for entry in others if entry.status == DONE]
        taken = sum(entry.status != FAILED and entry.day == asked.day for entry in others)
        best = max((done.count(day) for day in set(done)), default=0)
        return self._passes(name, code, ceiling, taken, best, asked, whose, 1)

    def _passes(
        self, name: str, code: str, ceiling: int, taken: int, best: int, asked: Entry, whose: str | None, more: int
    ) -> Breach | None:
        shut = whose == "session" and best >= ceiling
        if taken + more <= ceiling and not shut:
            return None
        midnight = (asked.day + 1) * DAY - AHEAD[asked.currency] * 3_600_000
        opens = None if more > ceiling else 0 if shut else midnight
        used = max(taken, best) if shut else taken
        currency = asked.currency if name.endswith("value") else ""
        return Breach(name, code, ceiling, used, more, currency, None if opens is None else Instant(opens))

    def alike(self, asked: Entry, whose: str) -> list[Entry]:
        """All that was ever counted beside it: of the same session, or the same customer."""
        product, currency, session, customer = asked.product, asked.currency, asked.session, asked.customer
        if whose == "session":
            return [
                one
                for one in self.entries
                if one.session == session and one.by_session and one.product == product and one.currency == currency
            ]
        return [
            one
            for one in self.entries
            if one.customer == customer and one.by_customer and one.product == product and one.currency == currency
        ]

    def take(self, asked: Entry) -> None:
        """It is admitted: whoever has a limit of this product counts it from now on."""
        scope = self.scopes[asked.product]
        asked.by_session = bool(scope.daily_value) or scope.daily_count is not None
        by_customer = bool(scope.customer_daily_value) or scope.customer_daily_count is not None
        asked.by_customer = by_customer and bool(asked.customer)
        self.entries.append(asked)

    def is_passed(self, asked: Entry) -> bool:
        """Whether what is done and pending of that day is more than a ceiling that is in force."""
        scope = self.scopes[asked.product]
        for whose, ceilings, number in (
            ("session", scope.daily_value, scope.daily_count),
            ("customer", scope.customer_daily_value, scope.customer_daily_count),
        ):
            if whose == "customer" and not asked.customer:
                continue
            today = [one.minor for one in self.alike(asked, whose) if one.day == asked.day and one.status != FAILED]
            if COUNTS_VALUES[asked.product] and sum(today) > ceilings.get(asked.currency, sum(today)):
                return True
            if number is not None and len(today) > number:
                return True
        return False


def code_by_hand(found: Sequence[Breach]) -> str:
    """Contract section 5: several codes at once have one of their own; limits that lack a currency share one code."""
    codes = {breach.code for breach in found}
    return "INS-992" if len(codes) > 1 else codes.pop()
