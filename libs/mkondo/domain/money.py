"""Money: an integer of minor units and its currency. A float is a bug.

Pure. The wire writes amounts as decimal text (contract section 3, `input_Amount`); `parse_amount` reads them exactly.
Read next: markets.py, which says how many decimals a currency has.
"""

import re

import msgspec

_DECIMAL = re.compile(r"[0-9]+|[0-9]*\.[0-9]+")
"""One way only to match each text: `[0-9]*\\.?[0-9]+` tries quadratically many on a long run of digits."""

MOST_MINOR_UNITS = 10**15
"""The largest amount of one payment, in minor units: far above any limit and far below what a 64-bit sum can hold."""


class Money(msgspec.Struct, frozen=True):
    """An amount in integer minor units (cents) of one ISO 4217 currency."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.minor + other.minor, self.currency)


def parse_amount(text: str, decimals: int) -> int | None:
    """Minor units of a wire amount such as `10`, `10.0`, `10.00` or `.5`.

    None when it does not fit the grammar, has more decimals than the currency, or is beyond MOST_MINOR_UNITS: all
    three are INS-15 (contract section 12). Zero is returned as zero; whether it may be paid is the field table's rule.
    """
    if not _DECIMAL.fullmatch(text):
        return None
    whole, _, fraction = text.partition(".")
    if len(fraction) > decimals or len(whole) > 18:
        return None
    minor = int(whole or "0") * 10**decimals + int(fraction.ljust(decimals, "0") or "0")
    return minor if minor <= MOST_MINOR_UNITS else None


def format_amount(minor: int, decimals: int) -> str:
    """Decimal text of an amount in minor units: `format_amount(1050, 2) == "10.50"`."""
    sign = "-" if minor < 0 else ""
    if decimals == 0:
        return f"{sign}{abs(minor)}"
    whole, fraction = divmod(abs(minor), 10**decimals)
    return f"{sign}{whole}.{fraction:0{decimals}d}"
