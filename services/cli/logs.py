"""The Kafka log of one environment, made where it is asked for: embedded mode never imports aiokafka."""

from mkondo.ports.log import Log


async def connect_kafka_log(bootstrap: str, environment: str) -> Log:
    """Raises TryLater when no broker answers, Incompatible when the topics are not those of this environment."""
    from mkondo.adapters.kafka.connection import Connection
    from mkondo.adapters.kafka.log import KafkaLog

    return await KafkaLog.connect(Connection(bootstrap), environment)
