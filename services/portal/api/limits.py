"""Limits as the management API takes and shows them: amounts as decimal text, times of the day as HH:MM.

Read next: domain/limits.py, which says what each limit means.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from msgspec.structs import replace
from pydantic import Field

from mkondo.domain.application import Ceilings, ProductScope, UsageTime
from mkondo.domain.limits import APPLICABLE
from mkondo.domain.markets import CURRENCIES
from mkondo.domain.money import format_amount, parse_amount
from services.portal.api.bodies import Asked
from services.portal.api.errors import Refused

COUNT_MAX = 10**9
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)

Amounts = dict[str, str]
Count = Annotated[int, Field(ge=0, le=COUNT_MAX)]


class UsageTimeChange(Asked):
    """A part of the market's day, over midnight where it closes before it opens."""

    opens: str = Field(description="HH:MM")
    closes: str = Field(description="HH:MM, the first minute in which it may no longer be used.")


class LimitsChange(Asked):
    """The limits of one product. `null`, or no currency, takes a limit away; where there is one, a currency that it
    does not name may not be used."""

    usage_time: UsageTimeChange | None = None
    single_value: Amounts | None = Field(None, description="The most that one payment may move.")
    daily_value: Amounts | None = Field(None, description="What one session may move in a day of the market.")
    daily_count: Count | None = Field(None, description="How many requests one session may make in a day.")
    customer_daily_value: Amounts | None = Field(None, description="What one customer may move in a day.")
    customer_daily_count: Count | None = Field(None, description="How many requests may name a customer in a day.")


def limited(product: str, scope: ProductScope, change: LimitsChange) -> ProductScope:
    """The product's scope with what the change names. Raises Refused: then nothing is changed."""
    for name in change.model_fields_set:
        value = getattr(change, name)
        if value is not None and name not in APPLICABLE[product]:
            allowed = ", ".join(APPLICABLE[product]) or "none"
            raise Refused(422, f"{product} has no limit {name}", f"It can have: {allowed}.")
        scope = replace(scope, **{name: _TAKE[name](value)})
    return scope


def shown(scope: ProductScope) -> dict[str, Any]:
    """The limits that a product has, as they were sent."""
    return {name: show(value) for name, show in _SHOW.items() if (value := getattr(scope, name)) not in (None, {})}


def _amounts(amounts: Amounts | None) -> Ceilings:
    return {currency: _minor(currency, text) for currency, text in (amounts or {}).items()}


def _minor(currency: str, text: str) -> int:
    minor = parse_amount(text, CURRENCIES[currency].decimals) if currency in CURRENCIES else None
    if minor is None:
        raise Refused(
            422,
            f"{text[:80]!r} is no amount in {currency[:80]!r}",
            "Send digits such as 50.00 and a market's currency.",
        )
    return minor


def _usage_time(change: UsageTimeChange | None) -> UsageTime | None:
    if change is None:
        return None
    opens, closes = _minute(change.opens), _minute(change.closes)
    if opens == closes:
        raise Refused(422, "a usage time of no length", "Send null to allow the whole day, or two different times.")
    return UsageTime(opens, closes)


def _minute(text: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise Refused(422, f"{text[:80]!r} is no time of the day", "Send HH:MM, from 00:00 to 23:59.")
    return int(found[1]) * 60 + int(found[2])


def _shown_amounts(ceilings: Ceilings) -> Amounts:
    return {currency: format_amount(minor, CURRENCIES[currency].decimals) for currency, minor in ceilings.items()}


def _shown_hours(hours: UsageTime) -> dict[str, str]:
    return {"opens": _clock(hours.opens), "closes": _clock(hours.closes)}


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _same(value: Any) -> Any:
    return value


_VALUES = ("single_value", "daily_value", "customer_daily_value")
_COUNTS = ("daily_count", "customer_daily_count")

_TAKE: Mapping[str, Callable[[Any], Any]] = {
    "usage_time": _usage_time,
    **dict.fromkeys(_VALUES, _amounts),
    **dict.fromkeys(_COUNTS, _same),
}
_SHOW: Mapping[str, Callable[[Any], Any]] = {
    "usage_time": _shown_hours,
    **dict.fromkeys(_VALUES, _shown_amounts),
    **dict.fromkeys(_COUNTS, _same),
}
