"""`kill -9` of every process of the distributed platform, and of the broker and the database below it, under load.

Admission, two members of the ledger, the front and the projector run as processes of their own over one real broker and
one Postgres. What is killed is started again by the test, as systemd or Kubernetes would. Read next: kills.py.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from mkondo.adapters.postgres.databases import environment_dsn
from mkondo.adapters.postgres.server import PostgresServer
from mkondo.testing.kafka import free_port
from mkondo.testing.kafka_fixtures import Broker
from mkondo.testing.load import Load, merchants_of
from mkondo.testing.platform import ROOT, RunningPlatform
from tests.faults.comparison import check, read_ledger
from tests.faults.kills import Campaign
from tests.faults.services import Service

SERVICES: Mapping[str, tuple[str, ...]] = {
    "admission": ("admission",),
    "ledger-1": ("ledger",),
    "ledger-2": ("ledger",),
    "front": ("edge_auth", "payments_ingress"),
    "projector": ("projector",),
}
BROKER, POSTGRES = "broker", "postmaster"
KILLS = {"ledger-1": 2, "ledger-2": 2, "admission": 3, "front": 2, "projector": 1, BROKER: 4, POSTGRES: 2}
OWN_SECONDS, OUTSIDE_SECONDS = 5, 30
DEADLINE_MS = 8_000


@pytest.fixture
def postgres(folder: Path) -> Iterator[PostgresServer]:
    """A database server that is not the platform's own."""
    server = PostgresServer(folder / "server")
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.mark.timeout(480)
def test_what_was_acknowledged_survives_every_kill(
    folder: Path, seed: int, postgres: PostgresServer, own_kafka_broker: Broker
) -> None:
    base, address = postgres.dsn("mkondo"), f"http://127.0.0.1:{free_port()}"
    demo = make_demo(folder / "data", base, own_kafka_broker)
    settings = {
        "MKONDO_DATABASE_URL": base,
        "MKONDO_KAFKA": own_kafka_broker.address,
        "MKONDO_KEYS": str(folder / "data"),
        "MKONDO_DEADLINE_MS": str(DEADLINE_MS),
        "MKONDO_RATE_PER_ADDRESS": "0",  # the load is one client's
        "MKONDO_RATE_PER_APPLICATION": "0",
    }
    port = {"MKONDO_PORT": address.rpartition(":")[2]}
    with ExitStack() as ends:
        services = {}
        for name, hosted in SERVICES.items():
            own = settings | port if name == "front" else settings
            services[name] = service = Service(folder, name, hosted, own)
            ends.callback(service.end)
            service.begin()
        for service in services.values():
            service.until_ready()
        with Load(merchants_of(demo, address)) as load:
            campaign = Campaign(load, seed)
            kill_in_turn(services, own_kafka_broker, postgres, campaign, seed)
        print(load.summary())
        book = load.settle()
        check(book, asyncio.run(read_ledger(environment_dsn(base, "sandbox"))))
        # Who waits for an answer that died with its sender hears of it after the deadline: "everybody" is later here.
        assert not [one for one in campaign.recoveries if one.first_seconds > one.limit_seconds]
        for service in reversed(services.values()):
            service.stop()
        for service in services.values():
            assert "Traceback" not in service.log_file.read_text(), service.said()
    verify(base)


def make_demo(data: Path, base: str, broker: Broker) -> Mapping[str, object]:
    """Databases, topics, keys and the demo's applications: `mkondo up` makes them all, and is stopped again."""
    options = ("--log", "kafka", "--kafka", broker.address, "--database-url", base)
    with RunningPlatform(data, *options) as platform:
        demo = platform.demo
        platform.stop()
    return demo


def kill_in_turn(
    services: Mapping[str, Service], broker: Broker, postgres: PostgresServer, campaign: Campaign, seed: int
) -> None:
    """In an order chosen by the seed."""

    def kill_postmaster() -> None:
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)

    def restart_postgres() -> None:
        asyncio.run(postgres.stop())
        asyncio.run(postgres.start())

    kills: dict[str, tuple[Callable[[], None], Callable[[], None], int]] = {
        name: (service.kill9, service.begin, OWN_SECONDS) for name, service in services.items()
    }
    kills[BROKER] = (broker.kill9, broker.restart, OUTSIDE_SECONDS)
    kills[POSTGRES] = (kill_postmaster, restart_postgres, OUTSIDE_SECONDS)
    names = [name for name, times in KILLS.items() for _ in range(times)]
    random.Random(seed).shuffle(names)
    for name in names:
        kill, bring_back, limit_seconds = kills[name]
        campaign.kill(name, kill, limit_seconds, bring_back)
        if name in services:
            services[name].until_ready()


def verify(base: str) -> None:
    command = [sys.executable, "-m", "services.cli", "verify", "--database-url", base]
    verified = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert verified.returncode == 0, verified
    print(verified.stdout)
