"""Usage time: a window of the market's day, its edges, over midnight, in five markets, and where the clocks are set."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from mkondo.domain import admission
from mkondo.domain.application import ProductScope, UsageTime
from mkondo.domain.calendar import day_of, end_of
from mkondo.domain.hours import Closed, closed
from mkondo.domain.ids import Instant
from mkondo.domain.limits import APPLICABLE, USAGE_TIME
from mkondo.domain.markets import MARKETS
from mkondo.domain.payment import PaymentAdmitted
from mkondo.domain.request import RequestRejected
from mkondo.testing.builders import C2B, MARKET, asking, configured, enabled, later, opened, payment, request
from mkondo.testing.given import story_of

given = story_of(admission, enabled())

NINE_TO_FIVE = UsageTime(9 * 60, 17 * 60)
NIGHT = UsageTime(22 * 60, 6 * 60)


def utc(text: str) -> Instant:
    """An instant by its name, such as `2026-03-02T06:00`."""
    return Instant(round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000))


def is_open(hours: UsageTime, at: Instant, market: str = MARKET) -> bool:
    return closed(C2B, ProductScope(usage_time=hours), market, at) is None


def opens_at(hours: UsageTime, at: Instant, market: str = MARKET) -> Instant:
    shut = closed(C2B, ProductScope(usage_time=hours), market, at)
    assert shut is not None
    return shut.opens_at


def test_without_a_usage_time_a_product_is_always_open() -> None:
    assert closed(C2B, ProductScope(), MARKET, utc("2026-03-02T00:00")) is None


@pytest.mark.parametrize(
    ("by_greenwich", "expected"), [("05:59:59.999", False), ("06:00", True), ("13:59:59.999", True), ("14:00", False)]
)
def test_it_is_open_from_its_first_minute_until_before_its_last(by_greenwich: str, expected: bool) -> None:
    """Nine to five in Tanzania is six to two by Greenwich."""
    assert is_open(NINE_TO_FIVE, utc(f"2026-03-02T{by_greenwich}")) is expected


@pytest.mark.parametrize(
    ("hour", "expected"), [(21, False), (22, True), (23, True), (0, True), (5, True), (6, False), (12, False)]
)
def test_a_window_over_midnight_is_open_on_both_sides_of_it(hour: int, expected: bool) -> None:
    assert is_open(NIGHT, utc(f"2026-03-02T{(hour - 3) % 24:02}:00")) is expected


OFFSETS = {"vodafoneGHA": 0, "vodacomTZN": 3, "vodacomLES": 2, "vodacomDRC": 1, "vodacomMOZ": 2}
"""Hours ahead of Greenwich. Congo is Kinshasa, not Lubumbashi."""


@pytest.mark.parametrize("market", MARKETS)
def test_the_hours_are_those_of_the_market(market: str) -> None:
    nine = utc(f"2026-03-02T{9 - OFFSETS[market]:02}:00")
    assert is_open(NINE_TO_FIVE, nine, market)
    assert not is_open(NINE_TO_FIVE, Instant(nine - 1), market)
    assert opens_at(NINE_TO_FIVE, Instant(nine - 1), market) == nine


@pytest.mark.parametrize("market", MARKETS)
def test_a_leap_day_is_a_day_of_every_market(market: str) -> None:
    zone = MARKETS[market].time_zone
    noon = utc("2028-02-29T12:00")
    assert day_of(noon, zone).isoformat() == "2028-02-29"
    ends = utc(f"2028-02-29T{24 - OFFSETS[market]:02}:00") if OFFSETS[market] else utc("2028-03-01T00:00")
    assert end_of(day_of(noon, zone), zone) == ends


def test_whoever_is_refused_is_told_when_it_opens() -> None:
    at_eight_pm = utc("2026-03-02T17:00")
    shut = closed(C2B, ProductScope(usage_time=NINE_TO_FIVE), MARKET, at_eight_pm)
    assert shut == Closed(9 * 60, 17 * 60, 20 * 60, utc("2026-03-03T06:00"))
    assert opens_at(NINE_TO_FIVE, utc("2026-03-02T03:00")) == utc("2026-03-02T06:00")
    assert opens_at(NIGHT, utc("2026-03-02T12:00")) == utc("2026-03-02T19:00")


def test_the_same_minute_twice_is_never_open_longer_than_a_minute_is() -> None:
    one_minute = UsageTime(23 * 60 + 59, 0)
    assert is_open(one_minute, utc("2026-03-02T20:59"))
    assert not is_open(one_minute, utc("2026-03-02T21:00"))


@pytest.mark.parametrize("product", APPLICABLE)
def test_which_products_have_hours_is_said_by_the_contract(product: str) -> None:
    """Query direct debit alone does not list INS-996."""
    shut = closed(product, ProductScope(usage_time=NINE_TO_FIVE), MARKET, utc("2026-03-02T00:00"))
    assert (shut is not None) == (USAGE_TIME in APPLICABLE[product]) == (product != "query_direct_debit")


# Admission decides by its own time, whenever the ingress has let the request in.


def test_admission_refuses_outside_the_usage_time_and_uses_up_no_id() -> None:
    minute = 23 * 60 + 53
    hours = UsageTime(minute + 1, minute + 2)  # it is 23:53 in Tanzania NOW
    shut = Closed(minute + 1, minute + 2, minute, later(40_000))
    rejected = RequestRejected(
        asking("p1"), "INS-996", "API Being Used Outside Of Usage Time", payment().payment_id, C2B, "tp-p1", shut
    )
    story = given(configured(products={C2B: ProductScope(usage_time=hours)}), opened())
    story.when(request()).then(rejected)
    (admitted,) = story.at(later(40_000)).when(request(deadline=later(60_000))).and_all_is_well().answer
    assert isinstance(admitted, PaymentAdmitted)


# A market whose clocks are set, as none of the five is: spring skips an hour, autumn has one twice.

SPRING, AUTUMN = "2026-03-29", "2026-10-25"
"""At 01:00 by Greenwich clocks jump from 02:00 to 03:00, and from 03:00 back to 02:00."""


@pytest.fixture(autouse=True)
def summer_time(monkeypatch: pytest.MonkeyPatch) -> str:
    invented = replace(MARKETS[MARKET], path="inventedEUR", time_zone="Europe/Brussels")
    monkeypatch.setitem(MARKETS, invented.path, invented)
    return invented.path


HALF_PAST_TWO = UsageTime(2 * 60 + 30, 4 * 60)
BEFORE_THREE = UsageTime(2 * 60 + 10, 2 * 60 + 50)


def test_a_window_that_opens_in_the_skipped_hour_opens_with_the_jump(summer_time: str) -> None:
    jump = utc(f"{SPRING}T01:00")
    assert not is_open(HALF_PAST_TWO, Instant(jump - 1), summer_time)
    assert is_open(HALF_PAST_TWO, jump, summer_time)
    assert opens_at(HALF_PAST_TWO, utc(f"{SPRING}T00:10"), summer_time) == jump


def test_a_window_within_the_skipped_hour_is_not_open_that_day(summer_time: str) -> None:
    minutes = range(utc("2026-03-28T23:00"), utc(f"{SPRING}T22:00"), 60_000)
    assert not any(is_open(BEFORE_THREE, Instant(minute), summer_time) for minute in minutes)
    assert opens_at(BEFORE_THREE, utc(f"{SPRING}T00:10"), summer_time) == utc("2026-03-30T00:10")


def test_a_window_within_the_doubled_hour_is_open_twice(summer_time: str) -> None:
    for hour in ("00", "01"):
        assert is_open(BEFORE_THREE, utc(f"{AUTUMN}T{hour}:10"), summer_time)
        assert is_open(BEFORE_THREE, utc(f"{AUTUMN}T{hour}:49"), summer_time)
        assert not is_open(BEFORE_THREE, utc(f"{AUTUMN}T{hour}:50"), summer_time)
    assert opens_at(BEFORE_THREE, utc(f"{AUTUMN}T00:50"), summer_time) == utc(f"{AUTUMN}T01:10")
    assert opens_at(BEFORE_THREE, utc(f"{AUTUMN}T01:50"), summer_time) == utc("2026-10-26T01:10")


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
@pytest.mark.parametrize("hours", [HALF_PAST_TWO, BEFORE_THREE, NIGHT, UsageTime(60, 150)])
def test_whoever_is_told_when_it_opens_finds_it_open_then_and_not_before(
    summer_time: str, day: str, hours: UsageTime
) -> None:
    """Through a whole day in which clocks are set, minute by minute."""
    first = utc(f"{day}T00:00") - 3_600_000
    shut_since = None
    promised = set[Instant]()
    for minute in range(first, first + 26 * 3_600_000, 60_000):
        now = Instant(minute)
        if is_open(hours, now, summer_time):
            assert shut_since is None or promised == {now}
            shut_since, promised = None, set()
        else:
            shut_since = now
            promised.add(opens_at(hours, now, summer_time))


@pytest.mark.parametrize(("day", "hours_long"), [(SPRING, 23), ("2026-06-01", 24), (AUTUMN, 25)])
def test_a_day_ends_at_midnight_however_long_it_is(summer_time: str, day: str, hours_long: int) -> None:
    zone = MARKETS[summer_time].time_zone
    noon = utc(f"{day}T11:00")
    yesterday = day_of(Instant(noon - 24 * 3_600_000), zone)
    ends = end_of(day_of(noon, zone), zone)
    assert ends - end_of(yesterday, zone) == hours_long * 3_600_000
    assert day_of(Instant(ends - 1), zone).isoformat() == day
