"""A database of its own that stays away: refused quickly, said by the probe, mended by itself, stopped anyway."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mkondo.adapters.postgres.databases import environment_dsn
from mkondo.adapters.postgres.server import PostgresServer
from mkondo.testing.kafka import free_port
from mkondo.testing.load import Load, merchants_of
from mkondo.testing.platform import RunningPlatform
from tests.faults.comparison import check, read_ledger
from tests.faults.outages import outage, slowest_refusal_seconds, stop_in_the_middle

REFUSAL_SECONDS_MAX = 5


@pytest.fixture
def postgres(folder: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(folder / "server")
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.mark.timeout(180)
def test_while_postgres_is_away_nothing_is_accepted_and_when_it_is_back_everything_goes_on(
    folder: Path, postgres: PostgresServer
) -> None:
    port, base = free_port(), postgres.dsn("mkondo")
    options = ("--port", str(port), "--deadline-ms", "8000", "--database-url", base)
    address = f"http://127.0.0.1:{port}"
    with RunningPlatform(folder / "data", *options) as platform:
        with Load(merchants_of(platform.demo, address)) as load:
            outage(load, address, lambda: kill9(postgres), lambda: restart(postgres), limit_seconds=30)
            stop_in_the_middle(load, lambda: kill9(postgres), platform.stop)
        restart(postgres)
        platform.start()
        check(load.settle(), asyncio.run(read_ledger(environment_dsn(base, "sandbox"))))
        assert slowest_refusal_seconds(load) <= REFUSAL_SECONDS_MAX
        platform.stop()
        assert "Traceback" not in platform.said()


def kill9(server: PostgresServer) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)


def restart(server: PostgresServer) -> None:
    asyncio.run(server.stop())
    asyncio.run(server.start())
