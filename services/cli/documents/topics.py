"""deploy/topics.yaml: every topic of both environments, for those who make topics by other means than `mkondo init`."""

import sys

from mkondo.adapters.kafka.topics import internal_topics, public_topics
from mkondo.topology import ENVIRONMENTS


def page() -> str:
    """YAML: a list of name, partitions and retention in milliseconds (-1: for ever)."""
    lines = ["# Made from mkondo/topology.py by `make generate`.", "topics:"]
    for environment in ENVIRONMENTS:
        for topic in (*internal_topics(environment), *public_topics(environment)):
            lines += [
                f"  - name: {topic.name}",
                f"    partitions: {topic.partitions}",
                f"    retention_ms: {topic.retention_ms}",
            ]
    return "\n".join((*lines, ""))


if __name__ == "__main__":
    sys.stdout.write(page())
