"""Every planted bug is found within 300 seeds; the healthy system passes the same seeds (test_seeds.py)."""

import pytest

from mkondo.testing.faults import PLANTED
from mkondo.testing.simulation.world import simulate

SEEDS = range(300)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", PLANTED)
def test_the_simulation_finds_a_planted_bug(bug: str) -> None:
    for seed in SEEDS:
        run = simulate(seed, PLANTED[bug])
        if run.failures:
            assert not simulate(seed).failures, f"seed {seed} fails without the bug, too"
            return
    pytest.fail(f"{bug!r} went unnoticed by seeds {SEEDS.start} to {SEEDS.stop - 1}", pytrace=False)
