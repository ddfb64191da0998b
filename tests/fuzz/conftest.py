"""The storm's seed: a new one every time, or the one that a failure has named."""

import pytest

from tests.fuzz.storm import new_seed


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--storm-seed", type=int, default=None, help="send the same storm of requests again")


@pytest.fixture
def storm_seed(request: pytest.FixtureRequest) -> int:
    said = request.config.getoption("--storm-seed")
    return new_seed() if said is None else int(said)
