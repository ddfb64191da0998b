"""The example of docs/events.md on a real broker: late, killed and told much twice, it knows every balance."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from mkondo.adapters.kafka.connection import Connection
from mkondo.adapters.kafka.public import follow
from mkondo.contracts import codec
from mkondo.contracts.cloud_events import structured
from mkondo.testing.kafka_fixtures import Broker
from mkondo.testing.platform import ROOT, RunningPlatform
from services.cli.logs import connect_kafka_log
from tests.system.balances import agrees, stored_balances
from tests.system.merchant import merchant_of
from tests.system.processes import kept, running, until
from tests.system.test_commands import mkondo

EXAMPLE = ROOT / "docs" / "examples" / "subscriber.py"
TOPIC = "mkondo.sandbox.ledger-events"
KILLS, PAYMENTS = 4, 15


async def told_twice(platform: RunningPlatform, broker: Broker) -> int:
    """Half of what was published is published once more, as a relay does that died before it had written down how far
    it was: whoever took it for news would go back to old balances. Returns how many events that were."""
    rows = [row for row in await platform.journal() if row.source.startswith("ledger/")]
    rows = rows[: len(rows) // 2]
    log = await connect_kafka_log(broker.address, "sandbox")
    await log.publish(rows, [codec.decode(row.type, row.version, row.data) for row in rows])
    await log.close()
    return len(rows)


async def first(connection: Connection, count: int) -> list[bytes]:
    """The first events of all topics."""
    events = follow(connection, "sandbox", from_start=True)
    try:
        async with asyncio.timeout(30):
            return [await anext(events) for _ in range(count)]
    finally:
        await events.aclose()  # type: ignore[attr-defined]


@pytest.mark.timeout(240)
async def test_the_example_knows_every_balance_whatever_happens_to_it(own_kafka_broker: Broker, tmp_path: Path) -> None:
    file, broker = tmp_path / "balances.json", own_kafka_broker
    command = (str(EXAMPLE), broker.address, TOPIC, str(file))
    with RunningPlatform(tmp_path / "data", "--log", "kafka", "--kafka", broker.address) as platform:
        async with merchant_of(platform) as merchant:

            async def pay() -> None:
                answers = await asyncio.gather(*(merchant.pay() for _ in range(PAYMENTS)))
                assert all(answer.status == 201 for answer in answers), answers

            await pay()  # it comes late
            for _ in range(KILLS):
                before = sum(kept(file)["seen"].values())
                with running(*command) as process:
                    await pay()

                    async def it_reads(process: Any = process, before: int = before) -> bool:
                        assert process.poll() is None
                        return bool(sum(kept(file)["seen"].values()) > before)

                    await until(it_reads)  # then it is killed, wherever it is

        async def it_agrees() -> bool:
            return agrees(kept(file)["balances"], await stored_balances(platform.dsn()))

        with running(*command):
            await until(it_agrees)
        seen = kept(file)["seen"]
        twice = await told_twice(platform, broker)
        with running(*command):  # it was away meanwhile
            async with merchant_of(platform) as merchant:
                assert (await merchant.pay()).status == 201

            async def it_read_the_last() -> bool:
                return bool(sum(kept(file)["seen"].values()) > sum(seen.values())) and await it_agrees()

            await until(it_read_the_last)
        print(f"{sum(kept(file)['seen'].values())} ledger events, {twice} of them twice, {KILLS} kills")
        await the_topics_tell_the_journal(platform, broker)
        platform.stop()


async def the_topics_tell_the_journal(platform: RunningPlatform, broker: Broker) -> None:
    """Every event is there once for who drops repeats, and the same as over HTTP; the command line shows it."""
    journal = {f"{row.source}/{row.sequence}": structured("sandbox", row) for row in await platform.journal()}
    events = await first(Connection(broker.address), len(journal))
    assert {json.loads(event)["id"]: json.loads(event) for event in events} == {
        name: json.loads(event) for name, event in journal.items()
    }
    tail = ("events", "tail", "--kafka", broker.address, "--from-start", "--count", "2")
    said = await asyncio.to_thread(mkondo, *tail, "--types", "PaymentCompleted", "--json")
    assert [json.loads(line)["type"] for line in said.stdout.splitlines()] == ["mkondo.PaymentCompleted.v1"] * 2, said


def test_a_tail_without_a_broker_says_what_to_do() -> None:
    """Its name says kafka, but nothing answers there."""
    said = mkondo("events", "tail", "--kafka", "127.0.0.1:1")
    assert (said.returncode, said.stderr.count("\n")) == (1, 1), said
    assert "--kafka" in said.stderr
