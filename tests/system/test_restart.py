"""Stopped and started again on the same data: nothing that anybody was told is forgotten."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mkondo.testing.platform import ROOT, RunningPlatform, verify
from tests.system.books import read_books
from tests.system.merchant import Answer, Merchant, merchant_of

pytestmark = pytest.mark.timeout(120)

ADDRESSES = {"http", "https", "ca_file"}
"""What may change in demo.json with every start."""


class Told:
    """The merchants' own record: answers, and the names of requests whose connection broke before one came."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.nothing: set[str] = set()
        self.enough = asyncio.Event()


async def test_stopped_in_full_flight_it_drains_and_goes_on_where_it_was(folder: Path) -> None:
    with RunningPlatform(folder / "data") as platform:
        demo = platform.demo
        merchant = Merchant(platform, connections=32)
        await merchant.open_session()
        bearer, customer = merchant.bearer, demo["customer_msisdn"]
        told = Told()
        clients = [asyncio.create_task(pay_until_it_closes(merchant, told)) for _ in range(32)]
        await asyncio.wait_for(told.enough.wait(), 30)
        await asyncio.to_thread(platform.stop)
        await asyncio.gather(*clients)
        merchant.close()
        assert platform.postgres() == []

        await asyncio.to_thread(platform.start)
        again = platform.demo
        assert {key: value for key, value in again.items() if key not in ADDRESSES} == {
            key: value for key, value in demo.items() if key not in ADDRESSES
        }
        assert again["http"] == platform.addresses["http"]
        merchant = Merchant(platform, connections=32)
        merchant.bearer = bearer  # the session of before
        await check_known(merchant, told.answers)
        books = await read_books(platform)
        assert all(books.posted[name] == (answer.status == 201) for name, answer in told.answers.items())
        assert not any(books.admitted[name] for name in told.nothing), "taken in, and never answered"
        assert (await merchant.pay(merchant.c2b(CustomerMSISDN=customer))).status == 201
        merchant.close()
        verified = await asyncio.to_thread(verify, platform)
        assert verified.returncode == 0, verified


async def test_killed_it_comes_back_with_every_payment_that_it_acknowledged(folder: Path) -> None:
    with RunningPlatform(folder / "data") as platform:
        merchant = Merchant(platform, connections=32)
        await merchant.open_session()
        told = Told()
        clients = [asyncio.create_task(pay_until_it_closes(merchant, told)) for _ in range(32)]
        await asyncio.wait_for(told.enough.wait(), 30)
        await asyncio.to_thread(platform.kill9)
        await asyncio.gather(*clients)
        merchant.close()
        await asyncio.to_thread(platform.start)
        async with merchant_of(platform, connections=32) as merchant:
            await check_known(merchant, told.answers)
        verified = await asyncio.to_thread(verify, platform)
        assert verified.returncode == 0, verified


async def check_known(merchant: Merchant, told: dict[str, Answer]) -> None:
    """Each acknowledged payment is found by any of its three references, and its id is still used up."""
    paid = [answer for answer in told.values() if answer.status == 201]
    assert len(paid) > 200
    for answer in paid[:: len(paid) // 50]:
        names = [answer.said(name) for name in ("TransactionID", "ConversationID", "ThirdPartyConversationID")]
        for found in await asyncio.gather(*map(merchant.status, names)):
            assert found.said("ResponseTransactionStatus") == "Completed"
            assert found.said("OriginalTransactionID") == names[0]
        repeated = await merchant.pay(merchant.c2b(ThirdPartyConversationID=names[2]))
        assert (repeated.status, repeated.code) == (409, "INS-10")
    for answer in await asyncio.gather(*(merchant.status(answer.said("TransactionID")) for answer in paid)):
        assert answer.said("ResponseTransactionStatus") == "Completed", json.dumps(answer.body)


async def pay_until_it_closes(merchant: Merchant, told: Told) -> None:
    """Until the platform takes no more."""
    while True:
        fields = merchant.c2b(Amount="1.00")
        name = fields["input_ThirdPartyConversationID"]
        try:
            told.answers[name] = await merchant.pay(fields)
        except (OSError, asyncio.IncompleteReadError):
            told.nothing.add(name)
            return
        if len(told.answers) >= 500:
            told.enough.set()


def test_a_stopped_one_is_not_said_to_run(folder: Path) -> None:
    with RunningPlatform(folder / "data") as platform:
        platform.stop()
        asked = subprocess.run(
            [sys.executable, "-m", "services.cli", "env", "--data", str(platform.data)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (asked.returncode, asked.stdout) == (1, "")
        assert "mkondo up" in asked.stderr
