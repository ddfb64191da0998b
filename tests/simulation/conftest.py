"""How many seeds a run of the simulation takes, and which: `--seeds N`, `--first-seed M`."""

import pytest

CHUNK = 10


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("simulation")
    group.addoption("--seeds", type=int, default=300, help="how many seeds to simulate (default 300)")
    group.addoption("--first-seed", type=int, default=0, help="the first of them (default 0)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Seeds in small chunks, so that two worker processes share them evenly."""
    if "seeds" not in metafunc.fixturenames:
        return
    first, count = metafunc.config.getoption("--first-seed"), metafunc.config.getoption("--seeds")
    chunks = [range(start, min(start + CHUNK, first + count)) for start in range(first, first + count, CHUNK)]
    metafunc.parametrize("seeds", chunks, ids=[f"{chunk[0]}-{chunk[-1]}" for chunk in chunks])
