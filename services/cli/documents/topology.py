"""docs/topology.md: the flow drawn from the topology table, and the topics it implies."""

import sys
from collections.abc import Iterator

from mkondo.contracts.events import PUBLIC_TOPICS
from mkondo.domain.ids import PARTITIONS
from mkondo.topology import DECIDERS, REPLY_PARTITIONS, TOPOLOGY, commands_topic, inbox_topic, replies_topic, sources_of


def page() -> str:
    """Markdown; the picture is Mermaid, which code hosts draw."""
    return "\n".join((*_head(), *_picture(), *_services(), *_topics(), ""))


def _head() -> Iterator[str]:
    yield "# The system as one table"
    yield ""
    yield "Made from `mkondo/topology.py` by `make generate`. Dashed boxes are places kept for later issues."
    yield ""


def _picture() -> Iterator[str]:
    yield "```mermaid"
    yield "flowchart LR"
    yield "    merchant([merchant])"
    for row in TOPOLOGY:
        yield f'    {row.service}["{row.service}<br/>{row.hosts}"]'
    yield "    merchant -- HTTP --> edge_auth & payments_ingress"
    yield "    edge_auth & payments_ingress -- command --> admission"
    for decider in DECIDERS:
        for source in sources_of(decider):
            yield f"    {source} -- events --> {decider}"
    everyone = " & ".join(DECIDERS)
    yield f"    {everyone} -. reply .-> payments_ingress"
    yield f"    {everyone} -- journals --> projector"
    yield "    callbacks -- HTTP --> merchant"
    unbuilt = [row.service for row in TOPOLOGY if not row.built]
    yield "    classDef later stroke-dasharray: 5 5"
    yield f"    class {','.join(unbuilt)} later"
    yield "```"
    yield ""


def _services() -> Iterator[str]:
    yield "| service | hosts | key | emits |"
    yield "|---|---|---|---|"
    for row in TOPOLOGY:
        emits = ", ".join(f"`{name}`" for name in row.emits) or ("–" if row.built else "*later*")
        yield f"| {row.service} | {row.hosts} | {row.key or '–'} | {emits} |"
    yield ""


def _topics() -> Iterator[str]:
    yield "## Topics (Kafka mode), per environment"
    yield ""
    yield "| topic | partitions | kept | for |"
    yield "|---|---|---|---|"
    for decider in DECIDERS:
        yield f"| `{commands_topic('{environment}', decider)}` | {PARTITIONS} | 7 days | commands to {decider} |"
        yield f"| `{inbox_topic('{environment}', decider)}` | {PARTITIONS} | 7 days | events routed to {decider} |"
    yield f"| `{replies_topic('{environment}')}` | {REPLY_PARTITIONS} | 7 days | replies to asking processes |"
    for family in PUBLIC_TOPICS:
        yield f"| `mkondo.{{environment}}.{family}` | {PARTITIONS} | for ever | other systems |"


if __name__ == "__main__":
    sys.stdout.write(page())
