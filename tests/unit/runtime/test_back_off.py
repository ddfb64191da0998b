"""The wait between attempts: it grows, it is bounded, and no two wait in step."""

import pytest

from mkondo.adapters.system.ids import SystemIds
from mkondo.domain.ids import Instant
from mkondo.ports.back_off import SECONDS_MAX, back_off


class PatientClock:
    """Notes what it is asked to wait for."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def now(self) -> Instant:
        return Instant(0)

    async def wait(self, seconds: float) -> None:
        self.waited.append(seconds)


@pytest.mark.parametrize(
    ("failures", "ceiling"), [(1, 0.1), (2, 0.2), (5, 1.6), (6, SECONDS_MAX), (10**9, SECONDS_MAX)]
)
async def test_the_wait_doubles_with_every_failure_up_to_its_bound(failures: int, ceiling: float) -> None:
    clock, ids = PatientClock(), SystemIds()
    for _ in range(100):
        await back_off(clock, ids, failures)
    assert all(ceiling / 2 <= seconds < ceiling for seconds in clock.waited)
    assert len(set(clock.waited)) > 1, "two that fail together must not come back together"
