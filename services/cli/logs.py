"""The Kafka log of one environment, made where it is asked for: embedded mode never imports aiokafka."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from mkondo.contracts.journal import Partition
from mkondo.ports.log import Log


@runtime_checkable
class Remote(Protocol):
    """A log with brokers between the processes, which may be out of reach."""

    def healthy(self) -> bool: ...
    def stopped(self) -> Mapping[Partition, str]: ...


def reachable(log: Log) -> bool:
    """Whether messages travel now, for every partition of this process."""
    return not isinstance(log, Remote) or (log.healthy() and not log.stopped())


async def connect_kafka_log(bootstrap: str, environment: str) -> Log:
    """Raises TryLater when no broker answers, Incompatible when the topics are not those of this environment."""
    from mkondo.adapters.kafka.connection import Connection
    from mkondo.adapters.kafka.log import KafkaLog

    return await KafkaLog.connect(Connection(bootstrap), environment)


async def prepare_topics(bootstrap: str, environment: str) -> None:
    """Make the topics that are missing. Raises TryLater when no broker answers."""
    from mkondo.adapters.kafka.connection import Connection
    from mkondo.adapters.kafka.topics import create_topics

    await create_topics(Connection(bootstrap), environment)


async def renew_internal_topics(bootstrap: str, environment: str) -> None:
    """Delete the internal topics and make them again, empty."""
    from mkondo.adapters.kafka.connection import Connection
    from mkondo.adapters.kafka.topics import recreate_internal_topics

    await recreate_internal_topics(Connection(bootstrap), environment)
