"""The broker fixtures, for every test of this folder."""

from mkondo.testing.kafka_fixtures import kafka_broker as kafka_broker
from mkondo.testing.kafka_fixtures import kafka_connection as kafka_connection
from mkondo.testing.kafka_fixtures import kafka_environment as kafka_environment
from mkondo.testing.kafka_fixtures import own_kafka_broker as own_kafka_broker
