"""The Kafka log of one environment, made where it is asked for: embedded mode never imports aiokafka."""

from mkondo.ports.log import Log


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
