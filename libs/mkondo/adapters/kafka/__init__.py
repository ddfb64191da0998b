"""The log on Apache Kafka. Read in this order: topics, wire, positions, lookout, courier, reader, log."""
