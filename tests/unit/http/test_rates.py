"""Token buckets: exactly as much as the rate allows, whenever it comes, in bounded memory. Time is a number here."""

import random
from collections import defaultdict
from itertools import accumulate

import pytest

from mkondo.adapters.http.rates import ADDRESS, Buckets, Rate, TooMany

SECOND = 1_000_000_000
START = 7 * SECOND + 11


def taken(buckets: Buckets, name: str, now: int, asked: int) -> int:
    return sum(buckets.take(name, now) for _ in range(asked))


@pytest.mark.parametrize("per_second", [1, 2, 3, 7, 200, 2_000])
def test_a_name_that_never_stops_asking_gets_a_second_s_worth_and_then_the_rate_to_the_token(per_second: int) -> None:
    buckets, step = Buckets(per_second), 125_000
    moments = range(START, START + 3 * SECOND + step, step)
    granted, due = 0, []
    for now in moments:
        granted += taken(buckets, "a", now, 2 if now != START else per_second + 1)
        due.append(per_second + (now - START) * per_second // SECOND == granted)
    assert all(due)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("per_second", [1, 3, 10, 200])
def test_in_no_window_is_there_more_than_rate_times_seconds_and_the_burst(per_second: int, seed: int) -> None:
    """Bursts, pauses around a second (when names are forgotten), and other names in so few places that names must be
    thrown away early if anything could go wrong."""
    chance, buckets, now = random.Random(seed), Buckets(per_second, most=40), START
    granted: dict[str, list[int]] = defaultdict(list)
    for _ in range(3_000):
        now += chance.choice((0, 0, 1, chance.randrange(SECOND // per_second), chance.randrange(SECOND * 3 // 2)))
        for _ in range(chance.choice((1, 1, per_second * 2))):
            name = chance.choice("abcdefghijklmnop")
            if buckets.take(name, now):
                granted[name].append(now)
    for moments in granted.values():
        # Tokens i to j are j - i + 1 in t[j] - t[i]. With the two sides sorted by i and j every window is looked at.
        ahead = [moment * per_second - count * SECOND for count, moment in enumerate(moments)]
        fullest = accumulate(ahead, max)
        assert all(most - here <= (per_second - 1) * SECOND for most, here in zip(fullest, ahead, strict=True))


def test_a_token_comes_back_at_its_nanosecond() -> None:
    buckets = Buckets(3)
    assert taken(buckets, "a", START, 9) == 3
    assert not buckets.take("a", START + SECOND // 3)  # a third of a nanosecond too early
    assert buckets.take("a", START + SECOND // 3 + 1)
    assert not buckets.take("a", START + SECOND // 3 + 1)


def test_a_bucket_holds_no_more_than_a_second_s_worth_however_long_it_rests() -> None:
    buckets = Buckets(5)
    assert [taken(buckets, "a", START + rest * SECOND, 100) for rest in (0, 1, 3, 86_400)] == [5, 5, 5, 5]


def test_what_is_refused_costs_nothing() -> None:
    buckets = Buckets(2)
    taken(buckets, "a", START, 1_000)
    assert taken(buckets, "a", START + SECOND // 2, 1_000) == 1


def test_while_time_stands_still_or_goes_back_no_tokens_come() -> None:
    buckets = Buckets(4)
    assert taken(buckets, "a", START, 1_000) == 4
    assert taken(buckets, "a", START, 1_000) == 0
    assert taken(buckets, "a", START - 5 * SECOND, 1_000) == 0
    assert taken(buckets, "a", START + SECOND // 4, 1_000) == 1


def test_one_name_takes_nothing_from_another() -> None:
    buckets = Buckets(2)
    assert [taken(buckets, name, START, 10) for name in "aba"] == [2, 2, 0]


def test_a_million_names_at_once_need_no_more_room_than_a_hundred_thousand() -> None:
    buckets, most = Buckets(200), 0
    for number in range(1_000_000):
        buckets.take(str(number), START)
        most = max(most, len(buckets))
    assert 50_000 <= most <= 100_000


def test_a_million_names_in_a_minute_neither() -> None:
    buckets, most = Buckets(200), 0
    for number in range(1_000_000):
        buckets.take(str(number), START + number * 60_000)
        most = max(most, len(buckets))
    assert most <= 2 * 16_668  # two seconds' worth of names


def test_a_name_at_work_is_known_through_a_flood_that_a_process_can_take_in() -> None:
    """40,000 strangers a second, ten times what one process answers: the busy one is still held to its rate."""
    buckets, granted = Buckets(10), 0
    for number in range(200_000):
        now = START + number * 25_000
        buckets.take(f"stranger {number}", now)
        granted += buckets.take("busy", now)
    assert granted == 10 + 200_000 * 25_000 * 10 // SECOND - 1


def test_idle_names_are_forgotten() -> None:
    buckets = Buckets(10)
    for number in range(1_000):
        buckets.take(str(number), START)
    assert len(buckets) == 1_000
    for seconds in (1, 2):
        buckets.take("a", START + seconds * SECOND)
    assert len(buckets) <= 2


def test_a_rate_tells_of_every_request_that_was_one_too_many() -> None:
    refused: list[None] = []
    now = [START]
    rate = Rate(ADDRESS, 2, lambda: refused.append(None), lambda: now[0])
    rate.take("a")
    rate.take("a")
    for _ in range(3):
        with pytest.raises(TooMany) as trouble:
            rate.take("a")
        assert trouble.value.of == ADDRESS
    assert len(refused) == 3
    now[0] += SECOND
    rate.take("a")
    assert len(refused) == 3
