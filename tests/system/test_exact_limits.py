"""Limits are exact: 64 clients reach for one ceiling for half a minute, and not one minor unit more is accepted."""

from pathlib import Path

import pytest

from mkondo.testing.kafka_fixtures import Broker
from mkondo.testing.platform import RunningPlatform, verify
from tests.system.ceilings import reach_for

SECONDS = 30.0


@pytest.mark.timeout(150)
async def test_what_is_accepted_is_exactly_the_ceiling_embedded(folder: Path) -> None:
    with RunningPlatform(folder / "data") as platform:
        for reached in await reach_for(platform, SECONDS, session_units=9_001, customer_units=12_007):
            print(reached.name, reached.moved, dict(reached.answers))
            reached.check()
        assert verify(platform).returncode == 0
        platform.stop()


@pytest.mark.timeout(180)
async def test_what_is_accepted_is_exactly_the_ceiling_on_kafka(folder: Path, kafka_broker: Broker) -> None:
    with RunningPlatform(folder / "data", "--log", "kafka", "--kafka", kafka_broker.address) as platform:
        for reached in await reach_for(platform, SECONDS, session_units=5_003, customer_units=6_007):
            print(reached.name, reached.moved, dict(reached.answers))
            reached.check()
        assert verify(platform).returncode == 0
        platform.stop()
