"""What is measured: the platform as processes of its own, in the ways it can be run.

Read next: measure.py.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from mkondo.adapters.client.client import MpesaClient, encrypt
from mkondo.adapters.postgres.databases import environment_dsn
from mkondo.adapters.postgres.server import PostgresServer
from mkondo.testing.kafka import KafkaBroker
from mkondo.testing.platform import ROOT, START_SECONDS, STOP_SECONDS, RunningPlatform


class Target(msgspec.Struct, frozen=True):
    """Where the load goes, and whose CPU counts. `bearer` is a session, encrypted once."""

    url: str
    path: str
    bearer: str
    session: str
    public_key: str
    pids: Mapping[str, int]
    dsn: str


async def target_of(demo: Mapping[str, Any], http: str, pids: Mapping[str, int], dsn: str) -> Target:
    """The demo's first market, with a session opened."""
    environment, market, key = demo["environment"], demo["market"], demo["public_key"]
    async with MpesaClient(http, environment, market, key, demo["api_key"]) as client:
        status, body = await client.open_session()
        if status != 200:
            raise RuntimeError(f"getSession: {status} {body}")
        path = f"/{environment}/ipg/v2/{market}/c2bPayment/singleStage/"
        return Target(http, path, encrypt(client.session, key), client.session, key, pids, dsn)


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Target]:
    """`mkondo up` on an empty data directory."""
    with RunningPlatform(folder / "embedded") as platform:
        pids = {"mkondo": platform.pid}
        yield await target_of(platform.demo, platform.addresses["http"], pids, platform.dsn())
        platform.stop()


@asynccontextmanager
async def on_kafka(folder: Path) -> AsyncIterator["OnKafka"]:
    """A Postgres and a broker. NoKafka, in one line with the mend, where no broker can run."""
    server, broker = PostgresServer(folder / "postgres"), KafkaBroker(folder / "kafka")
    (folder / "kafka").mkdir()
    try:
        await server.start()
        await asyncio.to_thread(broker.start)
        yield OnKafka(folder, server, broker)
    finally:
        await asyncio.to_thread(broker.stop)
        await server.stop()


class OnKafka:
    """The platform over Kafka, first in one process, then each service in its own, on the same data."""

    PROCESSES = (("edge_auth", "payments_ingress"), ("admission",), ("ledger",), ("projector",))

    def __init__(self, folder: Path, server: PostgresServer, broker: KafkaBroker) -> None:
        self._folder, self._server, self._broker = folder, server, broker
        self._url = server.dsn("mkondo")
        self._demo: Mapping[str, Any] = {}

    def _pids(self, **own: int) -> Mapping[str, int]:
        return {**own, "kafka": self._broker.pid, "postgres": self._server.pid or 0}

    @asynccontextmanager
    async def one_process(self) -> AsyncIterator[Target]:
        options = ("--log", "kafka", "--kafka", self._broker.address, "--database-url", self._url)
        with RunningPlatform(self._folder / "one", *options) as platform:
            self._demo = platform.demo
            yield await self._target(platform.addresses["http"], self._pids(mkondo=platform.pid))
            platform.stop()

    @asynccontextmanager
    async def separate(self) -> AsyncIterator[Target]:
        """After `one_process`, whose keys and application it goes on with."""
        processes = {services[-1]: self._serve(services) for services in self.PROCESSES}
        try:
            ready = {name: await self._ready(name, process) for name, process in processes.items()}
            pids = self._pids(**{name: process.pid for name, process in processes.items()})
            yield await self._target(ready["payments_ingress"]["http"], pids)
        finally:
            for process in processes.values():
                process.terminate()
            for process in processes.values():
                process.wait(STOP_SECONDS)

    def _serve(self, services: Sequence[str]) -> subprocess.Popen[bytes]:
        where = ("--database-url", self._url, "--kafka", self._broker.address, "--keys", str(self._folder / "one"))
        any_rate = ("--rate-per-address", "0", "--rate-per-application", "0")  # the load is one client's
        command = [sys.executable, "-m", "services.cli", "serve", *services, *where, *any_rate]
        with self._file(services[-1], "log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--ready-file", str(self._file(services[-1], "ready.json"))],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def _ready(self, name: str, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        file = self._file(name, "ready.json")
        async with asyncio.timeout(START_SECONDS):
            while not file.exists():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended: {self._file(name, 'log').read_text()[-2000:]}")
                await asyncio.sleep(0.05)
        addresses: dict[str, Any] = json.loads(file.read_text())
        return addresses

    def _file(self, name: str, ending: str) -> Path:
        return self._folder / f"{name}.{ending}"

    async def _target(self, http: str, pids: Mapping[str, int]) -> Target:
        return await target_of(self._demo, http, pids, environment_dsn(self._url, "sandbox"))
