"""A commands topic that no longer holds what its partition has not read stops that partition, and says what to do."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from mkondo.adapters.kafka.connection import Connection
from mkondo.adapters.kafka.log import KafkaLog
from mkondo.adapters.kafka.topics import create_topics, recreate_internal_topics
from mkondo.contracts.journal import Partition
from mkondo.ports.errors import Incompatible, TryLater
from mkondo.testing.conformance.log import LEDGER, OTHER_LEDGER, RecordingInbox, opened, publish, rows_to
from mkondo.testing.kafka import free_port
from mkondo.topology import commands_topic

MEND = "mkondo relay --new-incarnation"
PATIENCE_SECONDS = 20.0


@pytest.fixture
async def log(kafka_connection: Connection, kafka_environment: str) -> AsyncIterator[KafkaLog]:
    log = await KafkaLog.connect(kafka_connection, kafka_environment)
    yield log
    await log.close()


@pytest.fixture
async def admin(kafka_connection: Connection) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**kafka_connection.client_settings())
    await admin.start()
    yield admin
    await admin.close()


async def stopped(log: KafkaLog, partition: Partition) -> str:
    """The reason, as soon as the partition has stopped."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while partition not in log.stopped():  # it may never come, and nothing else tells
            await asyncio.sleep(0.02)
    return log.stopped()[partition]


async def three_commands_taken(log: KafkaLog) -> RecordingInbox:
    inbox = RecordingInbox()
    await log.attach(LEDGER, inbox)
    for number in range(3):
        await log.send_command(LEDGER, opened(number))
    await inbox.has(3)
    return inbox


async def test_commands_deleted_unread_are_noticed_at_attach(
    log: KafkaLog, admin: AIOKafkaAdminClient, kafka_environment: str
) -> None:
    taken = await three_commands_taken(log)
    await log.detach(LEDGER)
    await log.send_command(LEDGER, opened(3))
    topic = TopicPartition(commands_topic(kafka_environment, "ledger"), LEDGER.number)
    await admin.delete_records({topic: RecordsToDelete(4)})
    await log.attach(LEDGER, RecordingInbox(position=taken.taken[1].sequence))
    reason = await stopped(log, LEDGER)
    assert "begins at 4, after position 2" in reason
    assert MEND in reason


async def test_commands_deleted_after_they_were_read_are_nobodys_loss(
    log: KafkaLog, admin: AIOKafkaAdminClient, kafka_environment: str
) -> None:
    taken = await three_commands_taken(log)
    topic = TopicPartition(commands_topic(kafka_environment, "ledger"), LEDGER.number)
    await admin.delete_records({topic: RecordsToDelete(3)})
    await log.detach(LEDGER)
    inbox = RecordingInbox(position=taken.taken[-1].sequence)
    await log.attach(LEDGER, inbox)
    await log.send_command(LEDGER, opened(3))
    assert [received.message for received in await inbox.has(1)] == [opened(3)]
    assert not log.stopped()


async def test_a_topic_made_again_stops_the_partition_that_is_reading_it_and_others_go_on(
    log: KafkaLog, kafka_connection: Connection, kafka_environment: str
) -> None:
    inbox = await three_commands_taken(log)
    await recreate_internal_topics(kafka_connection, kafka_environment)
    reason = await stopped(log, LEDGER)
    assert MEND in reason
    await publish(log, rows_to(LEDGER, 1, 1))
    other = RecordingInbox()
    await log.attach(OTHER_LEDGER, other)
    await log.send_command(OTHER_LEDGER, opened(9))
    assert [received.message for received in await other.has(1)] == [opened(9)]
    assert len(inbox.taken) == 3


async def test_a_topic_made_again_is_noticed_even_when_it_has_outgrown_the_position(
    log: KafkaLog, kafka_connection: Connection, kafka_environment: str
) -> None:
    taken = await three_commands_taken(log)
    await log.detach(LEDGER)
    await recreate_internal_topics(kafka_connection, kafka_environment)
    for number in range(10, 20):
        await log.send_command(LEDGER, opened(number))
    inbox = RecordingInbox(position=taken.taken[-1].sequence)
    await log.attach(LEDGER, inbox)
    reason = await stopped(log, LEDGER)
    assert "deleted and made again" in reason
    assert inbox.taken == []
    from_the_beginning = RecordingInbox(position=0)
    await log.attach(LEDGER, from_the_beginning)
    assert len(await from_the_beginning.has(10)) == 10
    assert not log.stopped()


async def test_a_topic_that_is_gone_stops_the_partition(
    log: KafkaLog, admin: AIOKafkaAdminClient, kafka_environment: str
) -> None:
    await three_commands_taken(log)
    await admin.delete_topics([commands_topic(kafka_environment, "ledger")])
    reason = await stopped(log, LEDGER)
    assert MEND in reason


async def test_a_command_that_nobody_can_read_stops_its_partition_only(
    log: KafkaLog, kafka_connection: Connection, kafka_environment: str
) -> None:
    inbox, other = RecordingInbox(), RecordingInbox()
    await log.attach(LEDGER, inbox)
    await log.attach(OTHER_LEDGER, other)
    producer = AIOKafkaProducer(**kafka_connection.client_settings())
    await producer.start()
    headers = [("type", b"MoneyTeleported"), ("version", b"1")]
    topic = commands_topic(kafka_environment, "ledger")
    await producer.send_and_wait(topic, b"{}", partition=LEDGER.number, headers=headers)
    await producer.stop()
    assert "unknown message type 'MoneyTeleported'" in await stopped(log, LEDGER)
    await log.send_command(OTHER_LEDGER, opened(1))
    assert [received.message for received in await other.has(1)] == [opened(1)]
    assert inbox.taken == []


async def test_an_environment_without_topics_is_refused_with_the_command_that_makes_them(
    kafka_connection: Connection,
) -> None:
    with pytest.raises(Incompatible, match="mkondo init"):
        await KafkaLog.connect(kafka_connection, "never-initialised")


async def test_topics_are_made_once_and_then_left_as_they_are(
    kafka_connection: Connection, kafka_environment: str, log: KafkaLog
) -> None:
    await log.send_command(LEDGER, opened(1))
    await create_topics(kafka_connection, kafka_environment)
    inbox = RecordingInbox()
    await log.attach(LEDGER, inbox)
    assert [received.message for received in await inbox.has(1)] == [opened(1)]


async def test_no_broker_at_all_is_said_at_once() -> None:
    with pytest.raises(TryLater, match="does not answer"):
        await KafkaLog.connect(Connection(f"127.0.0.1:{free_port()}"), "sandbox")
