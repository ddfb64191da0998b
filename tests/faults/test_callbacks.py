"""`kill -9` of the platform, again and again, while results are pushed: each arrives at least once, repeats by its id.

The merchant goes on paying; the endpoint is in this process and outlives every kill. What was in hand when the platform
died is pushed again when its lease has run out, so at the end the sandbox's clock is moved on.
"""

import asyncio
import os
import random
from collections import defaultdict
from pathlib import Path

import pytest

from mkondo.testing.kafka import free_port
from mkondo.testing.merchant_endpoint import MerchantEndpoint, Received
from mkondo.testing.platform import RunningPlatform, verify
from tests.system.merchant import Merchant, merchant_of
from tests.system.test_callbacks import push_to
from tests.system.test_management import Api

KILLS = int(os.environ.get("MKONDO_TEST_CALLBACK_KILLS", "50"))
PAYERS = 6
BETWEEN_MAX = 40
"""At most so many more results have arrived when the next kill comes: how many, the seed says."""
SETTLE_SECONDS = 60


class Payers:
    """Merchants that go on paying, whatever happens to the platform, and note what was accepted."""

    def __init__(self, merchant: Merchant) -> None:
        self._merchant = merchant
        self.accepted: set[str] = set()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._pay()) for _ in range(PAYERS)]

    async def _pay(self) -> None:
        while not self._stopping:
            try:
                answer = await self._merchant.pay()
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.02)
                continue
            if answer.status == 201:
                self.accepted.add(answer.said("ConversationID"))

    async def stop(self) -> None:
        self._stopping = True
        await asyncio.gather(*self._tasks)


@pytest.mark.timeout(480)
async def test_every_result_arrives_at_least_once_and_repeats_carry_its_id(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    with RunningPlatform(folder / "data", "--port", str(free_port())) as platform:
        async with MerchantEndpoint.running() as endpoint, merchant_of(platform) as merchant:
            push_to(platform, endpoint.url())
            payers = Payers(merchant)
            payers.start()
            for _ in range(KILLS):
                await endpoint.arrivals(len(endpoint.received) + chance.randint(1, BETWEEN_MAX), SETTLE_SECONDS)
                await asyncio.to_thread(platform.kill9)
                await asyncio.to_thread(platform.start)
            await payers.stop()
            await all_arrive(platform, endpoint, payers.accepted)
            check(endpoint.received, payers.accepted)
        verified = verify(platform)
        assert verified.returncode == 0, verified
        assert "Traceback" not in platform.said()
        platform.stop()


async def all_arrive(platform: RunningPlatform, endpoint: MerchantEndpoint, accepted: set[str]) -> None:
    """The leases of what was in hand run out by the moved clock."""
    async with asyncio.timeout(SETTLE_SECONDS):
        while not accepted <= {got.headers["webhook-id"] for got in endpoint.received}:
            await asyncio.to_thread(Api(platform).said, "POST", "clock/advance", {"seconds": 61})


def check(received: list[Received], accepted: set[str]) -> None:
    bodies = defaultdict(set)
    for got in received:
        assert got.said["input_OriginalConversationID"] == got.headers["webhook-id"]
        bodies[got.headers["webhook-id"]].add(got.body)
    assert accepted <= bodies.keys(), "a result that was promised never came"
    assert all(len(told) == 1 for told in bodies.values()), "a repeat said something else"
    print(f"{KILLS} kills; {len(accepted)} accepted; {len(received)} arrived, {len(bodies)} of them for the first time")
