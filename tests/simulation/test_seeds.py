"""The whole system under seeded misfortune keeps its guarantees. A failure prints its seed and how to run it again."""

import os
import subprocess
import sys

import pytest

from mkondo.domain.faults import FAULTS
from mkondo.testing.simulation.world import simulate
from mkondo.topology import DECIDERS, TOPOLOGY

NOT_SIMULATED = {"AccountStatusChanged", "EndpointDisabled", "EndpointEnabled", "SessionRevoked"}
"""Nobody locks an account, no merchant is gone, and no run lasts for days: until a session is forgotten, or an endpoint
is given up."""

LIMITS = {f"INS-{number}" for number in range(990, 998)} - {"INS-997"}

DIGEST = "from mkondo.testing.simulation.world import simulate; print(simulate({seed}).digest)"


def test_the_guarantees_hold_whatever_happens(chunk: range) -> None:
    for seed in chunk:
        run = simulate(seed)
        if run.failures:
            again = f'make simulate SEEDS=1 ARGS="-k guarantees --first-seed {seed}"'
            pytest.fail("\n".join((f"seed {seed} (again: {again})", *run.failures)), pytrace=False)
        assert run.payments >= 200, f"seed {seed} made only {run.payments} payments"
        assert run.crashes >= 11, f"seed {seed} crashed only {run.crashes} times"


def test_every_kind_of_event_happens() -> None:
    """What nobody asks for in the simulation, the simulation says nothing about."""
    seen: set[str] = set()
    for seed in range(12):
        seen |= simulate(seed).events.keys()
    all_of_them = {event for row in TOPOLOGY if row.decider in DECIDERS for event in row.emits}
    assert all_of_them - seen == NOT_SIMULATED


def test_every_limit_is_reached() -> None:
    """And several at once, and the hours that are set; every seed has some."""
    seen: set[str] = set()
    for seed in range(12):
        codes = simulate(seed).codes.keys() & LIMITS
        assert codes, f"seed {seed} reached no limit"
        seen |= codes
    assert seen == LIMITS


def test_every_fault_switch_hits() -> None:
    """Answers that were decided, and results that are to be pushed."""
    seen: set[str] = set()
    for seed in range(6):
        seen |= simulate(seed).faults.keys()
    assert seen == set(FAULTS)


@pytest.mark.parametrize("seed", [4, 5], ids=["embedded", "with a log"])
def test_one_seed_is_always_the_same_run(seed: int) -> None:
    first = simulate(seed)
    assert first == simulate(seed)
    assert first.digest == _in_another_process(seed, hash_seed="1") == _in_another_process(seed, hash_seed="2")


def _in_another_process(seed: int, hash_seed: str) -> str:
    """The order of sets is different there: nothing may depend on it."""
    done = subprocess.run(
        [sys.executable, "-c", DIGEST.format(seed=seed)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return done.stdout.strip()
