"""`kill -9` of everything that embedded mode is made of, at random moments, while 64 connections and more pay.

The platform is started again on the same data, or starts its Postgres again itself; in the end the client's own book
and the ledger must say the same. Read next: kills.py, comparison.py.
"""

import asyncio
import contextlib
import os
import random
import signal
from pathlib import Path

import psutil
import pytest

from mkondo.testing.kafka import free_port
from mkondo.testing.load import Load, merchants_of
from mkondo.testing.platform import RunningPlatform, verify
from tests.faults.comparison import check, read_ledger
from tests.faults.kills import Campaign

OURSELVES, POSTGRES, BACKEND, EVERYTHING = "mkondo up", "postmaster", "postgres backend", "everything at once"
KILLS = {OURSELVES: 10, POSTGRES: 9, BACKEND: 5, EVERYTHING: 6}
LIMIT_SECONDS = {OURSELVES: 5, POSTGRES: 30, BACKEND: 30, EVERYTHING: 30}
REFUSAL_SECONDS_MAX = 12
"""Longest that anybody waits to be told "try again"."""


@pytest.mark.timeout(480)
def test_what_was_acknowledged_survives_every_kill(folder: Path, seed: int) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with RunningPlatform(folder / "data", "--port", str(port), "--deadline-ms", "8000") as platform:
        with Load(merchants_of(platform.demo, address)) as load:
            campaign = Campaign(load, seed)
            kill_in_turn(platform, campaign, seed)
        print(load.summary())
        book = load.settle()
        check(book, asyncio.run(read_ledger(platform.dsn())))
        assert not [one for one in campaign.recoveries if one.all_seconds > one.limit_seconds]
        assert max(told.slowest_refusal_seconds for told in book) <= REFUSAL_SECONDS_MAX
        verified = verify(platform)
        assert verified.returncode == 0, verified
        assert "Traceback" not in platform.said()
        platform.stop()


def kill_in_turn(platform: RunningPlatform, campaign: Campaign, seed: int) -> None:
    """In an order chosen by the seed."""

    def kill_postmaster() -> None:
        os.kill(postmaster(platform), signal.SIGKILL)

    def kill_backend() -> None:
        os.kill(busiest_backend(platform), signal.SIGKILL)

    def kill_everything() -> None:
        """Nobody is left who could finish anything: the backends go first, in the middle of their commits."""
        for process in reversed(platform.postgres()):
            with contextlib.suppress(psutil.NoSuchProcess):  # the first ones take the others with them
                process.kill()
        platform.kill9()

    kills = {
        OURSELVES: platform.kill9,
        POSTGRES: kill_postmaster,
        BACKEND: kill_backend,
        EVERYTHING: kill_everything,
    }
    names = [name for name, times in KILLS.items() for _ in range(times)]
    random.Random(seed).shuffle(names)
    for name in names:
        campaign.kill(
            name, kills[name], LIMIT_SECONDS[name], nothing if name in (POSTGRES, BACKEND) else platform.start
        )


def nothing() -> None:
    """The platform brings its Postgres back itself."""


def postmaster(platform: RunningPlatform) -> int:
    return platform.postgres()[0].pid


def busiest_backend(platform: RunningPlatform) -> int:
    """The process that serves the connection with the most work behind it: surely in the middle of something."""
    return max(platform.postgres()[1:], key=_cpu_seconds).pid


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        return float(process.cpu_times().user)
    except psutil.NoSuchProcess:
        return 0.0
