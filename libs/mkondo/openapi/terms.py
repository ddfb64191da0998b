"""Which terms of a direct debit fit each other: dates that exist, days that a frequency allows (sections 4 and 12).

Pure. What depends on today is the mandates decider's. Each check belongs to a field that is there, and its code is that
field's. Read next: parse.py.
"""

from collections.abc import Mapping

from mkondo.domain.calendar import parse_day

FREQUENCY, FIRST_DATE = "input_Frequency", "input_FirstPaymentDate"
START_DAY, END_DAY = "input_StartRangeOfDays", "input_EndRangeOfDays"

RANGED = ("04", "05", "06", "07")
"""Monthly to yearly: only these may name days of the month."""


def first_date_fits(text: str, texts: Mapping[str, str]) -> bool:
    return parse_day(text) is not None and FREQUENCY in texts


def start_day_fits(text: str, texts: Mapping[str, str]) -> bool:
    return texts.get(FREQUENCY) in RANGED and _is_day(text)


def end_day_fits(text: str, texts: Mapping[str, str]) -> bool:
    return start_day_fits(text, texts) and text >= texts.get(START_DAY, "01")


def expiry_date_fits(text: str, texts: Mapping[str, str]) -> bool:
    expiry, first = parse_day(text), parse_day(texts.get(FIRST_DATE, ""))
    return expiry is not None and (first is None or expiry >= first)


def _is_day(text: str) -> bool:
    return "01" <= text <= "31"
