"""Asked to stop while a customer is waited for: it says so, the customer may answer, and Ctrl-C ends it at once."""

import asyncio
import signal
from pathlib import Path

import pytest

from mkondo.testing.merchant_endpoint import MerchantEndpoint
from mkondo.testing.platform import RunningPlatform, verify
from tests.system.merchant import Answer, Merchant, merchant_of
from tests.system.test_asynchronous import ACCEPTANCE
from tests.system.test_commands import mkondo
from tests.system.test_management import MSISDN, Api

pytestmark = pytest.mark.timeout(120)


async def waiting_payment(platform: RunningPlatform, merchant: Merchant) -> "asyncio.Task[Answer]":
    """A payment whose customer has not answered yet."""
    handset = f"handsets/{MSISDN}?application=demo"
    Api(platform).said("PUT", handset, {"behaviour": "ask"})
    Api(platform).said("POST", "clock/advance", {"seconds": 2})
    paying = asyncio.create_task(merchant.pay(merchant.c2b(CustomerMSISDN=MSISDN)))
    async with asyncio.timeout(20):
        while not (await asyncio.to_thread(Api(platform).said, "GET", handset))["prompts"]:
            await asyncio.sleep(0.02)
    return paying


async def said(platform: RunningPlatform, words: str) -> None:
    async with asyncio.timeout(20):
        while words not in platform.said():
            await asyncio.sleep(0.02)


async def test_while_it_drains_a_customer_can_still_answer(folder: Path) -> None:
    with RunningPlatform(folder / "data") as platform:
        async with merchant_of(platform) as merchant:
            paying = await waiting_payment(platform, merchant)
            api = Api(platform)
            platform.signal(signal.SIGTERM)
            await said(platform, "Requests that still wait for their answer: 1")
            refused = await merchant.pay(merchant.c2b())
            assert (refused.status, refused.code) == (503, "INS-1")
            audited = await asyncio.to_thread(mkondo, "verify", "--data", str(platform.data))
            assert (audited.returncode, f"in use by process {platform.pid}" in audited.stderr) == (1, True), audited
            answer = {"action": "approve", "pin": "1234"}
            await asyncio.to_thread(api.said, "POST", f"handsets/{MSISDN}/answers?application=demo", answer)
            assert (await paying).status == 201
            assert await asyncio.to_thread(platform.wait, 10) == 0
        assert platform.postgres() == []
        assert not (platform.data / "up.json").exists()


async def test_ctrl_c_while_it_drains_ends_it_at_once_and_loses_nothing(folder: Path) -> None:
    with RunningPlatform(folder / "data") as platform:
        async with merchant_of(platform) as merchant:
            paid = await merchant.pay()
            paying = await waiting_payment(platform, merchant)
            platform.signal(signal.SIGINT)
            await said(platform, "Requests that still wait for their answer: 1")
            platform.signal(signal.SIGINT)
            assert await asyncio.to_thread(platform.wait, 5) == 130
            with pytest.raises((OSError, asyncio.IncompleteReadError)):
                await paying
        await asyncio.to_thread(platform.start)
        async with merchant_of(platform) as merchant:
            found = await merchant.status(paid.said("TransactionID"))
            assert found.said("ResponseTransactionStatus") == "Completed"
        verified = await asyncio.to_thread(verify, platform)
        assert verified.returncode == 0, verified


async def test_a_result_on_its_way_at_a_stop_is_pushed_again_soon_after_the_next_start(folder: Path) -> None:
    """And not when its lease of a minute has run out."""
    async with MerchantEndpoint.running() as endpoint:
        with RunningPlatform(folder / "data") as platform:
            async with merchant_of(platform) as merchant:
                fields = merchant.c2b(ResponseURL=endpoint.url("never"))
                assert list((await merchant.pay(fields)).body) == ACCEPTANCE
            await endpoint.arrivals(1)
            await asyncio.to_thread(platform.stop)
            await asyncio.to_thread(platform.start)
            await endpoint.arrivals(2, seconds=20)
