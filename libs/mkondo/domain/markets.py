"""Market packs: what differs between the five markets, as data (contract section 1, architecture section 7).

Pure. Broadcast to every service at start; nothing else is. Read next: payment.py.
"""

from collections.abc import Mapping

import msgspec

DAY_MS = 86_400_000

REVERSAL_WINDOWS_MS: Mapping[str, int] = {
    "c2b_single_stage": 30 * DAY_MS,
    "c2b_multi_stage": 30 * DAY_MS,
    "b2c_payment": 30 * DAY_MS,
    "b2b_payment": 30 * DAY_MS,
    "direct_debit_payment": 56 * DAY_MS,
}
"""Product -> how long a payment can be reversed, where the market has no other rule. What is not here never can.

A customer agrees to a direct debit once and not to each payment under it, so there is longer to put one right."""


class Market(msgspec.Struct, frozen=True):
    """One market: its path value, country, currency and the rules of its phone numbers and its day."""

    path: str
    country: str
    currency: str
    decimals: int
    time_zone: str
    msisdn_prefix: str
    msisdn_length_min: int
    msisdn_length_max: int
    live_msisdn_length: int
    reversal_windows_ms: Mapping[str, int]
    """By product, from the moment the payment completed; a payment of any other product can't be reversed."""
    reservation_ms: int
    """How long the funds of a two-step payment are held."""
    opening_balance_minor: int
    languages: tuple[str, ...]


def _market(
    path: str, country: str, currency: str, zone: str, prefix: str, live_length: int, languages: tuple[str, ...]
) -> Market:
    return Market(
        path=path,
        country=country,
        currency=currency,
        decimals=2,
        time_zone=zone,
        msisdn_prefix=prefix,
        msisdn_length_min=11 if country == "LES" else 12,
        msisdn_length_max=14,
        live_msisdn_length=live_length,
        reversal_windows_ms=REVERSAL_WINDOWS_MS,
        reservation_ms=DAY_MS,
        opening_balance_minor=10_000_000_00,
        languages=languages,
    )


MARKETS: dict[str, Market] = {
    market.path: market
    for market in (
        _market("vodafoneGHA", "GHA", "GHS", "Africa/Accra", "233", 12, ("en",)),
        _market("vodacomTZN", "TZN", "TZS", "Africa/Dar_es_Salaam", "255", 12, ("en", "sw")),
        _market("vodacomLES", "LES", "LSL", "Africa/Maseru", "266", 11, ("en", "st")),
        _market("vodacomDRC", "DRC", "USD", "Africa/Kinshasa", "243", 12, ("fr", "en")),
        _market("vodacomMOZ", "MOZ", "MZN", "Africa/Maputo", "258", 12, ("pt", "en")),
    )
}
CURRENCIES: dict[str, Market] = {market.currency: market for market in MARKETS.values()}
"""The market of each currency. No two share one: what is counted in a currency is counted in its market's day."""
