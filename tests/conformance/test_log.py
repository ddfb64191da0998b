"""Every log keeps the promises of ports/log.py: in memory, and on a real Apache Kafka."""

from collections.abc import AsyncIterator

import pytest

from mkondo.adapters.kafka.connection import Connection
from mkondo.adapters.kafka.log import KafkaLog
from mkondo.adapters.memory.log import MemoryLog
from mkondo.testing.conformance.log import LogConformance, LogWorld


class TestMemoryLog(LogConformance):
    @pytest.fixture
    def world(self) -> LogWorld:
        log = MemoryLog()
        return LogWorld(log, log, direct=True)


class TestKafkaLog(LogConformance):
    @pytest.fixture
    async def world(self, kafka_connection: Connection, kafka_environment: str) -> AsyncIterator[LogWorld]:
        log = await KafkaLog.connect(kafka_connection, kafka_environment)
        other = await KafkaLog.connect(kafka_connection, kafka_environment)
        yield LogWorld(log, other, direct=False)
        await log.close()
        await other.close()
