"""The topics of an environment, made from the topology: their names, partitions and how long they keep what they get.

Internal topics may forget after 7 days: the journals in the store are the truth. Public ones keep for ever (G8).
Read next: topology.py for the names, wire.py for what is in them.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import msgspec
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code

from mkondo.adapters.kafka.connection import Connection
from mkondo.adapters.kafka.lookout import Lookout
from mkondo.contracts.events import PUBLIC_TOPICS
from mkondo.domain.ids import PARTITIONS
from mkondo.ports.errors import TryLater
from mkondo.topology import DECIDERS, REPLY_PARTITIONS, commands_topic, inbox_topic, public_topic, replies_topic

MOST_SECONDS = 30
FOR_EVER = -1
SEVEN_DAYS_MS = 7 * 86_400_000
TOPIC_EXISTS, UNKNOWN_TOPIC = 36, 3


class Topic(msgspec.Struct, frozen=True):
    """One topic: its name, the number of its partitions, and its retention in milliseconds."""

    name: str
    partitions: int
    retention_ms: int = SEVEN_DAYS_MS


def internal_topics(environment: str) -> list[Topic]:
    """Commands and routed rows of every decider, and replies: nobody outside may rely on them."""
    named = [topic(environment, decider) for decider in DECIDERS for topic in (commands_topic, inbox_topic)]
    return [Topic(name, PARTITIONS) for name in named] + [Topic(replies_topic(environment), REPLY_PARTITIONS)]


def public_topics(environment: str) -> list[Topic]:
    """The event topics of interfaces.md, all of them from the first day, so that others can subscribe."""
    return [Topic(public_topic(environment, family), PARTITIONS, FOR_EVER) for family in PUBLIC_TOPICS]


async def create_topics(connection: Connection, environment: str, replication: int = 1) -> None:
    """Make the topics that are missing; those that exist are left as they are. Raises TryLater."""
    topics = [*internal_topics(environment), *public_topics(environment)]
    async with _administrator(connection) as administrator:
        await _create(administrator, topics, replication)
        await _until_led(connection, topics)


async def recreate_internal_topics(connection: Connection, environment: str, replication: int = 1) -> None:
    """A new incarnation of the internal topics, empty. Command positions in the store must be set to 0 with it."""
    topics = internal_topics(environment)
    async with _administrator(connection) as administrator:
        await _delete(administrator, [topic.name for topic in topics])
        await _create(administrator, topics, replication)
        await _until_led(connection, topics)


@asynccontextmanager
async def _administrator(connection: Connection) -> AsyncIterator[AIOKafkaAdminClient]:
    administrator = AIOKafkaAdminClient(**connection.client_settings(), client_id="mkondo-admin")
    try:
        async with asyncio.timeout(MOST_SECONDS):
            await administrator.start()
            yield administrator
    except (KafkaError, OSError, TimeoutError) as trouble:
        raise TryLater(
            f"Kafka does not answer at {connection.bootstrap}: start it (`make kafka`), or name another with --kafka"
        ) from trouble
    finally:
        await administrator.close()


async def _create(administrator: AIOKafkaAdminClient, topics: Collection[Topic], replication: int) -> None:
    missing = {topic.name: topic for topic in topics}
    while missing:
        wanted = [
            NewTopic(
                name=topic.name,
                num_partitions=topic.partitions,
                replication_factor=replication,
                topic_configs={"retention.ms": str(topic.retention_ms)},
            )
            for topic in missing.values()
        ]
        answer = await administrator.create_topics(wanted)
        for name, code, *_ in answer.topic_errors:
            # A topic that is still being deleted exists and is gone by turns; asked for once more it says which.
            if code == 0 or (code == TOPIC_EXISTS and await _is_there(administrator, name)):
                del missing[name]
            elif code != TOPIC_EXISTS:
                raise for_code(code)(name)
        if missing:
            await asyncio.sleep(0.05)


async def _until_led(connection: Connection, topics: Collection[Topic]) -> None:
    """A creation is answered before the brokers have taken the partitions up. Return when every one has a leader."""
    every = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
    lookout = Lookout(connection)
    try:
        await lookout.open()
        while not await _is_led(lookout, every):
            await asyncio.sleep(0.05)
    finally:
        await lookout.close()


async def _is_led(lookout: Lookout, every: Collection[TopicPartition]) -> bool:
    try:
        return len(await lookout.extents(every)) == len(every)
    except TryLater:
        return False


async def _delete(administrator: AIOKafkaAdminClient, names: Collection[str]) -> None:
    answer = await administrator.delete_topics(list(names))
    for name, code in answer.topic_error_codes:
        if code not in (0, UNKNOWN_TOPIC):
            raise for_code(code)(name)
    for name in names:
        await _until_gone(administrator, name)


async def _until_gone(administrator: AIOKafkaAdminClient, name: str) -> None:
    """A deletion is answered before it is done, and the protocol has no way to be told when it is: ask again."""
    while await _is_there(administrator, name):
        await asyncio.sleep(0.05)


async def _is_there(administrator: AIOKafkaAdminClient, name: str) -> bool:
    return any(found["error_code"] == 0 for found in await administrator.describe_topics([name]))
