"""Two processes take requests over one Kafka: what revokes a session is known to both within a second.

A status query never reaches admission, so only what the process itself knows can refuse it. Read next:
libs/mkondo/adapters/http/callers.py.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mkondo.adapters.postgres.server import PostgresServer
from mkondo.testing.kafka import free_port
from mkondo.testing.kafka_fixtures import Broker
from mkondo.testing.platform import RunningPlatform
from tests.faults.services import Service
from tests.system.merchant import Connection, Merchant
from tests.system.test_management import Api

SECONDS = 1.0


@pytest.fixture
def postgres(folder: Path) -> Iterator[PostgresServer]:
    """A database server that is not the platform's own."""
    server = PostgresServer(folder / "server")
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


class Door(Merchant):
    """The same merchant, at another process."""

    def __init__(self, platform: RunningPlatform, address: str) -> None:
        super().__init__(platform, connections=1)
        self.close()
        self._free = asyncio.Queue()
        self._open = [Connection(address)]
        self._free.put_nowait(self._open[0])


@pytest.mark.timeout(150)
async def test_a_revoked_session_is_refused_by_every_process_within_a_second(
    folder: Path, postgres: PostgresServer, kafka_broker: Broker
) -> None:
    base, port = postgres.dsn("mkondo"), free_port()
    settings = {
        "MKONDO_DATABASE_URL": base,
        "MKONDO_KAFKA": kafka_broker.address,
        "MKONDO_KEYS": str(folder / "data"),
        "MKONDO_PORT": str(port),
        "MKONDO_RATE_PER_ADDRESS": "0",  # it asks as often as it can
    }
    options = ("--log", "kafka", "--kafka", kafka_broker.address, "--database-url", base)
    with RunningPlatform(folder / "data", *options) as platform:
        second = Service(folder, "front-2", ("edge_auth", "payments_ingress"), settings)
        try:
            second.begin()
            await asyncio.to_thread(second.until_ready)
            doors = [Door(platform, platform.demo["http"]), Door(platform, f"http://127.0.0.1:{port}")]
            for product in ("reversal", "b2b_payment", "query_beneficiary_name"):
                await _revoked(Api(platform, "application"), doors, product)
            second.stop()
        finally:
            second.end()
        platform.stop()


async def _revoked(api: Api, doors: list[Door], product: str) -> None:
    """Both sessions work, a product is switched off, and both are refused from a second later on."""
    for door in doors:
        assert (await door.open_session()).status == 200
    paid = await doors[0].pay()
    assert [(await door.status(paid.said("TransactionID"))).status for door in doors] == [200, 200]
    products = (await asyncio.to_thread(api.said, "GET", "applications/demo"))["products"]
    change = {"products": [name for name in products if name != product]}
    await asyncio.to_thread(api.said, "PATCH", "applications/demo", change)
    refused = await asyncio.gather(*(_until_refused(door, paid.said("TransactionID")) for door in doors))
    assert refused == ["Session is invalid", "Session is invalid"]
    payments = await asyncio.gather(*(door.pay() for door in doors))
    assert [(answer.status, answer.code) for answer in payments] == [(401, "INS-989")] * 2


async def _until_refused(door: Door, reference: str) -> Any:
    """The words of the refusal; a query that began later than a second after the change may not be answered."""
    changed = time.monotonic()
    while True:
        began = time.monotonic()
        answer = await door.status(reference)
        if answer.status != 200:
            return answer.text
        assert began - changed < SECONDS, f"still answered {began - changed:.2f} s after the change"
