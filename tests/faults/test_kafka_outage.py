"""A broker that stays away: refused quickly, said by the probe, mended by itself, stopped anyway."""

import asyncio
from pathlib import Path

import pytest

from mkondo.testing.kafka import free_port
from mkondo.testing.kafka_fixtures import Broker
from mkondo.testing.load import Load, merchants_of
from mkondo.testing.platform import RunningPlatform
from tests.faults.comparison import check, read_ledger
from tests.faults.outages import outage, slowest_refusal_seconds, stop_in_the_middle

REFUSAL_SECONDS_MAX = 8
"""Until it is certain that no broker answers, a request may still be sent."""


@pytest.mark.timeout(180)
def test_while_the_broker_is_away_nothing_is_accepted_and_when_it_is_back_everything_goes_on(
    folder: Path, own_kafka_broker: Broker
) -> None:
    port = free_port()
    options = ("--port", str(port), "--deadline-ms", "8000", "--log", "kafka", "--kafka", own_kafka_broker.address)
    address = f"http://127.0.0.1:{port}"
    with RunningPlatform(folder / "data", *options) as platform:
        with Load(merchants_of(platform.demo, address)) as load:
            outage(load, address, own_kafka_broker.kill9, own_kafka_broker.restart, limit_seconds=30)
            stop_in_the_middle(load, own_kafka_broker.kill9, platform.stop)
        own_kafka_broker.restart()
        platform.start()
        check(load.settle(), asyncio.run(read_ledger(platform.dsn())))
        assert slowest_refusal_seconds(load) <= REFUSAL_SECONDS_MAX
        platform.stop()
        assert "Traceback" not in platform.said()
