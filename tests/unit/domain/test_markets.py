"""The five market packs: complete, and true to the contract's table."""

from zoneinfo import ZoneInfo

import pytest

from mkondo.domain.account import currency_of, wallet
from mkondo.domain.markets import CURRENCIES, DAY_MS, MARKETS, Market


def test_there_are_exactly_the_five_markets() -> None:
    assert {market.path: (market.country, market.currency) for market in MARKETS.values()} == {
        "vodafoneGHA": ("GHA", "GHS"),
        "vodacomTZN": ("TZN", "TZS"),
        "vodacomLES": ("LES", "LSL"),
        "vodacomDRC": ("DRC", "USD"),
        "vodacomMOZ": ("MOZ", "MZN"),
    }


@pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)
def test_a_market_pack_is_complete(market: Market) -> None:
    assert ZoneInfo(market.time_zone).key == market.time_zone
    assert market.decimals == 2
    assert market.msisdn_length_min <= market.live_msisdn_length <= market.msisdn_length_max == 14
    assert market.msisdn_prefix.isdigit() and market.languages
    assert all(window % DAY_MS == 0 < window for window in market.reversal_windows_ms.values())
    assert currency_of(wallet("", market.msisdn_prefix, market.currency)) == market.currency


def test_a_currency_is_of_one_market() -> None:
    """Counters are kept by currency, and a day is the market's."""
    assert len(CURRENCIES) == len(MARKETS)


def test_only_lesothos_numbers_may_have_eleven_digits() -> None:
    assert [market.country for market in MARKETS.values() if market.msisdn_length_min == 11] == ["LES"]
