"""The machine's clock keeps every promise of ports/clock.py, and the sandbox's only moves forward."""

import pytest

from mkondo.adapters.system.clock import SystemClock
from mkondo.ports.clock import Clock
from mkondo.testing.conformance.clock import ClockConformance


class TestSystemClock(ClockConformance):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()


def test_a_clock_that_was_moved_is_ahead_by_as_much() -> None:
    moved, other = SystemClock(), SystemClock()
    moved.advance(3_600_000)
    assert moved.now() - other.now() >= 3_599_000


def test_a_clock_cannot_be_moved_back() -> None:
    with pytest.raises(ValueError, match="forward"):
        SystemClock().advance(-1)
