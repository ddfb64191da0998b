"""Money is exact: what the wire says is what is counted, and what does not fit is refused."""

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkondo.domain.money import MOST_MINOR_UNITS, Money, format_amount, parse_amount


@pytest.mark.parametrize(
    ("text", "minor"),
    [("10", 10_00), ("10.0", 10_00), ("10.00", 10_00), (".5", 50), ("0.05", 5), ("0", 0), ("007", 7_00), ("1.1", 1_10)],
)
def test_a_wire_amount_is_read_exactly(text: str, minor: int) -> None:
    assert parse_amount(text, 2) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "10.",
        "10.001",
        "1.000",
        "-1",
        "+1",
        "1e3",
        "1,000",
        " 1",
        "1 ",
        "1\n",
        "١٠",
        "1_000",
        "0x10",
        "NaN",
        "1..2",
    ],
)
def test_anything_else_is_no_amount(text: str) -> None:
    assert parse_amount(text, 2) is None


def test_a_currency_without_decimals_takes_none() -> None:
    assert parse_amount("10", 0) == 10
    assert parse_amount("10.0", 0) is None


def test_the_largest_amount_is_taken_and_one_minor_unit_more_is_not() -> None:
    assert parse_amount(format_amount(MOST_MINOR_UNITS, 2), 2) == MOST_MINOR_UNITS
    assert parse_amount(format_amount(MOST_MINOR_UNITS + 1, 2), 2) is None
    assert parse_amount("9" * 60_000, 2) is None


def test_a_very_long_wrong_amount_is_refused_quickly() -> None:
    started = time.process_time()
    assert parse_amount("9" * 60_000 + "x", 2) is None
    assert time.process_time() - started < 0.5


@given(st.integers(0, MOST_MINOR_UNITS), st.integers(0, 4))
def test_what_is_written_is_read_back(minor: int, decimals: int) -> None:
    text = format_amount(minor, decimals)
    assert parse_amount(text, decimals) == minor
    assert Decimal(text).scaleb(decimals) == minor


@given(st.from_regex(r"[0-9]{0,12}\.?[0-9]{1,6}", fullmatch=True), st.integers(0, 4))
def test_a_parsed_amount_equals_the_decimal_number_to_the_last_digit(text: str, decimals: int) -> None:
    minor = parse_amount(text, decimals)
    fraction = text.partition(".")[2]
    if len(fraction) > decimals:
        assert minor is None
    elif minor is not None:
        assert Decimal(minor) == Decimal(text).scaleb(decimals)


@given(st.text())
def test_no_text_makes_it_stumble(text: str) -> None:
    minor = parse_amount(text, 2)
    assert minor is None or 0 <= minor <= MOST_MINOR_UNITS


def test_a_negative_amount_keeps_its_sign_in_front() -> None:
    assert format_amount(-5, 2) == "-0.05"
    assert format_amount(-7, 0) == "-7"


def test_only_money_of_one_currency_can_be_added() -> None:
    assert Money(1, "TZS") + Money(2, "TZS") == Money(3, "TZS")
    with pytest.raises(ValueError, match="cannot add GHS to TZS"):
        Money(1, "TZS") + Money(2, "GHS")
