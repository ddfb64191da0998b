"""Limits as they are sent to the management API: taken exactly, shown as they were sent, or refused as a whole."""

from typing import Any

import pytest
from pydantic import ValidationError

from mkondo.domain.application import Configuration, ProductScope, UsageTime
from mkondo.domain.limits import APPLICABLE, LIMITS, USAGE_TIME
from mkondo.testing.builders import C2B
from services.portal.api.changes import ApplicationChange, apply
from services.portal.api.errors import Refused
from services.portal.api.limits import shown

BARE = Configuration("Demo", "hash", {name: ProductScope() for name in APPLICABLE})
EVERYTHING: dict[str, Any] = {
    "usage_time": {"opens": "22:00", "closes": "06:30"},
    "single_value": {"TZS": "50.00", "GHS": "1.00"},
    "daily_value": {"TZS": "0.00"},
    "daily_count": 3,
    "customer_daily_value": {"TZS": "10000000000.01"},
    "customer_daily_count": 0,
}


def change(**fields: Any) -> ApplicationChange:
    return ApplicationChange.model_validate(fields)


def limits(product: str = C2B, /, **named: Any) -> ApplicationChange:
    return change(limits={product: named})


def scope_after(configuration: Configuration, *changes: ApplicationChange) -> ProductScope:
    for one in changes:
        configuration = apply(configuration, one, "sandbox")
    return configuration.products[C2B]


def test_every_limit_is_taken_exactly_and_shown_as_it_was_sent() -> None:
    scope = scope_after(BARE, limits(**EVERYTHING))
    assert scope == ProductScope(
        single_value={"TZS": 50_00, "GHS": 1_00},
        daily_value={"TZS": 0},
        daily_count=3,
        customer_daily_value={"TZS": 10_000_000_000_01},
        customer_daily_count=0,
        usage_time=UsageTime(22 * 60, 6 * 60 + 30),
    )
    assert shown(scope) == EVERYTHING
    assert set(EVERYTHING) == {USAGE_TIME, *(limit.name for limit in LIMITS)}


def test_what_is_not_named_stays_and_null_takes_a_limit_away() -> None:
    assert scope_after(BARE, limits(daily_count=3), limits(single_value={"TZS": "1"})).daily_count == 3
    assert scope_after(BARE, limits(**EVERYTHING), limits(**dict.fromkeys(EVERYTHING))) == ProductScope()
    assert scope_after(BARE, limits(single_value={"TZS": "1"}), limits(single_value={})) == ProductScope()


def test_a_product_that_is_switched_off_and_on_again_is_as_it_was() -> None:
    on = change(products=list(APPLICABLE), response_url_override=True, asynchronous=[C2B])
    off = change(products=["b2c_payment"])
    before = apply(BARE, limits(**EVERYTHING), "sandbox")
    before = apply(before, on, "sandbox")
    without = apply(before, off, "sandbox")
    assert without.scope_of(C2B) is None
    assert apply(without, change(products=list(APPLICABLE)), "sandbox") == before


WRONG: dict[str, dict[str, Any]] = {
    "negative": {"single_value": {"TZS": "-1"}},
    "more decimals than the currency": {"daily_value": {"TZS": "1.001"}},
    "no number": {"daily_value": {"TZS": "much"}},
    "no currency of any market": {"customer_daily_value": {"XXX": "1"}},
    "beyond what can be counted": {"daily_value": {"TZS": "1" + "0" * 17}},
    "a window of no length": {"usage_time": {"opens": "08:00", "closes": "08:00"}},
    "no time of the day": {"usage_time": {"opens": "24:00", "closes": "08:00"}},
    "minutes that are none": {"usage_time": {"opens": "08:60", "closes": "09:00"}},
    "other digits": {"usage_time": {"opens": "0\u0668:00", "closes": "09:00"}},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_limit_is_refused_with_its_mend(what: str) -> None:
    with pytest.raises(Refused) as refused:
        apply(BARE, limits(**WRONG[what]), "sandbox")
    assert refused.value.status == 422 and refused.value.mend


@pytest.mark.parametrize(
    "named", [{"daily_count": -1}, {"daily_count": 1.5}, {"daily_count": "3"}, {"daily_count": True}, {"wishes": 1}]
)
def test_a_count_is_a_whole_number_and_a_limit_has_a_known_name(named: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        limits(**named)


@pytest.mark.parametrize("product", APPLICABLE)
def test_a_product_takes_the_limits_that_apply_to_it_and_no_others(product: str) -> None:
    for name, value in EVERYTHING.items():
        asked = limits(product, **{name: value})
        if name in APPLICABLE[product]:
            assert shown(apply(BARE, asked, "sandbox").products[product]) == {name: value}
        else:
            with pytest.raises(Refused, match=f"{product} has no limit {name}"):
                apply(BARE, asked, "sandbox")


def test_limits_of_a_product_that_is_off_are_refused() -> None:
    off = apply(BARE, change(products=["b2c_payment"]), "sandbox")
    with pytest.raises(Refused, match="no such product that is switched on"):
        apply(off, limits(daily_count=1), "sandbox")
