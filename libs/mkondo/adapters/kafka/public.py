"""The public topics as a subscriber reads them: every family, from the first event or from now on, as CloudEvents JSON.

For people and scripts (`mkondo events tail --kafka`); docs/examples/subscriber.py is what a program would do.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Sequence

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from mkondo.adapters.kafka.connection import Connection
from mkondo.contracts.events import PUBLIC_TOPICS
from mkondo.ports.errors import TryLater
from mkondo.topology import public_topic

START_SECONDS = 20
_ATTRIBUTE = "ce_"


async def follow(
    connection: Connection, environment: str, types: Collection[str] = (), *, from_start: bool = False
) -> AsyncIterator[bytes]:
    """Each new event of these types (none: all) as one line; what comes twice is told once. TryLater when no broker
    answers, or the topics are not there."""
    topics = [public_topic(environment, family) for family in PUBLIC_TOPICS]
    consumer = AIOKafkaConsumer(
        *topics,
        **connection.client_settings(),
        client_id="mkondo-events",
        group_id=None,
        auto_offset_reset="earliest" if from_start else "latest",
    )
    # The client reports every failed attempt, ten a second while a broker is away; we say it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    await _start(consumer, connection)
    seen: dict[tuple[str, bytes], int] = {}
    try:
        while True:
            for partition, records in (await consumer.getmany(timeout_ms=1_000)).items():
                for record in records:
                    named = dict(record.headers)
                    place, sequence = (partition.topic, named["source"]), int(named["sequence"])
                    if sequence > seen.get(place, 0):
                        seen[place] = sequence
                        if not types or _type(named) in types:
                            yield structured(record.headers, record.value)
    finally:
        await consumer.stop()


async def _start(consumer: AIOKafkaConsumer, connection: Connection) -> None:
    """Returns when it stands at its first place: what is published from then on is not missed."""
    try:
        async with asyncio.timeout(START_SECONDS):
            await consumer.start()
            for partition in consumer.assignment():
                await consumer.position(partition)
    except (KafkaError, OSError, TimeoutError) as trouble:
        await consumer.stop()
        raise TryLater(
            f"Kafka does not answer at {connection.bootstrap}, or has no topics: start it, or name another with --kafka"
        ) from trouble


def _type(named: dict[str, bytes]) -> str:
    """`PaymentCompleted` of `mkondo.PaymentCompleted.v1`."""
    return named["ce_type"].decode().split(".")[1]


def structured(headers: Sequence[tuple[str, bytes]], value: bytes) -> bytes:
    """A record as it would be told over HTTP (contracts/cloud_events.py)."""
    about = {name.removeprefix(_ATTRIBUTE): text.decode() for name, text in headers if name.startswith(_ATTRIBUTE)}
    return msgspec.json.encode(about | {"datacontenttype": "application/json", "data": msgspec.Raw(value)})
