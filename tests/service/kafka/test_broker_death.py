"""The broker is killed in the middle of everything: what was acknowledged is there, in its order, and nobody helped."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial

import pytest

from mkondo.adapters.kafka.connection import Connection
from mkondo.adapters.kafka.log import KafkaLog
from mkondo.adapters.kafka.topics import create_topics
from mkondo.contracts.journal import Partition
from mkondo.domain.session import OpenSession
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.testing.conformance.log import LEDGER, RecordingInbox, opened, publish, rows_to, without_repeats
from mkondo.testing.kafka_fixtures import Broker

ENVIRONMENT = "sandbox"
RECOVERY_SECONDS = 30.0

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def log(own_kafka_broker: Broker) -> AsyncIterator[KafkaLog]:
    connection = Connection(own_kafka_broker.address)
    await create_topics(connection, ENVIRONMENT)
    log = await KafkaLog.connect(connection, ENVIRONMENT)
    yield log
    await log.close()


async def until(condition: Callable[[], bool], seconds: float = RECOVERY_SECONDS) -> float:
    """How long it took until the condition held."""
    started = time.monotonic()
    async with asyncio.timeout(seconds):
        while not condition():  # the moments come from other threads and processes
            await asyncio.sleep(0.02)
    return time.monotonic() - started


async def insist(work: Callable[[], Coroutine[None, None, None]]) -> None:
    """What a relay does: try again until it works."""
    while True:
        try:
            return await work()
        except TryLater:
            await asyncio.sleep(0.05)


async def test_rows_keep_their_order_and_none_is_lost_when_the_broker_dies_under_the_publisher(
    log: KafkaLog, own_kafka_broker: Broker
) -> None:
    inbox = RecordingInbox()
    sources = [Partition("admission", number) for number in range(4)]
    pieces, size = 300, 10
    published: Counter[Partition] = Counter()
    await log.attach(LEDGER, inbox)

    async def relay(source: Partition) -> None:
        for piece in range(pieces):
            rows = rows_to(LEDGER, piece * size + 1, piece * size + size, source)
            await insist(partial(publish, log, rows))
            published[source] += 1

    relays = [asyncio.ensure_future(relay(source)) for source in sources]
    await until(lambda: published.total() > 100)
    await asyncio.to_thread(own_kafka_broker.kill9)
    assert published.total() < pieces * len(sources), "the broker died too late to prove anything"
    await asyncio.to_thread(own_kafka_broker.restart)
    await asyncio.wait_for(asyncio.gather(*relays), RECOVERY_SECONDS)
    everything = list(range(1, pieces * size + 1))
    await until(lambda: all(inbox.sequences(str(source))[-1:] == everything[-1:] for source in sources))
    for source in sources:
        assert without_repeats(inbox.sequences(str(source))) == everything


async def test_commands_that_were_acknowledged_arrive_and_those_told_to_try_later_never_do(
    log: KafkaLog, own_kafka_broker: Broker
) -> None:
    inbox = RecordingInbox()
    await log.attach(LEDGER, inbox)
    acknowledged: list[int] = []
    refused: list[int] = []
    unknown: list[int] = []
    stop = asyncio.Event()

    async def ask(worker: int) -> None:
        number = worker * 1_000_000
        while not stop.is_set():
            number += 1
            try:
                await log.send_command(LEDGER, opened(number))
                acknowledged.append(number)
            except TryLater:
                refused.append(number)
                await asyncio.sleep(0.05)
            except CommitUnknown:
                unknown.append(number)

    workers = [asyncio.ensure_future(ask(worker)) for worker in range(64)]
    await until(lambda: len(acknowledged) > 500)
    await asyncio.to_thread(own_kafka_broker.kill9)
    await until(lambda: bool(refused))
    assert not log.healthy()
    before = len(acknowledged)
    await asyncio.to_thread(own_kafka_broker.restart)
    await until(lambda: len(acknowledged) > before + 500 and log.healthy())
    stop.set()
    await asyncio.wait_for(asyncio.gather(*workers), RECOVERY_SECONDS)
    await until(lambda: set(acknowledged) <= {number_of(received.message) for received in inbox.taken})
    offered = Counter(number_of(received.message) for received in inbox.taken)
    assert not set(refused) & set(offered), "certainly nothing was sent, it was said"
    assert set(offered) <= set(acknowledged) | set(unknown)


def number_of(message: object) -> int:
    assert isinstance(message, OpenSession)
    return int(message.session.removeprefix("session-"))


async def test_without_a_broker_callers_are_told_within_seconds_and_it_heals_by_itself(
    log: KafkaLog, own_kafka_broker: Broker
) -> None:
    await log.send_command(LEDGER, opened(1))
    await asyncio.to_thread(own_kafka_broker.stop)
    assert await until(lambda: not log.healthy()) < 5
    started = time.monotonic()
    with pytest.raises(TryLater):
        await log.send_command(LEDGER, opened(2))
    with pytest.raises(TryLater):
        await publish(log, rows_to(LEDGER, 1, 1))
    with pytest.raises(TryLater):
        await log.attach(LEDGER, RecordingInbox())
    assert time.monotonic() - started < 4
    await asyncio.to_thread(own_kafka_broker.restart)
    assert await until(log.healthy) < RECOVERY_SECONDS
    inbox = RecordingInbox()
    async with asyncio.timeout(RECOVERY_SECONDS):  # a broker answers before all its partitions have their leader again
        await insist(partial(log.attach, LEDGER, inbox))
        await insist(partial(log.send_command, LEDGER, opened(3)))
    assert [received.message for received in await inbox.has(2)] == [opened(1), opened(3)]


async def test_a_log_can_be_closed_while_the_broker_is_dead(own_kafka_broker: Broker) -> None:
    connection = Connection(own_kafka_broker.address)
    await create_topics(connection, ENVIRONMENT)
    log = await KafkaLog.connect(connection, ENVIRONMENT)
    await log.attach(LEDGER, RecordingInbox())
    await asyncio.to_thread(own_kafka_broker.kill9)
    sending = asyncio.ensure_future(log.send_command(LEDGER, opened(1)))
    await asyncio.sleep(0)
    async with asyncio.timeout(RECOVERY_SECONDS):
        await log.close()
        with pytest.raises((TryLater, CommitUnknown)):
            await sending
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not others, f"left behind: {others}"
