"""What the cluster looks like right now: topic ids, leaders, first and last offsets. On a connection of its own.

The reader's connection waits in long polls, so questions that must be answered quickly don't go there. aiokafka asks
for metadata in a version without topic ids; the request below is version 12 of Kafka's protocol (Kafka 3.0 and newer).
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from io import BytesIO

import msgspec
from aiokafka import AIOKafkaClient, TopicPartition
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

from mkondo.adapters.kafka.connection import Connection
from mkondo.adapters.kafka.positions import Extent, fingerprint
from mkondo.ports.errors import TryLater

ANSWER_SECONDS = 3.0
EARLIEST, LATEST = -2, -1
UNKNOWN_TOPIC = 3


class Uuid(AbstractType[bytes]):
    """16 bytes, as they are."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


_PARTITION = CompactArray(
    ("error_code", Int16),
    ("partition", Int32),
    ("leader", Int32),
    ("leader_epoch", Int32),
    ("replicas", CompactArray(Int32)),
    ("in_sync", CompactArray(Int32)),
    ("offline", CompactArray(Int32)),
    ("tags", TaggedFields),
)
_TOPIC = CompactArray(
    ("error_code", Int16),
    ("name", CompactString("utf-8")),
    ("topic_id", Uuid),
    ("internal", Boolean),
    ("partitions", _PARTITION),
    ("operations", Int32),
    ("tags", TaggedFields),
)
_BROKER = CompactArray(
    ("node", Int32),
    ("host", CompactString("utf-8")),
    ("port", Int32),
    ("rack", CompactString("utf-8")),
    ("tags", TaggedFields),
)


class TopicsResponse(Response):
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", _BROKER),
        ("cluster_id", CompactString("utf-8")),
        ("controller", Int32),
        ("topics", _TOPIC),
        ("tags", TaggedFields),
    )


class TopicsRequestStruct(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = TopicsResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", Uuid), ("name", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_operations", Boolean),
        ("tags", TaggedFields),
    )


class TopicsRequest(Request[TopicsRequestStruct]):
    API_KEY = 3

    def __init__(self, names: Iterable[str]) -> None:
        self._names = names

    def build(self, request_struct_class: type[TopicsRequestStruct]) -> TopicsRequestStruct:
        return request_struct_class([(bytes(16), name, {}) for name in self._names], False, False, {})


class Topic(msgspec.Struct, frozen=True):
    """A topic as the cluster knows it: its random id, and the leader of each partition (-1: none now)."""

    topic_id: bytes
    leaders: dict[int, int]


class Lookout:
    """Asks the cluster. Every method raises TryLater when no answer comes in time."""

    def __init__(self, connection: Connection) -> None:
        self._client = AIOKafkaClient(
            **connection.client_settings(), client_id="mkondo-lookout", request_timeout_ms=int(ANSWER_SECONDS * 1000)
        )

    async def open(self) -> None:
        async with _in_time():
            await self._client.bootstrap()

    async def close(self) -> None:
        await self._client.close()

    async def topics(self, names: Collection[str]) -> dict[str, Topic]:
        """Those of the topics that exist."""
        async with _in_time():
            answer = await self._client.send(self._client.get_random_node(), TopicsRequest(names))
        found = {}
        for error_code, name, topic_id, _, partitions, *_ in answer.topics:
            if error_code == UNKNOWN_TOPIC:
                continue
            if error_code:
                raise TryLater(f"{name}: {for_code(error_code).__name__}")
            found[name] = Topic(topic_id, {number: leader for _, number, leader, *_ in partitions})
        return found

    async def extents(self, wanted: Collection[TopicPartition]) -> dict[TopicPartition, Extent]:
        """What each of the partitions holds, all of one moment; a partition whose topic is gone is absent."""
        topics = await self.topics({partition.topic for partition in wanted})
        there = [partition for partition in wanted if partition.topic in topics]
        starts = await self._offsets(there, topics, EARLIEST)
        ends = await self._offsets(there, topics, LATEST)
        return {
            partition: Extent(starts[partition], ends[partition], fingerprint(topics[partition.topic].topic_id))
            for partition in there
        }

    async def _offsets(
        self, wanted: Iterable[TopicPartition], topics: Mapping[str, Topic], which: int
    ) -> dict[TopicPartition, int]:
        by_leader: dict[int, dict[str, list[tuple[int, int]]]] = {}
        for topic, partition in wanted:
            leader = topics[topic].leaders.get(partition, -1)
            by_leader.setdefault(leader, {}).setdefault(topic, []).append((partition, which))
        if -1 in by_leader:
            raise TryLater(f"no leader for {next(iter(by_leader[-1]))}")
        found: dict[TopicPartition, int] = {}
        for leader, asked in by_leader.items():
            async with _in_time():
                answer = await self._client.send(leader, OffsetRequest(-1, 0, list(asked.items())))
            for topic, partitions in answer.topics:
                for partition, error_code, *_, offset in partitions:
                    if error_code:
                        raise TryLater(f"{topic}: {for_code(error_code).__name__}")
                    found[TopicPartition(topic, partition)] = offset
        return found


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """No answer, for whichever reason, is TryLater: asking changes nothing."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
    except (KafkaError, OSError, TimeoutError) as trouble:
        raise TryLater(f"Kafka does not answer: {trouble or type(trouble).__name__}") from trouble
