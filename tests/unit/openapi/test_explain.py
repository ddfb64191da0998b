"""`Mkondo-Explanation` by somebody else's parser: a structured field (RFC 9651) with the decider's own figures.

Read next: mkondo/openapi/explain.py; tests/service/edge/test_explanation.py for when it is sent.
"""

from decimal import Decimal
from typing import Any

import pytest
from http_sf import Token, parse
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mkondo.domain import reasons
from mkondo.domain.application import ProductScope, UsageTime
from mkondo.domain.hours import Closed
from mkondo.domain.ids import Instant
from mkondo.domain.limits import APPLICABLE, LIMITS, NEW_SESSION, Breach, Limit
from mkondo.domain.markets import MARKETS
from mkondo.domain.money import MOST_MINOR_UNITS
from mkondo.domain.payment import PaymentFailed
from mkondo.domain.request import RequestAnswered, RequestRejected
from mkondo.openapi.explain import GRAMMAR, explain_hours, explain_limits
from mkondo.openapi.mozambique.codes import TABLE as MOZAMBIQUE
from mkondo.testing.builders import NOW, later
from tests.unit.domain.limit_trials import Bench, Trial

C2B = "c2b_single_stage"
RESETS_AT = Instant(1_795_132_800_000)
CURRENCIES = [market.currency for market in MARKETS.values()]
EACH = pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
Said = dict[str, Any]


def read(header: str) -> list[tuple[str, Said]]:
    """What any parser of structured fields reads; tokens as text."""
    assert "'" not in header and '"' not in header
    assert GRAMMAR.fullmatch(header)
    said: Any = parse(header.encode("ascii"), tltype="list")
    return [(_plain(member), {name: _plain(value) for name, value in figures.items()}) for member, figures in said]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Token) else value


def only(breach: Breach) -> Said:
    ((name, said),) = read(explain_limits((breach,)))
    assert name == breach.limit
    return said


def refused(trial: Trial, units: int) -> Said:
    return only(trial.refused(units))


@EACH
def test_the_figures_are_those_by_which_the_request_was_refused(limit: Limit) -> None:
    trial = Trial(limit, C2B)
    if limit.of != "payment":
        trial.take(trial.ceiling - 1)
        trial.take(1)
    units = 1 if limit.of != "payment" else trial.ceiling + 1
    said = refused(trial, units)
    midnight = said.pop("resets")
    if limit.measure == "value":
        taken, asked = (Decimal("100.00"), Decimal("0.01")) if units == 1 else (Decimal(0), Decimal("100.01"))
        left = Decimal("100.00") - taken
        assert said == {"code": limit.code, "ceiling": Decimal("100.00"), "used": taken, "asked": asked, "left": left,
                        "currency": "TZS"}  # fmt: skip
    else:
        assert said == {"code": limit.code, "ceiling": 3, "used": 3, "asked": 1, "left": 0}
    assert midnight == ("never" if limit.of == "payment" else 1_733_000_400), "midnight in Dar es Salaam"


@EACH
def test_more_than_the_ceiling_will_never_fit(limit: Limit) -> None:
    nothing: Any = {"TZS": 0} if limit.measure == "value" else 0
    answer = Bench(C2B, replace(ProductScope(), **{limit.name: nothing})).ask(1)
    assert isinstance(answer, PaymentFailed)
    said = only(answer.breaches[0])
    assert (said["ceiling"], said["used"], said["left"], said["resets"]) == (0, 0, 0, "never")


@pytest.mark.parametrize("limit", [limit for limit in LIMITS if limit.of == "session"], ids=lambda limit: limit.name)
def test_a_session_that_is_shut_is_opened_by_a_new_one(limit: Limit) -> None:
    trial = Trial(limit, C2B)
    trial.used_up()
    said = refused(trial, 1)
    assert (said["used"], said["left"], said["resets"]) == (said["ceiling"], 0, "new_session")


def test_a_currency_without_a_ceiling_has_none_to_show() -> None:
    answer = Bench(C2B, ProductScope({"GHS": 1})).ask(10_50)
    assert isinstance(answer, PaymentFailed)
    assert only(answer.breaches[0]) == {
        "code": "INS-995",
        "asked": Decimal("10.50"),
        "left": 0,
        "currency": "TZS",
        "resets": "never",
    }


def test_every_limit_at_once_is_a_member_of_its_own() -> None:
    nothing: Any = {limit.name: {"TZS": 0} if limit.measure == "value" else 0 for limit in LIMITS}
    answer = Bench(C2B, replace(ProductScope(), **nothing)).ask(1)
    assert isinstance(answer, PaymentFailed) and answer.code == reasons.SEVERAL_LIMITS
    members = read(explain_limits(answer.breaches))
    assert [(name, said["code"]) for name, said in members] == [(limit.name, limit.code) for limit in LIMITS]


@pytest.mark.parametrize("product", [name for name, limits in APPLICABLE.items() if "daily_count" in limits])
def test_a_request_that_moves_no_money_is_explained_too(product: str) -> None:
    answer = Bench(product, ProductScope(daily_count=0)).ask()
    assert isinstance(answer, PaymentFailed | RequestAnswered)
    assert only(answer.breaches[0]) == {
        "code": "INS-993",
        "ceiling": 0,
        "used": 0,
        "asked": 1,
        "left": 0,
        "resets": "never",
    }


def test_usage_time_is_told_by_the_market_s_own_clock() -> None:
    answer = Bench(C2B, ProductScope(usage_time=UsageTime(0, 1))).ask()
    assert isinstance(answer, RequestRejected) and answer.closed is not None
    ((name, said),) = read(explain_hours(answer.closed))
    assert (name, said["code"], said["opens"], said["closes"]) == ("usage_time", "INS-996", "T00:00", "T00:01")
    assert NOW < said["resets"] * 1_000 <= later(86_400_000)


@pytest.mark.parametrize("minute", range(0, 1440, 61))
def test_each_time_of_the_day_is_read_as_it_stands(minute: int) -> None:
    ((_, said),) = read(explain_hours(Closed(minute, 1439 - minute, minute, RESETS_AT)))
    assert said == {
        "code": "INS-996",
        "opens": f"T{minute // 60:02}:{minute % 60:02}",
        "closes": f"T{(1439 - minute) // 60:02}:{(1439 - minute) % 60:02}",
        "now": f"T{minute // 60:02}:{minute % 60:02}",
        "resets": 1_795_132_800,
    }


AMOUNTS = st.one_of(st.integers(0, MOST_MINOR_UNITS), st.integers(0, 10_000), st.just(MOST_MINOR_UNITS))


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.sampled_from(CURRENCIES), st.sampled_from((None, NEW_SESSION, RESETS_AT)))
def test_every_amount_can_be_read_and_is_right(
    ceiling: int, used: int, asked: int, currency: str, resets_at: Instant | None
) -> None:
    breach = Breach("daily_value", "INS-994", ceiling, used, asked, currency, resets_at)
    said = only(breach)
    expected = {"ceiling": ceiling, "used": used, "asked": asked, "left": max(ceiling - used, 0)}
    assert {name: said[name] for name in expected} == {name: whole_units(minor) for name, minor in expected.items()}
    assert said["currency"] == currency
    assert said["resets"] == {None: "never", NEW_SESSION: "new_session"}.get(resets_at, 1_795_132_800)


def whole_units(minor: int) -> Decimal:
    """A decimal of a structured field has at most twelve whole digits: what is larger goes without its fraction."""
    exact = Decimal(minor) / 100
    return exact if exact < 10**12 else exact // 1


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_every_count_can_be_read_and_is_right(ceiling: int, used: int) -> None:
    said = only(Breach("daily_count", "INS-993", ceiling, used, 1, "", RESETS_AT))
    assert (said["ceiling"], said["used"], said["left"]) == (ceiling, used, max(ceiling - used, 0))
    assert "currency" not in said


def test_the_mozambique_gateway_s_own_code_goes_out_where_the_numbers_mean_other_things() -> None:
    breaches = tuple(Breach(limit.name, limit.code, 1, 1, 1, "", None) for limit in LIMITS)
    assert {said["code"] for _, said in read(explain_limits(breaches, MOZAMBIQUE))} == {"INS-26"}
    assert read(explain_hours(Closed(0, 1, 2, RESETS_AT), MOZAMBIQUE))[0][1]["code"] == "INS-26"
