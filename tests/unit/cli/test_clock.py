"""How far the sandbox's clock is asked to move, as people write it."""

import pytest

from services.cli.clock import SECONDS_MAX, seconds_of
from services.cli.errors import CannotDo
from services.portal.api.clock import Advance


def test_lengths_of_time_are_added_up() -> None:
    assert [seconds_of(text) for text in ("90s", "15m", "1d12h", "2w")] == [90, 900, 129_600, 1_209_600]


def test_ten_years_are_the_most_and_said_in_years() -> None:
    assert seconds_of("3660d") == SECONDS_MAX == Advance(seconds=SECONDS_MAX).seconds
    for text in ("999999999w", "3660d1s", "999999999w" * 50):
        with pytest.raises(CannotDo, match="more than ten years"):
            seconds_of(text)
