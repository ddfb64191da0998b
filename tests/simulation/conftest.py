"""Which seeds a run of the simulation takes: `--seeds N` of them (tests/conftest.py), from `--first-seed M` on."""

import pytest

CHUNK = 10


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--first-seed", type=int, default=0, help="the first seed that the simulation runs")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Seeds in small chunks, so that two worker processes share them evenly."""
    if "chunk" not in metafunc.fixturenames:
        return
    first = int(metafunc.config.getoption("--first-seed", 0))
    last = first + int(metafunc.config.getoption("--seeds"))
    chunks = [range(start, min(start + CHUNK, last)) for start in range(first, last, CHUNK)]
    metafunc.parametrize("chunk", chunks, ids=[f"{chunk[0]}-{chunk[-1]}" for chunk in chunks])
