"""Every cell of limit_cells.py by the decider itself: one story each, in the words of its situation.

The words are limit_trials.py's. Read next: domain/limits.py, domain/room.py.
"""

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import pytest
from msgspec.structs import replace

from mkondo.domain import reasons
from mkondo.domain.application import ProductScope, UsageTime
from mkondo.domain.calendar import day_of, end_of, start_of
from mkondo.domain.decider import Event
from mkondo.domain.hours import Closed
from mkondo.domain.ids import Instant
from mkondo.domain.limits import APPLICABLE, LIMITS, NEW_SESSION, USAGE_TIME, Breach, Limit
from mkondo.domain.markets import DAY_MS, MARKETS
from mkondo.domain.payment import PaymentFailed
from mkondo.domain.request import RequestAnswered, RequestRejected
from mkondo.openapi.codes import CODES
from mkondo.testing.builders import MARKET, NOW, later
from tests.unit.domain.limit_cells import (
    BY_NAME,
    CELLS,
    HAS_CUSTOMER,
    MOVES_MONEY,
    NAMES,
    NO_CUSTOMER,
    NO_MONEY,
    NOT_LIMITED,
    NOT_TRIED,
    PRODUCTS,
    TESTED,
    Cell,
    Situation,
)
from tests.unit.domain.limit_trials import (
    ELSEWHERE,
    HOURS,
    JUMA,
    NEXT,
    OTHER_APPLICATION,
    Bench,
    Trial,
    admits,
)

ZONE = MARKETS[MARKET].time_zone

# What counts: single_value, and what a session or a customer does in a day.


def under(trial: Trial) -> None:
    trial.take(trial.ceiling - 1)
    if trial.limit.of != "payment":
        trial.take(1)


def at(trial: Trial) -> None:
    trial.take(trial.ceiling)


def one_over(trial: Trial) -> None:
    if trial.limit.of == "payment":
        expected = Breach(trial.limit.name, trial.limit.code, trial.ceiling, 0, trial.ceiling + 1, "TZS")
        assert trial.refused(trial.ceiling + 1) == expected
        return
    trial.take(trial.ceiling - 1)
    trial.take(1)
    day_ends = end_of(day_of(NOW, ZONE), ZONE)
    expected = Breach(trial.limit.name, trial.limit.code, trial.ceiling, trial.ceiling, 1, trial.currency, day_ends)
    assert trial.refused() == expected
    assert expected.left == 0


def released(trial: Trial) -> None:
    first, *rest = trial.take(trial.ceiling)
    trial.refused()
    trial.bench.end(first, well=False)
    for admitted in rest:
        trial.bench.end(admitted, well=True)
    freed = trial.ceiling - len(rest)
    for admitted in trial.take(freed):
        trial.bench.end(admitted, well=True)
    assert trial.refused().used == trial.ceiling


def new_session(trial: Trial) -> None:
    trial.used_up()
    trial.refused()
    if trial.limit.of == "customer":
        trial.refused(session=NEXT)
        return
    trial.take(trial.ceiling, session=NEXT)
    trial.refused(session=NEXT)


def next_day(trial: Trial) -> None:
    midnight = end_of(day_of(NOW, ZONE), ZONE)
    for admitted in trial.take(trial.ceiling - 1):
        trial.bench.end(admitted, well=True)
    (last,) = trial.take(1)
    assert trial.refused().resets_at == midnight
    if trial.limit.of == "customer":
        trial.bench.end(last, well=True)
        trial.bench.at = Instant(midnight - 1)
        assert trial.refused().resets_at == midnight
        trial.bench.at = midnight
        trial.take(trial.ceiling)
        return
    trial.bench.at = midnight
    today = trial.take(trial.ceiling - 1)  # it was not reached: what was not carried out yet shuts nothing
    trial.bench.end(last, well=True)  # it counts where it was reserved, and reaches yesterday's ceiling after all
    for admitted in today:
        trial.bench.end(admitted, well=True)
    for days in (0, 1, 7):
        trial.bench.at = later(days * DAY_MS, midnight)
        breach = trial.refused()
        assert (breach.used, breach.left, breach.resets_at) == (trial.ceiling, 0, NEW_SESSION)
    trial.take(trial.ceiling, session=NEXT)


def other_customer(trial: Trial) -> None:
    trial.used_up()
    if trial.limit.of == "session":
        trial.refused(customer=JUMA)
        return
    trial.take(trial.ceiling, customer=JUMA)
    trial.refused(customer=JUMA)


def other_application(trial: Trial) -> None:
    if trial.limit.of == "payment":
        trial.refused(trial.ceiling + 1)
        trial.take(trial.ceiling + 1, application=OTHER_APPLICATION)
        return
    trial.used_up()
    trial.refused()
    trial.take(trial.ceiling, application=OTHER_APPLICATION)


def other_currency(trial: Trial) -> None:
    if trial.limit.measure == "count":
        trial.used_up()
        trial.take(trial.ceiling, market=ELSEWHERE)
        return
    breach = trial.refused(market=ELSEWHERE)
    assert breach == Breach(trial.limit.name, reasons.SINGLE_VALUE, None, 0, 1, "GHS")
    both = Trial(trial.limit, trial.product, GHS=trial.ceiling)
    both.used_up()
    both.take(both.ceiling, market=ELSEWHERE)
    assert both.refused(both.ceiling + 1, market=ELSEWHERE).currency == "GHS"


COUNTING: Mapping[Situation, Callable[[Trial], None]] = {
    Situation.UNDER: under,
    Situation.AT: at,
    Situation.OVER: one_over,
    Situation.RELEASED: released,
    Situation.NEW_SESSION: new_session,
    Situation.NEXT_DAY: next_day,
    Situation.OTHER_CUSTOMER: other_customer,
    Situation.OTHER_APPLICATION: other_application,
    Situation.OTHER_CURRENCY: other_currency,
}

# Usage time.

MIDNIGHT = start_of(day_of(NOW, ZONE), ZONE)
OPENS, CLOSES = later(8 * 3_600_000, MIDNIGHT), later(17 * 3_600_000, MIDNIGHT)


def _at(bench: Bench, now: Instant, **how: Any) -> Event:
    bench.at = now
    return bench.ask(**how)


def _shut(answer: Event) -> Closed:
    assert isinstance(answer, RequestRejected) and answer.code == reasons.OUT_OF_HOURS
    assert answer.closed is not None
    return answer.closed


def in_the_middle(bench: Bench) -> None:
    assert admits(_at(bench, later(3_600_000, OPENS)))


def first_and_last_moment(bench: Bench) -> None:
    assert admits(_at(bench, OPENS))
    assert admits(_at(bench, Instant(CLOSES - 1)))


def just_outside(bench: Bench) -> None:
    assert _shut(_at(bench, Instant(OPENS - 1))) == Closed(480, 1020, 479, OPENS)
    assert _shut(_at(bench, CLOSES)) == Closed(480, 1020, 1020, later(DAY_MS, OPENS))


def opens_the_next_day(bench: Bench) -> None:
    opens_at = _shut(_at(bench, CLOSES)).opens_at
    _shut(_at(bench, Instant(opens_at - 1)))
    assert admits(_at(bench, opens_at))


def other_application_is_open(bench: Bench) -> None:
    _shut(_at(bench, CLOSES))
    assert admits(bench.ask(application=OTHER_APPLICATION))


def other_clock(bench: Bench) -> None:
    """At half past five in the afternoon of Dar es Salaam it is half past two in Accra."""
    half_past_five = later(30 * 60_000, CLOSES)
    _shut(_at(bench, half_past_five))
    assert admits(_at(bench, half_past_five, market=ELSEWHERE))
    assert _shut(_at(bench, OPENS, market=ELSEWHERE)).minute == 5 * 60


TIMED: Mapping[Situation, Callable[[Bench], None]] = {
    Situation.UNDER: in_the_middle,
    Situation.AT: first_and_last_moment,
    Situation.OVER: just_outside,
    Situation.NEXT_DAY: opens_the_next_day,
    Situation.OTHER_APPLICATION: other_application_is_open,
    Situation.OTHER_CURRENCY: other_clock,
}


@pytest.mark.parametrize("cell", TESTED, ids=lambda cell: f"{cell.limit}-{cell.product}-{cell.situation.value}")
def test_a_cell(cell: Cell) -> None:
    if cell.limit == USAGE_TIME:
        TIMED[cell.situation](Bench(cell.product, ProductScope(usage_time=HOURS), ProductScope()))
    else:
        COUNTING[cell.situation](Trial(BY_NAME[cell.limit], cell.product))


# Several at once.


@pytest.mark.parametrize("product", PRODUCTS)
def test_any_two_limits_that_are_passed_at_once_are_one_code_and_both_are_named(product: str) -> None:
    applicable = [limit for limit in LIMITS if limit.name in APPLICABLE[product]]
    for pair in combinations(applicable, 2):
        nothing = {limit.name: {"TZS": 0} if limit.measure == "value" else 0 for limit in pair}
        answer = Bench(product, replace(ProductScope(), **nothing)).ask()
        assert isinstance(answer, PaymentFailed | RequestAnswered)
        assert (answer.code, [breach.limit for breach in answer.breaches]) == (
            reasons.SEVERAL_LIMITS,
            [limit.name for limit in pair],
        )
        assert [breach.code for breach in answer.breaches] == [limit.code for limit in pair]


@pytest.mark.parametrize("limit", [limit for limit in LIMITS if limit.of != "payment"], ids=lambda limit: limit.name)
def test_a_counter_begins_when_its_limit_is_switched_on(limit: Limit) -> None:
    """Whatever else is limited: what nobody may look at is not counted either."""
    trial = Trial(limit, "c2b_single_stage")
    far = {"value": {"TZS": 10**12}, "count": 10**6}
    others = {each.name: far[each.measure] for each in LIMITS if each.of != limit.of}
    trial.bench.configure(replace(ProductScope(), **others))
    trial.take(trial.ceiling + 1)
    trial.bench.configure(trial.scope)
    trial.used_up()
    assert trial.refused().used == trial.ceiling


@pytest.mark.parametrize("limit", [limit for limit in LIMITS if limit.of == "session"], ids=lambda limit: limit.name)
def test_what_shuts_a_session_is_today_s_ceiling_and_what_it_once_reached(limit: Limit) -> None:
    trial = Trial(limit, "c2b_single_stage")
    trial.used_up()
    trial.bench.at = later(DAY_MS)
    assert trial.refused().resets_at == NEW_SESSION
    higher = trial.ceiling + 1
    trial.bench.configure(trial.scope_of(higher))
    trial.take(higher)
    assert trial.refused().resets_at != NEW_SESSION
    trial.bench.configure(trial.scope)
    assert trial.refused().resets_at == NEW_SESSION


def test_usage_time_comes_before_every_other_limit() -> None:
    scope = ProductScope({"TZS": 0}, usage_time=UsageTime(0, 1), daily_count=0)
    assert _shut(Bench("c2b_single_stage", scope).ask()).opens == 0


# The table itself.


def test_every_product_and_every_limit_has_its_row() -> None:
    assert set(APPLICABLE) == set(PRODUCTS)
    assert set(NAMES) == set(ProductScope.__struct_fields__) - {"on", "asynchronous"}
    assert len(CELLS) == len(NAMES) * len(PRODUCTS) * len(Situation)


def test_a_limit_is_left_out_exactly_where_the_program_has_none() -> None:
    left_out = {(name, product) for row in NOT_LIMITED for name in row.limits for product in row.products}
    assert left_out == {(name, product) for name in NAMES for product in PRODUCTS if name not in APPLICABLE[product]}


def test_the_reasons_are_those_of_section_5() -> None:
    for row in NOT_LIMITED:
        for product in row.products:
            listed = any(product in CODES[code_of(name)].operations for name in row.limits)
            lacks = {NO_MONEY: product not in MOVES_MONEY, NO_CUSTOMER: product not in HAS_CUSTOMER}
            assert lacks[row.words] and listed if row.words in lacks else not listed, (row.words, product)


def test_every_reason_is_some_cells_and_every_situation_is_tried() -> None:
    assert {row.words for row in (*NOT_LIMITED, *NOT_TRIED)} == {cell.reason for cell in CELLS if cell.reason}
    assert {cell.situation for cell in TESTED} == set(Situation)


def code_of(limit: str) -> str:
    return reasons.OUT_OF_HOURS if limit == USAGE_TIME else BY_NAME[limit].code
