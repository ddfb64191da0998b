"""The market's calendar: which day an instant is there, and when a day begins.

Pure: the time zone data is a table that ships with the platform (tzdata), not a question to the machine. Wire dates are
YYYYMMDD (contract section 3). Read next: mandate.py, whose due dates it counts.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from mkondo.domain.ids import Instant

_WIRE_DATE = re.compile(r"[0-9]{8}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
MINUTE_MS = 60_000


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def day_of(now: Instant, time_zone: str) -> date:
    """The date in that zone at an instant."""
    return (_EPOCH + timedelta(milliseconds=now)).astimezone(_zone(time_zone)).date()


def start_of(day: date, time_zone: str) -> Instant:
    """The first instant of a day in that zone."""
    begins = datetime.combine(day, time(), tzinfo=_zone(time_zone))
    return Instant((begins - _EPOCH) // _MILLISECOND)


def end_of(day: date, time_zone: str) -> Instant:
    """The first instant that is no longer in that day. The last day that can be written, 99991231, ends too: it is what
    merchants send for "never", and no date comes after it."""
    if day == date.max:
        return Instant(start_of(day, time_zone) + _DAY // _MILLISECOND)
    return start_of(day + _DAY, time_zone)


def minute_of(now: Instant, time_zone: str) -> int:
    """Minutes since midnight that a clock on the wall shows in that zone."""
    shown = (_EPOCH + timedelta(milliseconds=now)).astimezone(_zone(time_zone))
    return shown.hour * 60 + shown.minute


def next_minute(among: Callable[[int], bool], minute: int, after: Instant, time_zone: str) -> Instant:
    """When a clock on the wall next shows one of those minutes of the day, which begin with `minute`.

    Where the clocks are set meanwhile, `minute` may be skipped, or come twice: then it is looked for one by one.
    """
    today, zone = day_of(after, time_zone), _zone(time_zone)
    shown = [time(minute // 60, minute % 60, tzinfo=zone, fold=fold) for fold in (0, 1)]
    days = [today + _DAY * number for number in range(3)]
    instants = (Instant((datetime.combine(day, at) - _EPOCH) // _MILLISECOND) for day in days for at in shown)
    found = min(instant for instant in instants if instant > after)
    if minute_of(found, time_zone) == minute and _offset(found, time_zone) == _offset(after, time_zone):
        return found
    full = range(after - after % MINUTE_MS + MINUTE_MS, after + 3 * _DAY // _MILLISECOND, MINUTE_MS)
    return next(instant for instant in map(Instant, full) if among(minute_of(instant, time_zone)))


def _offset(now: Instant, time_zone: str) -> timedelta | None:
    return (_EPOCH + timedelta(milliseconds=now)).astimezone(_zone(time_zone)).utcoffset()


@lru_cache(maxsize=256)
def day_around(minute: int, time_zone: str) -> tuple[str, Instant]:
    """The day, as an ISO date, of a minute since 1970 in that zone, and when that day ends. Asked for every payment: no
    zone's day begins within a minute."""
    day = day_of(Instant(minute * MINUTE_MS), time_zone)
    return day.isoformat(), end_of(day, time_zone)


def parse_day(text: str) -> date | None:
    """The date of a wire text such as `20260228`, or None when there is no such day."""
    if not _WIRE_DATE.fullmatch(text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def format_day(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def last_of_month(day: date) -> int:
    """The number of days in that day's month."""
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return (following - _DAY).day
