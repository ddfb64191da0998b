"""Each limit at, under and one over its ceiling, with its code and figures; several at once; whose it is, and when."""

import pytest

from mkondo.domain.application import ProductScope
from mkondo.domain.ids import Instant
from mkondo.domain.limits import APPLICABLE, LIMITS, NEW_SESSION, USAGE_TIME, Breach, describe
from mkondo.domain.payment import PaymentFailed
from mkondo.domain.request import RequestAnswered, RequestRejected
from mkondo.testing.builders import C2B, MULTI
from tests.unit.domain.spending import (
    AMINAS,
    BARAKA,
    EVENING,
    LAST_MOMENT,
    MIDNIGHT,
    SESSIONS,
    TUESDAY,
    at,
    enabling_in,
    limited_to,
    products,
    spending,
)

HUNDRED = {"TZS": 100}

# One payment.


@pytest.mark.parametrize("minor", [1, 99, 100])
def test_a_payment_up_to_the_single_value_is_admitted_and_nothing_is_counted(minor: int) -> None:
    till = spending(single_value=HUNDRED).pays("p1", minor).is_admitted()
    assert [key for key in till.story.records if "room" in key] == []


def test_a_payment_above_the_single_value_never_has_room() -> None:
    breach = Breach("single_value", "INS-995", 100, 0, 101, "TZS", None)
    spending(single_value=HUNDRED).pays("p1", 101).is_refused("INS-995", breach)


# One session, one day: a customer each time.


def test_a_session_may_move_its_daily_value_and_not_one_unit_more() -> None:
    till = spending(daily_value=HUNDRED).pays("p1", 60).is_admitted(SESSIONS).completes("p1")
    till.pays("p2", 41).is_refused("INS-994", Breach("daily_value", "INS-994", 100, 60, 41, "TZS", MIDNIGHT))
    till.pays("p3", 40).is_admitted()


def test_a_session_may_make_its_number_of_transactions_and_not_one_more() -> None:
    till = spending(daily_count=2).pays("p1", 1).completes("p1").pays("p2", 1).is_admitted().completes("p2")
    till.pays("p3", 1).is_refused("INS-993", Breach("daily_count", "INS-993", 2, 2, 1, resets_at=NEW_SESSION))


def test_what_is_pending_takes_room_and_reaches_nothing() -> None:
    till = spending(daily_value=HUNDRED).pays("p1", 100).is_admitted()
    till.pays("p2", 1).is_refused("INS-994", Breach("daily_value", "INS-994", 100, 100, 1, "TZS", MIDNIGHT))
    till.fails("p1").pays("p3", 100).is_admitted()
    till.at(MIDNIGHT).pays("p4", 100).is_admitted()


def test_more_than_the_ceiling_never_has_room() -> None:
    till = spending(daily_value=HUNDRED).pays("p1", 101)
    till.is_refused("INS-994", Breach("daily_value", "INS-994", 100, 0, 101, "TZS", None))


@pytest.mark.parametrize("limit", ["single_value", "daily_value", "customer_daily_value"])
def test_a_ceiling_of_zero_lets_no_value_pass(limit: str) -> None:
    code = next(one.code for one in LIMITS if one.name == limit)
    spending(**{limit: {"TZS": 0}}).pays("p1", 1).is_refused(code)


@pytest.mark.parametrize("limit", ["daily_count", "customer_daily_count"])
def test_a_ceiling_of_zero_lets_no_payment_pass(limit: str) -> None:
    code = next(one.code for one in LIMITS if one.name == limit)
    spending(**{limit: 0}).pays("p1", 1).is_refused(code)


# One customer, one day, over all sessions.


def test_a_customer_may_move_a_daily_value_over_all_sessions() -> None:
    till = spending(customer_daily_value=HUNDRED).opens(EVENING)
    till.pays("p1", 60).is_admitted(AMINAS).completes("p1").pays("p2", 41, session=EVENING)
    till.is_refused("INS-990", Breach("customer_daily_value", "INS-990", 100, 60, 41, "TZS", MIDNIGHT))
    till.pays("p3", 40, session=EVENING).is_admitted()
    till.pays("p4", 100, customer=BARAKA).is_admitted()


def test_a_customer_may_make_a_number_of_payments_over_all_sessions() -> None:
    till = spending(customer_daily_count=1).opens(EVENING).pays("p1", 1).completes("p1")
    breach = Breach("customer_daily_count", "INS-991", 1, 1, 1, resets_at=MIDNIGHT)
    till.pays("p2", 1, session=EVENING).is_refused("INS-991", breach)
    till.pays("p3", 1, customer=BARAKA).is_admitted()


def test_a_customers_day_begins_anew_at_midnight_whatever_was_reached() -> None:
    till = spending(customer_daily_value=HUNDRED, customer_daily_count=1).pays("p1", 100).completes("p1")
    till.at(LAST_MOMENT).pays("p2", 1).is_refused("INS-992")
    till.at(MIDNIGHT).pays("p3", 100).is_admitted()


def test_a_payment_between_businesses_has_no_customer() -> None:
    till = spending(customer_daily_value={"TZS": 0}, customer_daily_count=0, single_value=HUNDRED)
    till.pays("p1", 100, operation="b2b_payment", customer="").is_admitted()
    till.pays("p2", 101, operation="b2b_payment", customer="").is_refused("INS-995")


# Several limits at once.


def test_more_than_one_limit_has_a_code_of_its_own_and_names_each() -> None:
    till = spending(single_value={"TZS": 50}, daily_value=HUNDRED, daily_count=1).pays("p1", 50).completes("p1")
    till.pays("p2", 51).is_refused(
        "INS-992",
        Breach("single_value", "INS-995", 50, 0, 51, "TZS", None),
        Breach("daily_value", "INS-994", 100, 50, 51, "TZS", MIDNIGHT),
        Breach("daily_count", "INS-993", 1, 1, 1, "", NEW_SESSION),
    )
    till.pays("p3", 50).is_refused("INS-993")


ALONE = {
    "single_value": ({"TZS": 9}, "INS-995"),
    "daily_value": ({"TZS": 9}, "INS-994"),
    "daily_count": (0, "INS-993"),
    "customer_daily_value": ({"TZS": 9}, "INS-990"),
    "customer_daily_count": (0, "INS-991"),
}


@pytest.mark.parametrize("first", ALONE)
@pytest.mark.parametrize("second", ALONE)
def test_any_two_limits_are_several(first: str, second: str) -> None:
    limits = {name: ALONE[name][0] for name in (first, second)}
    spending(**limits).pays("p1", 10).is_refused("INS-992" if len(limits) == 2 else ALONE[first][1])


def test_a_refusal_reserves_nothing_anywhere() -> None:
    till = spending(daily_count=5, customer_daily_value=HUNDRED).pays("p1", 101).is_refused("INS-990")
    assert till.line_of(SESSIONS) == till.line_of(AMINAS) == till.line_of(AMINAS, "none")


def test_the_limits_in_words() -> None:
    breach = Breach("daily_value", "INS-994", 100, 60, 41, "TZS", MIDNIGHT)
    assert breach.left == 40
    assert describe((breach,)) == "daily value: ceiling 100, used 60, asked 41 minor units of TZS"
    assert describe((Breach("daily_count", "INS-993", 2, 2, 1),)) == "daily count: ceiling 2, used 2, asked 1"


# A reached ceiling of a session stays shut until a new session, midnight included.


@pytest.mark.parametrize("limits", [{"daily_value": HUNDRED}, {"daily_count": 1}])
def test_a_ceiling_that_was_reached_stays_shut_for_its_session(limits: dict[str, object]) -> None:
    till = spending(**limits).pays("p1", 100).completes("p1")
    for now in (LAST_MOMENT, MIDNIGHT, TUESDAY, at("2026-03-20T10:00")):
        till.at(now).pays(f"p-{now}", 1).is_refused("INS-994" if "daily_value" in limits else "INS-993")
        assert isinstance(till.last, PaymentFailed) and till.last.breaches[0].resets_at == NEW_SESSION
    till.opens(EVENING).pays("p9", 100, session=EVENING).is_admitted()


@pytest.mark.parametrize("limits", [{"daily_value": HUNDRED}, {"daily_count": 2}])
def test_one_that_was_not_reached_starts_at_zero_at_midnight(limits: dict[str, object]) -> None:
    till = spending(**limits).pays("p1", 99).completes("p1").at(LAST_MOMENT)
    till.at(MIDNIGHT).pays("p2", 99).is_admitted().completes("p2").pays("p3", 1).is_admitted()


def test_a_ceiling_is_shut_by_the_payment_that_completes_and_not_by_the_one_that_is_admitted() -> None:
    """Reserved on Monday, completed on Tuesday: it was Monday's ceiling that was reached."""
    till = spending(daily_value=HUNDRED).pays("p1", 100).at(TUESDAY).pays("p2", 1).is_admitted()
    till.completes("p1").pays("p3", 1).is_refused(
        "INS-994", Breach("daily_value", "INS-994", 100, 100, 1, "TZS", NEW_SESSION)
    )


def test_parts_of_two_days_reach_nothing_together() -> None:
    till = spending(daily_value=HUNDRED).pays("p1", 60).completes("p1").at(TUESDAY).pays("p2", 60).completes("p2")
    till.pays("p3", 40).is_admitted()


def test_one_sessions_ceiling_is_not_anothers() -> None:
    till = spending(daily_count=1).opens(EVENING).pays("p1", 1).completes("p1")
    till.pays("p2", 1, session=EVENING).is_admitted()


def test_a_ceiling_that_is_raised_opens_and_one_that_is_lowered_shuts() -> None:
    till = spending(daily_count=1).pays("p1", 1).completes("p1").pays("p2", 1).is_refused("INS-993")
    till.told_of(products(daily_count=3)).pays("p3", 1).is_admitted().completes("p3")
    till.told_of(products(daily_count=2)).pays("p4", 1).is_refused("INS-993")


# Counters are for one product in one currency.


def test_each_product_has_counters_of_its_own() -> None:
    till = spending(daily_count=1, customer_daily_count=1).pays("p1", 1).completes("p1")
    till.pays("p2", 1, operation=MULTI).is_admitted()
    till.pays("p3", 1).is_refused("INS-992")


def test_each_currency_has_a_ceiling_and_counters_of_its_own() -> None:
    till = spending(daily_value={"TZS": 100, "USD": 5}).pays("p1", 100).completes("p1")
    till.pays_in("USD", "p2", 5).is_admitted().completes("p2")
    till.pays_in("USD", "p3", 1).is_refused("INS-994")


@pytest.mark.parametrize("limit", ["single_value", "daily_value", "customer_daily_value"])
def test_where_value_limits_are_on_a_currency_without_a_ceiling_may_not_be_used(limit: str) -> None:
    till = spending(**{limit: HUNDRED}).pays_in("GHS", "p1", 1)
    till.is_refused("INS-995", Breach(limit, "INS-995", None, 0, 1, "GHS", None))


def test_a_currency_without_a_ceiling_is_free_where_only_numbers_are_limited() -> None:
    spending(daily_count=1).pays_in("GHS", "p1", 10**9).is_admitted()


@pytest.mark.parametrize(
    ("market", "currency", "hours_ahead"),
    [
        ("vodafoneGHA", "GHS", 0),
        ("vodacomTZN", "TZS", 3),
        ("vodacomLES", "LSL", 2),
        ("vodacomDRC", "USD", 1),
        ("vodacomMOZ", "MZN", 2),
    ],
)
@pytest.mark.parametrize("day", ["2026-03-02", "2028-02-28", "2028-02-29", "2026-12-31"])
def test_a_day_is_the_markets_own(market: str, currency: str, hours_ahead: int, day: str) -> None:
    """Congo's is Kinshasa's; a leap day is a day; a year ends everywhere."""
    last = at(f"{day}T23:59:59.999", hours_ahead)
    till = spending(customer_daily_value={currency: 100}).at(last)
    till.told(enabling_in(market)).pays_in(currency, "p1", 100, market=market).completes("p1")
    till.pays_in(currency, "p2", 1, market=market).is_refused("INS-990")
    assert isinstance(till.last, PaymentFailed) and till.last.breaches[0].resets_at == last + 1
    till.at(Instant(last + 1)).pays_in(currency, "p3", 100, market=market).is_admitted()


# Requests that move no money count as one, where the contract lets them.

COUNTED = ("direct_debit_creation", "direct_debit_cancel", "update_transaction_status")


@pytest.mark.parametrize("operation", COUNTED)
def test_a_service_request_counts_when_it_is_carried_out(operation: str) -> None:
    till = spending(daily_count=1, customer_daily_count=1).asks("r1", operation, customer=BARAKA).is_admitted()
    till.asks("r2", operation).is_refused("INS-993")
    till.fails("r1").asks("r3", operation, customer=BARAKA).is_admitted().completes("r3")
    till.asks("r4", operation, customer=BARAKA).is_refused("INS-992")
    assert isinstance(till.last, RequestAnswered) and till.last.breaches[1].resets_at == MIDNIGHT
    till.at(MIDNIGHT).asks("r5", operation, customer=BARAKA).is_refused("INS-993")
    till.opens(EVENING).asks("r6", operation, EVENING, customer=BARAKA).is_admitted()


@pytest.mark.parametrize("operation", COUNTED)
def test_no_value_limits_a_service_request(operation: str) -> None:
    nothing = {"TZS": 0}
    till = spending(single_value=nothing, daily_value=nothing, customer_daily_value=nothing)
    till.asks("r1", operation, customer=BARAKA).is_admitted()


def test_an_update_has_no_customer_unless_it_names_one() -> None:
    spending(customer_daily_count=0).asks("r1", "update_transaction_status").is_admitted()


UNCOUNTED = ("query_direct_debit",)


@pytest.mark.parametrize("operation", UNCOUNTED)
def test_what_the_contract_does_not_limit_is_never_refused(operation: str) -> None:
    spending(daily_count=0, customer_daily_count=0).asks("r1", operation, customer=BARAKA).is_admitted()


def test_a_reversal_has_no_limits_but_its_hours() -> None:
    nothing = {"TZS": 0}
    till = spending(single_value=nothing, daily_value=nothing, daily_count=0)
    till.pays("p1", 10**9, operation="reversal", customer="").is_admitted()


def test_every_limit_of_the_table_has_a_field_and_every_cell_a_limit() -> None:
    names = {limit.name for limit in LIMITS} | {USAGE_TIME}
    assert names == set(ProductScope.__struct_fields__) - {"asynchronous", "on"}
    assert all(set(limits) <= names for limits in APPLICABLE.values())


# Limits that are switched on and off.


def test_a_counter_begins_when_its_limit_is_switched_on() -> None:
    till = spending().pays("p1", 100).is_admitted().completes("p1")
    till.told_of(products(daily_value=HUNDRED, customer_daily_count=1)).pays("p2", 100).is_admitted()


def test_a_payment_that_was_pending_then_is_not_counted_when_it_ends() -> None:
    till = spending().pays("p1", 100).told_of(products(daily_value=HUNDRED)).completes("p1")
    till.pays("p2", 100).is_admitted()


def test_a_payment_that_was_counted_is_settled_when_its_limit_is_off() -> None:
    till = (
        spending(daily_value=HUNDRED).pays("p1", 60).told_of(products()).completes("p1").pays("p2", 999).is_admitted()
    )
    till.told_of(products(daily_value=HUNDRED)).pays("p3", 41).is_refused("INS-994")


def test_a_product_that_is_off_has_no_limits_but_one() -> None:
    till = limited_to(**{C2B: ProductScope(on=False, single_value=HUNDRED)}).pays("p1", 101)
    assert isinstance(till.last, RequestRejected) and till.last.code == "INS-997"


def test_the_limits_are_those_of_the_version_that_the_admission_names() -> None:
    till = spending(single_value=HUNDRED).pays("p1", 100).is_admitted()
    till.told_of(products(single_value={"TZS": 99})).pays("p2", 100).is_refused("INS-995")
