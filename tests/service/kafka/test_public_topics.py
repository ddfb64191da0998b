"""What downstream systems read: CloudEvents in binary mode, by key, for ever, with what they need to drop repeats."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from mkondo.adapters.kafka.connection import Connection
from mkondo.adapters.kafka.log import KafkaLog
from mkondo.domain.ids import partition_of
from mkondo.testing.conformance.log import LEDGER, publish, rows_to
from mkondo.topology import commands_topic


@pytest.fixture
async def log(kafka_connection: Connection, kafka_environment: str) -> AsyncIterator[KafkaLog]:
    log = await KafkaLog.connect(kafka_connection, kafka_environment)
    yield log
    await log.close()


async def read(connection: Connection, topic: str, count: int) -> list[ConsumerRecord]:
    """The first records of a topic, as any consumer anywhere would read them."""
    consumer = AIOKafkaConsumer(topic, **connection.client_settings(), auto_offset_reset="earliest", group_id=None)
    await consumer.start()
    try:
        async with asyncio.timeout(20):
            return [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()


async def test_an_event_is_a_cloud_event_in_headers_with_json_data(
    log: KafkaLog, kafka_connection: Connection, kafka_environment: str
) -> None:
    await publish(log, rows_to(LEDGER, 1, 2))
    first, second = await read(kafka_connection, f"mkondo.{kafka_environment}.application-events", 2)
    assert dict(first.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"admission/0/1",
        "ce_source": f"/mkondo/{kafka_environment}/admission/0".encode(),
        "ce_type": b"mkondo.SessionRevoked.v1",
        "ce_time": b"2023-11-14T22:13:20.000Z",
        "ce_subject": b"app",
        "ce_partitionkey": b"app",
        "ce_sequence": b"0000000000000000001",
        "content-type": b"application/json",
        "source": b"admission/0",
        "sequence": b"1",
    }
    assert dict(second.headers)["sequence"] == b"2"
    assert (first.key, first.partition) == (b"app", partition_of("app"))
    assert msgspec.json.decode(first.value)["session"] == "session-1"


async def test_public_topics_keep_for_ever_and_internal_ones_for_seven_days(
    kafka_connection: Connection, kafka_environment: str
) -> None:
    public, internal = f"mkondo.{kafka_environment}.payment-events", commands_topic(kafka_environment, "ledger")
    assert await retention_of(kafka_connection, public) == -1
    assert await retention_of(kafka_connection, internal) == 7 * 24 * 3600 * 1000


async def retention_of(connection: Connection, topic: str) -> int:
    admin = AIOKafkaAdminClient(**connection.client_settings())
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    finally:
        await admin.close()
    (resource,) = answer.resources
    return int(next(entry[1] for entry in resource[4] if entry[0] == "retention.ms"))
