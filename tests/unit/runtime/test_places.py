"""A target has as many places as it has earned: one table, and what is forgotten."""

import pytest

from mkondo.domain.delivery import REASON_MAX, Receipt
from mkondo.runtime.places import (
    AT_FIRST_TO_ONE_TARGET,
    AT_ONCE_TO_ONE_TARGET,
    SLOW_MS,
    TARGETS_KNOWN_MAX,
    Places,
    after,
)

QUICK = Receipt(True, 200, milliseconds=SLOW_MS)
REFUSED = Receipt(False, 500, milliseconds=3)
SLOW = Receipt(True, 200, milliseconds=SLOW_MS + 1)
SILENT = Receipt(False, milliseconds=10_000)
BROKEN_OFF = Receipt(False, 503, "answered HTTP 503; the answer's body broke off", milliseconds=10_000)
NOBODY = Receipt(False, milliseconds=1)


@pytest.mark.parametrize(
    ("receipt", "places"),
    [
        (QUICK, {1: 2, 2: 4, 4: 8, 8: 16, 16: 16}),
        (REFUSED, {1: 2, 4: 8, 16: 16}),
        (SLOW, {1: 2, 2: 4, 4: 4, 8: 4, 16: 8}),
        (BROKEN_OFF, {1: 2, 2: 4, 4: 4, 8: 4, 16: 8}),
        (SILENT, {1: 1, 2: 1, 4: 2, 8: 4, 16: 8}),
        (NOBODY, {1: 1, 4: 2, 16: 8}),
    ],
    ids=["quick", "refused", "slow", "broken off", "silent", "nobody"],
)
def test_what_comes_of_an_attempt_makes_places_more_or_fewer(receipt: Receipt, places: dict[int, int]) -> None:
    assert {before: after(before, receipt) for before in places} == places


def test_a_target_is_doubtful_until_it_has_answered_quickly_and_again_when_it_does_not() -> None:
    places = Places()
    seen = []
    for receipt in (None, QUICK, SILENT, QUICK, QUICK, SLOW, SLOW):
        if receipt is not None:
            places.learn("a", receipt)
        seen.append((places.of("a"), places.is_doubtful("a")))
    assert seen == [(4, True), (8, False), (4, True), (8, False), (16, False), (8, False), (4, True)]
    assert places.of("b") == AT_FIRST_TO_ONE_TARGET


def test_what_is_said_of_an_attempt_that_is_not_made_is_no_longer_than_any_reason() -> None:
    places = Places()
    places.learn("a", Receipt(False, reason="x" * REASON_MAX))
    said = places.not_tried("a").reason
    assert said.startswith("not tried, after: x") and len(said) == REASON_MAX


def test_of_too_many_targets_the_one_of_which_nothing_was_heard_for_longest_is_unknown_again() -> None:
    places = Places()
    for target in ("a", "b"):
        for _ in range(2):
            places.learn(target, QUICK)
    for number in range(TARGETS_KNOWN_MAX - 2):
        places.learn(str(number), SILENT)
    places.learn("a", QUICK)
    places.learn("one more", SILENT)
    assert (places.of("a"), places.of("b")) == (AT_ONCE_TO_ONE_TARGET, AT_FIRST_TO_ONE_TARGET)
