"""How the kit configures an application, and how it sets it back. Read next: mkondo/kit/configure.py."""

from datetime import UTC, datetime, timedelta

import pytest

from mkondo.domain.application import ProductScope, UsageTime
from mkondo.domain.calendar import minute_of
from mkondo.domain.ids import Instant
from mkondo.domain.markets import MARKETS
from mkondo.kit.configure import filled, undoing, usage_times
from mkondo.testing.builders import C2B
from services.portal.api.limits import LimitsChange, limited

MIDNIGHT = datetime(2026, 11, 26, tzinfo=UTC)
BEFORE = {"products": ["a"], "asynchronous": ["a"], "limits": {"a": {"daily_count": 3}}, "name": "Demo"}


@pytest.mark.parametrize("market", MARKETS)
def test_at_any_time_of_the_day_one_window_is_shut_and_the_other_open_in_every_market(market: str) -> None:
    for minute in range(0, 24 * 60, 7):
        now = MIDNIGHT + timedelta(minutes=minute, seconds=59)
        shown = minute_of(Instant(int(now.timestamp()) * 1_000), MARKETS[market].time_zone)
        windows = {name: taken(times) for name, times in usage_times(now).items()}
        for later in range(5):
            covered = {name: window.covers((shown + later) % 1440) for name, window in windows.items()}
            assert covered == {"<closed>": False, "<open>": True}


def taken(times: dict[str, str]) -> UsageTime:
    """As the management API takes it."""
    change = LimitsChange.model_validate({"usage_time": times})
    window = limited(C2B, ProductScope(), change).usage_time
    assert window is not None
    return window


def test_words_are_filled_in_wherever_they_stand() -> None:
    assert filled({"a": {"b": "<x>"}, "c": ["<x>"], "d": 1}, {"<x>": {"y": "z"}}) == {
        "a": {"b": {"y": "z"}},
        "c": ["<x>"],
        "d": 1,
    }


def test_a_limit_goes_back_to_what_it_was_and_away_where_there_was_none() -> None:
    change = {"limits": {"a": {"daily_count": 1, "daily_value": {"TZS": "1"}}, "b": {"daily_count": 1}}}
    assert undoing(change, BEFORE) == {
        "limits": {"a": {"daily_count": 3, "daily_value": None}, "b": {"daily_count": None}}
    }


def test_products_come_back_with_how_they_answer() -> None:
    assert undoing({"products": []}, BEFORE) == {"products": ["a"], "asynchronous": ["a"]}
