"""The whole system under seeded misfortune keeps its guarantees. A failure prints its seed and how to run it again."""

import pytest

from mkondo.testing.simulation.world import simulate


def test_the_guarantees_hold_whatever_happens(chunk: range) -> None:
    for seed in chunk:
        run = simulate(seed)
        if run.failures:
            again = f'make simulate SEEDS=1 ARGS="--first-seed {seed}"'
            pytest.fail("\n".join((f"seed {seed} (again: {again})", *run.failures)), pytrace=False)
        assert run.payments >= 200, f"seed {seed} made only {run.payments} payments"
        assert run.crashes >= 10, f"seed {seed} crashed only {run.crashes} times"


def test_one_seed_is_always_the_same_run() -> None:
    for seed in (4, 5):
        assert simulate(seed) == simulate(seed)
