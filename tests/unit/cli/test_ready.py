"""A demo changed so that scenarios would fail is found before the first one, with the command that mends it."""

import json
import shlex
from typing import Any

import pytest

from mkondo.domain.application import ProductScope, UsageTime
from services.cli.errors import CannotDo
from services.cli.scenarios.catalogue import BY_NAME, CATALOGUE
from services.cli.scenarios.ready import check_ready
from services.portal.api.changes import PRODUCTS
from services.portal.api.limits import LimitsChange, limited, shown

MARKET = "vodacomTZN"
DEMO: dict[str, Any] = {
    "id": "demo",
    "products": list(PRODUCTS),
    "asynchronous": list(PRODUCTS),
    "limits": {},
    "markets": [],
    "activation_delay_seconds": 0,
    "response_url": "",
    "response_url_override": True,
    "switches": {"raw_session": True, "voucher_in_answer": True},
    "faults": {},
}
"""As `mkondo up` makes it, as far as scenarios care."""


def limit(product: str) -> dict[str, Any]:
    return {product: {"single_value": {"TZS": "5.00"}}}


def mend(changed: dict[str, Any], *names: str) -> dict[str, Any]:
    """The settings of the command that is told, or none."""
    try:
        check_ready(DEMO | changed, MARKET, [BY_NAME[name] for name in names])
    except CannotDo as told:
        command = shlex.split(told.message.split("`")[1])
        assert command[:4] == ["mkondo", "apps", "set", "demo"]
        settings = [text.partition("=") for text in command[4:]]
        return {name: json.loads(value or '""') for name, _, value in settings}
    return {}


def test_the_demo_as_it_was_made_runs_everything() -> None:
    check_ready(DEMO, MARKET, CATALOGUE)


def test_what_a_payment_is_called_afterwards_is_asked_too() -> None:
    without = {"products": [name for name in PRODUCTS if name != "query_transaction_status"]}
    assert set(mend(without, "success")["products"]) == set(PRODUCTS)
    assert mend(without | {"asynchronous": ["query_beneficiary_name"]}, "beneficiary") == {}


def test_a_voucher_that_a_later_step_needs_must_stand_in_the_answer() -> None:
    without = {"switches": {"raw_session": False, "voucher_in_answer": False}}
    assert mend(without, "two-step-committed") == {"switches": {"voucher_in_answer": True}}
    assert mend(without, "two-step-reserved") == {}


@pytest.mark.parametrize("markets", [[], [MARKET], ["vodafoneGHA", MARKET]], ids=str)
def test_a_market_list_with_the_demo_s_own_is_no_trouble(markets: list[str]) -> None:
    assert mend({"markets": markets}, "success") == {}


def test_the_demo_s_market_must_be_in_the_list() -> None:
    assert mend({"markets": ["vodafoneGHA"]}, "success") == {"markets": ["vodafoneGHA", MARKET]}


def test_a_limit_on_what_is_asked_is_lifted_and_no_other() -> None:
    limits = {"limits": limit("c2b_single_stage") | limit("b2c_payment")}
    assert mend(limits, "reversal-whole") == {"limits": {"c2b_single_stage": {"single_value": None}}}
    assert mend(limits, "supplier") == {}


def test_what_is_told_lifts_the_limit_when_it_is_sent() -> None:
    scope = ProductScope({"TZS": 5_00}, daily_count=3, usage_time=UsageTime(8 * 60, 17 * 60))
    change = mend({"limits": {"c2b_single_stage": shown(scope)}}, "success")["limits"]["c2b_single_stage"]
    assert limited("c2b_single_stage", scope, LimitsChange(**change)) == ProductScope()


def test_a_session_must_be_live_at_once() -> None:
    assert mend({"activation_delay_seconds": 5}, "success") == {"activation_delay_seconds": 0}
