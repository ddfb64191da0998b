"""The events of a running platform over HTTP and from the command line: followed, kept, and gone on with."""

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from mkondo.adapters.keys.tokens import load_or_create_tokens
from mkondo.domain.ids import partition_of
from mkondo.testing.platform import RunningPlatform
from tests.system.balances import agrees, stored_balances
from tests.system.merchant import Merchant, merchant_of
from tests.system.operations import ask
from tests.system.processes import kept, running, until
from tests.system.test_commands import mkondo
from tests.system.test_management import Api

KILLS = 5
PAYMENTS = 20
"""Between two kills."""


def follower(platform: RunningPlatform, file: Path) -> Any:
    token = platform.demo["tokens"]["operator"]
    return running("-m", "tests.system.follower", platform.addresses["http"], token, str(file))


async def pay(merchant: Merchant, times: int) -> None:
    answers = await asyncio.gather(*(merchant.pay() for _ in range(times)))
    assert all(answer.status == 201 for answer in answers), answers


@pytest.mark.timeout(120)
async def test_a_subscriber_that_comes_late_and_is_killed_knows_every_balance_in_the_end(
    platform: RunningPlatform, merchant: Merchant, folder: Path
) -> None:
    file = folder / "balances.json"
    await pay(merchant, PAYMENTS)  # it comes late
    for _ in range(KILLS):
        before = sum(kept(file)["seen"].values())
        with follower(platform, file) as process:
            await pay(merchant, PAYMENTS)

            async def it_reads(process: Any = process, before: int = before) -> bool:
                assert process.poll() is None
                return bool(sum(kept(file)["seen"].values()) > before)

            await until(it_reads)  # then it is killed, wherever it is
    with follower(platform, file) as process:

        async def it_agrees() -> bool:
            assert process.poll() is None
            now = kept(file)
            if not agrees(now["balances"], await stored_balances(platform.dsn())):
                return False
            return bool(sum(now["seen"].values()) == len(await platform.journal()))

        await until(it_agrees)
    seen = kept(file)["seen"]
    print(f"{sum(seen.values())} events, {len(kept(file)['balances'])} balances, {KILLS} kills")


async def test_a_subscriber_by_pages_knows_every_balance(platform: RunningPlatform, merchant: Merchant) -> None:
    from tests.system.follower import take

    await pay(merchant, PAYMENTS)
    api, told, after = Api(platform), kept(Path("none")), ""

    async def it_agrees() -> bool:
        nonlocal after
        headers = api.headers | {"Accept": "application/json"}
        address = f"{api.root}/events?limit=50&after={after}"
        page = (await asyncio.to_thread(httpx.get, address, headers=headers, timeout=40)).json()
        after = page["next"]
        for event in page["events"]:
            take(event, told)
        return not page["more"] and agrees(told["balances"], await stored_balances(platform.dsn()))

    await until(it_agrees)


async def test_each_event_lies_in_the_partition_of_its_key(platform: RunningPlatform, merchant: Merchant) -> None:
    """So all events of a source are in one partition of a topic, and the highest sequence tells repeats."""
    await pay(merchant, 1)
    rows = await platform.journal()
    assert [row for row in rows if partition_of(row.key) != int(row.source.rpartition("/")[2])] == []


def of_reversals(platform: RunningPlatform, token: str, after: str) -> tuple[dict[str, Any], str]:
    """The page behind a cursor as its bearer reads it, the events' data by type and payment; and the next cursor."""
    query = {"types": "PaymentReversed,ReversalDeclined", "after": after}
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    answer = httpx.get(f"{Api(platform).root}/events", params=query, headers=headers, timeout=40)
    assert answer.is_success and not answer.json()["more"], answer.text
    told = [event["data"] for event in answer.json()["events"]]
    return {f"{data['type']} {data['payment_id']}": data for data in told}, answer.json()["next"]


async def test_a_merchant_hears_what_became_of_its_reversals_and_nothing_of_anybody_elses(
    platform: RunningPlatform, merchant: Merchant
) -> None:
    tokens = load_or_create_tokens(platform.data / "keys" / "tokens.key")
    everybodys, mine, others = (
        tokens.issue(whose) for whose in ("operator", "application/demo", "application/demo-strict")
    )
    _, start = of_reversals(platform, everybodys, "latest")
    payment = await merchant.pay()
    name, asked = payment.said("ConversationID"), {"TransactionID": payment.said("TransactionID")}
    async with merchant_of(platform, api_key=platform.demo["strict_api_key"]) as stranger:
        foreign = await ask(stranger, "reversal", **asked)
    back, again = [await ask(merchant, "reversal", **asked) for _ in range(2)]
    assert [answer.code for answer in (foreign, back, again)] == ["INS-35", "INS-0", "INS-6"]

    async def all_are_told() -> bool:
        return len(of_reversals(platform, everybodys, start)[0]) == 3

    await until(all_are_told)
    told, _ = of_reversals(platform, mine, start)
    assert told.keys() == {
        f"PaymentReversed {back.said('ConversationID')}",
        f"ReversalDeclined {again.said('ConversationID')}",
    }
    assert {data["original"] for data in told.values()} == {name}
    told, _ = of_reversals(platform, others, start)
    assert told.keys() == {f"ReversalDeclined {foreign.said('ConversationID')}"}
    assert name not in str(told), "it is told of what it has named, and not of whose that is"


async def test_events_are_exported_and_the_file_is_gone_on_with(
    platform: RunningPlatform, merchant: Merchant, folder: Path
) -> None:
    file, data = folder / "events.jsonl", ("--data", str(platform.data))
    await pay(merchant, 1)
    first = json.loads(mkondo("events", "export", str(file), "--json", *data).stdout)
    assert first["events"] == first["new"] == len(file.read_bytes().splitlines()) > 0
    again = json.loads(mkondo("events", "export", str(file), "--json", *data).stdout)
    whole = file.read_bytes()
    ids = [json.loads(line)["id"] for line in whole.splitlines()]
    assert again["events"] == len(ids) == len(set(ids))
    file.write_bytes(whole[: len(whole) * 2 // 3])  # it was killed while it wrote
    said = mkondo("events", "export", str(file), *data)
    assert said.returncode == 0 and " of them new, from " in said.stdout, said
    assert {json.loads(line)["id"] for line in file.read_bytes().splitlines()} >= set(ids)
    journal = {f"{row.source}/{row.sequence}": row.data for row in await platform.journal()}
    for line in file.read_bytes().splitlines():
        event = json.loads(line)
        assert event["data"] == json.loads(journal[event["id"]])


def test_what_is_no_export_is_left_as_it_is(platform: RunningPlatform, folder: Path) -> None:
    file, data = folder / "notes.txt", ("--data", str(platform.data))
    file.write_text("remember the milk\n")
    refused = mkondo("events", "export", str(file), *data)
    assert (refused.returncode, file.read_text()) == (1, "remember the milk\n")
    assert "choose another file" in refused.stderr
    assert mkondo("events", "export", str(folder / "no" / "x"), *data).returncode == 1


def test_the_tail_begins_where_it_is_told(platform: RunningPlatform) -> None:
    data = ("--data", str(platform.data))
    told = mkondo("events", "tail", "--from-start", "--count", "3", "--json", *data).stdout.splitlines()
    assert len(told) == 3 and all(json.loads(line)["specversion"] == "1.0" for line in told)
    line = mkondo("events", "tail", "--from-start", "--count", "1", "--types", "PaymentCompleted", *data).stdout
    assert "PaymentCompleted.v1" in line
    assert mkondo("events", "tail", "--types", "RequestPayment", *data).returncode == 2
    assert mkondo("events", "tail", "--after", "x", "--from-start", *data).returncode == 2
    refused = mkondo("events", "tail", "--after", "nonsense", *data)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused


@pytest.mark.timeout(120)
async def test_a_stop_ends_streams_at_once_and_a_tail_waits_and_goes_on(folder: Path) -> None:
    with RunningPlatform(folder / "data") as platform, open(folder / "tail.txt", "wb") as out:
        data, types = ("--data", str(platform.data)), ("--types", "PaymentCompleted")
        with running(
            "-m", "services.cli", "events", "tail", "--json", "--from-start", *types, *data, stdout=out
        ) as tail:
            async with merchant_of(platform) as merchant:
                await pay(merchant, 3)

            async def told(count: int) -> bool:
                assert tail.poll() is None
                return len((folder / "tail.txt").read_bytes().splitlines()) >= count

            await until(lambda: told(3))
            began = time.monotonic()
            await asyncio.to_thread(platform.stop)
            assert time.monotonic() - began < 4, "it waited for a stream"
            assert "Traceback" not in platform.said()
            await asyncio.to_thread(platform.start)
            async with merchant_of(platform) as merchant:
                await pay(merchant, 2)
            await until(lambda: told(5))
            tail.send_signal(signal.SIGINT)
            assert await asyncio.to_thread(tail.wait, 10) == 0
        lines = [json.loads(line)["id"] for line in (folder / "tail.txt").read_bytes().splitlines()]
        assert len(lines) == len(set(lines)) >= 5
        platform.stop()
