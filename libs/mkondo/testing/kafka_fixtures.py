"""Fixtures around a real broker: one for the whole run, one of its own for a test that kills it, an empty environment.

Java on this machine first, because it starts in two seconds; else a container, where a docker engine answers. With
neither the tests are skipped, and in CI that is a failure. Read next: kafka.py.
"""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from mkondo.adapters.kafka.connection import Connection
from mkondo.adapters.kafka.topics import create_topics
from mkondo.testing.kafka import IMAGE, KafkaBroker, NoKafka, docker_engine_answers, free_port


class Broker(Protocol):
    """What tests may do to a broker."""

    @property
    def address(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill9(self) -> None: ...
    def restart(self) -> None: ...


class ContainerBroker:
    """The same broker in a container, on the same port through every restart."""

    def __init__(self) -> None:
        from testcontainers.core.container import DockerContainer

        self.port = port = free_port()
        settings = {
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_NODE_ID": "1",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://localhost:9093",
            "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_BROKER_SESSION_TIMEOUT_MS": "3000",
        }
        self._container = DockerContainer(IMAGE).with_bind_ports(port, port)
        for name, value in settings.items():
            self._container = self._container.with_env(name, value)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self._container.start()
        self._wait()

    def stop(self) -> None:
        self._container.stop()

    def kill9(self) -> None:
        self._container.get_wrapped_container().kill("SIGKILL")

    def restart(self) -> None:
        self._container.get_wrapped_container().start()
        self._wait()

    def _wait(self) -> None:
        KafkaBroker.wait_until_answering(self.port)


def make_broker(directory: Path) -> Broker:
    """A started broker, of whichever kind can run here."""
    local = KafkaBroker(directory)
    try:
        local.start()
    except NoKafka as trouble:
        if not docker_engine_answers():
            return _no_broker(trouble)
    else:
        return local
    container = ContainerBroker()
    container.start()
    return container


def _no_broker(trouble: NoKafka) -> Broker:
    if os.environ.get("CI"):
        pytest.fail(f"CI must run the Kafka suites: {trouble}")
    pytest.skip(str(trouble))


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The broker of this run. Leave it as you found it; to kill one, take `own_kafka_broker`."""
    broker = make_broker(tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.stop()


@pytest.fixture
def own_kafka_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker for one test, which may do to it what it likes."""
    broker = make_broker(tmp_path / "kafka")
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def kafka_connection(kafka_broker: Broker) -> Connection:
    return Connection(kafka_broker.address)


@pytest.fixture
async def kafka_environment(kafka_connection: Connection) -> str:
    """The name of an environment whose topics exist and are empty."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    await create_topics(kafka_connection, name)
    return name
