"""`make kafka` and its command: up, status, down, and one line with the mend when it can't."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from mkondo.testing.kafka import CHECKOUT, KafkaBroker, NoKafka, answers, free_port
from mkondo.testing.kafka_fixtures import Broker

SCRIPT = str(CHECKOUT / "deploy" / "kafka" / "kafka")


def kafka(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": path or os.environ["PATH"]}
    command = ["/bin/bash", SCRIPT, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment)


@pytest.mark.timeout(120)
def test_up_starts_a_broker_that_stays_until_down(kafka_broker: Broker, tmp_path: Path) -> None:
    state = ("--state", str(tmp_path))
    assert kafka("status", *state).stderr == "Kafka is not running: make kafka\n"
    try:
        up = kafka("up", "--port", "0", *state)
        port = int(re.search(r"ready at 127\.0\.0\.1:(\d+)", up.stdout)[1])  # type: ignore[index]
        assert answers(port)
        assert "kafka down" in up.stdout
        assert f"already running at 127.0.0.1:{port}" in kafka("up", "--port", "0", *state).stdout
        assert f"running at 127.0.0.1:{port}" in kafka("status", *state).stdout
    finally:
        assert kafka("down", *state).returncode == 0
    assert not answers(port)
    assert kafka("down", *state).stdout == "Kafka is not running\n"


def test_a_busy_port_is_said_with_the_way_out(kafka_broker: Broker, tmp_path: Path) -> None:
    port = kafka_broker.address.rpartition(":")[2]
    refused = kafka("up", "--port", port, "--state", str(tmp_path))
    assert refused.returncode == 1
    assert refused.stderr == f"kafka: port {port} is busy: choose another one, or --port 0 for any free one\n"


def test_without_java_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    refused = kafka("up", "--port", "0", "--state", str(tmp_path), path=str(tmp_path / "bin"))
    assert refused.returncode == 1
    assert refused.stderr.startswith("kafka: no Java: install Java 17")
    assert refused.stderr.count("\n") == 1


def test_a_broker_that_cannot_start_points_at_its_log(kafka_broker: Broker, tmp_path: Path) -> None:
    """Somebody else takes the controller's port between choosing and starting."""
    broker = KafkaBroker(tmp_path / "broker", free_port())
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", broker._controller))
        squatter.listen()
        with pytest.raises(NoKafka, match=r"did not start, see .*broker\.log"):
            broker.start(timeout_seconds=30)
