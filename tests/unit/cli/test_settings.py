"""NAME=VALUE as it is typed: JSON where it can be sent as JSON, else text, which the management API judges in words."""

import httpx
import pytest

from services.cli.apps_making import settings_from


def read(value: str, name: str = "limits") -> object:
    return settings_from([f"{name}={value}"])[name]


def test_json_is_read_and_everything_else_is_text() -> None:
    assert read('{"c2b_single_stage": {"daily_count": 3}}') == {"c2b_single_stage": {"daily_count": 3}}
    assert [read(value) for value in ("null", "5", "true", "*", "a=b", "")] == [None, 5, True, "*", "a=b", ""]
    assert [read(value, "release") for value in ("2", '"2"', "null")] == ["2", "2", "null"]


@pytest.mark.parametrize(
    "value",
    ["NaN", "-Infinity", '{"daily_count": 1e400}', "[" * 100_000, '"\\ud800"', "9" * 5_000],
    ids=lambda it: it[:20],
)
def test_what_no_json_can_hold_is_text_and_can_be_sent(value: str) -> None:
    assert read(value) == value
    httpx.Request("PATCH", "http://mkondo", json=settings_from([f"limits={value}"]))
