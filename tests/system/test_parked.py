"""`mkondo parked` beside a running platform: what waits is told, tried again, forgotten, and blocks nobody after."""

import subprocess
import sys
from pathlib import Path

from mkondo.adapters.postgres.store import connect_store
from mkondo.adapters.system.clock import SystemClock
from mkondo.contracts.journal import Partition, PartitionBatch
from mkondo.contracts.records import decode_event
from mkondo.domain.account import till, wallet
from mkondo.domain.ids import ApplicationId, Instant, RecordKey, partition_of
from mkondo.domain.ledger.keys import account_key
from mkondo.domain.payment import PaymentFailed
from mkondo.ports.log import Received
from mkondo.runtime.parking import ParkedMessages
from mkondo.testing.builders import DEADLINE_MS, HOUR_MS, admitted, later
from mkondo.testing.platform import ROOT, RunningPlatform
from tests.system.merchant import Merchant, merchant_of
from tests.system.test_commands import mkondo

DEMO = ApplicationId("demo")
TWENTY_SECONDS = later(DEADLINE_MS)


def parked(platform: RunningPlatform, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", "parked", *words, "--data", str(platform.data)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


async def park_one(platform: RunningPlatform, name: str, msisdn: str, deadline: Instant = TWENTY_SECONDS) -> RecordKey:
    """An admitted payment of this customer that no decider could decide, as its partition's owner would leave it."""
    customer = wallet(DEMO, msisdn, "TZS")
    shop = till(DEMO, "000000", "TZS")
    message = admitted(name, debited=customer, credited=shop, application=DEMO, deadline=deadline)
    partition = Partition("ledger", partition_of(customer))
    store = await connect_store(platform.dsn(), "sandbox")
    try:
        state = await store.acquire(partition, "test")
        waiting = ParkedMessages(partition, await store.load_kind(partition, "parked"))
        key, record = waiting.park(Received("test", 0, 0, message), account_key(customer), "RuntimeError: a bug")
        await store.commit([PartitionBatch(state, state, records={key: record})])
        return key
    finally:
        await store.close()


async def paid(merchant: Merchant, msisdn: str) -> int:
    return (await merchant.pay(merchant.c2b(CustomerMSISDN=msisdn))).status


async def test_what_is_parked_is_listed_retried_and_discarded(folder: Path) -> None:
    with RunningPlatform(folder / "data", "--deadline-ms", "500") as platform:
        async with merchant_of(platform) as merchant:
            retried = await park_one(platform, "p1", "255744000001")
            assert await paid(merchant, "255744000001") == 408, "it waits behind the parked one"
            assert await paid(merchant, "255744000002") == 201, "other customers do not"
            listed = parked(platform, "list").stdout.splitlines()
            assert listed[0] == f"{retried}  PaymentAdmitted  RuntimeError: a bug"
            assert listed[-1] == "sandbox: 2 parked"
            answer = parked(platform, "retry", retried)
            assert (answer.returncode, answer.stdout) == (
                0,
                f"{retried} is not parked any more; 0 in its partition are\n",
            )
            assert await paid(merchant, "255744000001") == 201
            discarded = await park_one(platform, "p2", "255744000003")
            assert parked(platform, "discard", discarded).returncode == 1, "it asks first"
            assert parked(platform, "discard", "--yes", discarded).returncode == 0
            assert await paid(merchant, "255744000003") == 201
            unknown = parked(platform, "retry", discarded)
            assert (unknown.returncode, unknown.stderr.strip()) == (
                1,
                f"Error: {discarded} is not parked: see `mkondo parked list`",
            )
        platform.stop()
        assert parked(platform, "list").stdout == "sandbox: 0 parked\n"


async def test_what_is_retried_is_decided_at_the_sandboxs_time(folder: Path) -> None:
    """Its deadline has passed there, whatever this machine's clock says: its money must not move any more."""
    with RunningPlatform(folder / "data") as platform:
        late = await park_one(platform, "p1", "255744000001", deadline=Instant(SystemClock().now() + HOUR_MS))
        assert mkondo("clock", "advance", "2h", "--data", str(platform.data)).returncode == 0
        assert parked(platform, "retry", late).returncode == 0
        store = await connect_store(platform.dsn(), "sandbox")
        try:
            outcome = await store.outcome("p1")
        finally:
            await store.close()
        assert outcome is not None
        ending = decode_event(outcome.data)
        assert isinstance(ending, PaymentFailed) and ending.status == "Expired"
