"""What every suite shares: fixtures, the marks that tests get by themselves, and no network where none is needed."""

import pytest
from hypothesis import settings

from mkondo.testing.kafka_fixtures import kafka_broker as kafka_broker
from mkondo.testing.kafka_fixtures import kafka_connection as kafka_connection
from mkondo.testing.kafka_fixtures import kafka_environment as kafka_environment
from mkondo.testing.kafka_fixtures import own_kafka_broker as own_kafka_broker
from mkondo.testing.postgres import database as database
from mkondo.testing.postgres import databases as databases
from mkondo.testing.postgres import postgres_server as postgres_server

# A shared machine pauses: the time of one example says nothing about it.
settings.register_profile("mkondo", deadline=None)
settings.load_profile("mkondo")

NETWORKLESS = ("tests/architecture/", "tests/contract/", "tests/unit/")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=400, help="how many seeds the simulation runs")


@pytest.fixture(scope="session")
def seeds(request: pytest.FixtureRequest) -> int:
    """How many seeds to simulate."""
    return int(request.config.getoption("--seeds"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(NETWORKLESS):
            item.add_marker(pytest.mark.disable_socket)
        elif _needs_kafka(item):
            item.add_marker(pytest.mark.kafka)


def _needs_kafka(item: pytest.Item) -> bool:
    """By the name of its file, class or parameter, or of a fixture: nobody has to remember the mark."""
    where, _, name = item.nodeid.rpartition("::")
    parameter = name.partition("[")[2]
    fixtures: list[str] = getattr(item, "fixturenames", [])
    return any("kafka" in text.lower() for text in (where, parameter, *fixtures))
