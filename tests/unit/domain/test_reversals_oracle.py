"""Reversals against a pencil: of payments of every product, whole and in part, many at once, with processes that die
between any two steps. Never more comes back than was paid, every request has one answer, the books balance.
"""

from collections import Counter

import pytest

from mkondo.domain import ledger, reversals
from mkondo.domain.decider import Decider
from mkondo.domain.markets import MARKETS
from mkondo.testing.builders import MARKET
from mkondo.testing.faulty_reversals import FAULTY_REVERSALS
from mkondo.testing.reversals_pencil import DAY, WINDOW_DAYS
from tests.unit.domain.reversal_bank import Bank

STEPS = 100_000
"""At least so many messages are decided each time."""

DECIDERS: dict[str, Decider] = {ledger.NAME: ledger, reversals.NAME: reversals}
KINDS = [
    *(f"reversal {code}" for code in ("admitted", "INS-6", "INS-9", "INS-15", "INS-35")),
    *("moved INS-0", "moved INS-2006", "captured", "crashes", "whole", "in part", "kept"),
]
"""What must have happened a hundred times at least."""


def test_the_pencil_counts_the_days_of_the_market() -> None:
    assert {name: days * DAY for name, days in WINDOW_DAYS.items()} == MARKETS[MARKET].reversal_windows_ms


@pytest.mark.timeout(300)
def test_reversals_are_what_a_person_with_a_pencil_says() -> None:
    taken: Counter[str] = Counter()
    seed = 0
    while taken["steps"] < STEPS:
        try:
            Bank(seed, DECIDERS, taken).live()
        except AssertionError as wrong:
            raise AssertionError(f"seed {seed}") from wrong
        seed += 1
    assert {kind for kind in KINDS if taken[kind] < 100} == set(), taken


@pytest.mark.timeout(120)
@pytest.mark.parametrize("bug", FAULTY_REVERSALS)
def test_the_pencil_finds_a_planted_bug(bug: str) -> None:
    where, faulty = FAULTY_REVERSALS[bug]
    deciders = DECIDERS | {where: faulty(DECIDERS[where])}
    assert any(_goes_wrong(seed, deciders) for seed in range(300))


def _goes_wrong(seed: int, deciders: dict[str, Decider]) -> bool:
    try:
        Bank(seed, deciders, Counter()).live()
    except AssertionError:
        return True
    return False
