"""docs/asyncapi.json: the event topics as an AsyncAPI 3.0 document, with every schema in it; served at /docs too.

Read next: mkondo/contracts/released/, mkondo/contracts/cloud_events.py.
"""

import json
import sys
from typing import Any

from mkondo.contracts.cloud_events import ATTRIBUTES
from mkondo.contracts.events import PUBLIC_TOPICS
from mkondo.contracts.released import every_event
from mkondo.contracts.schemas import PublicEvent
from mkondo.domain.ids import PARTITIONS
from mkondo.topology import ENVIRONMENTS, public_topic

SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"

FAMILIES: dict[str, str] = {
    "payment-events": "Payments and requests from admission to their ending: approvals, reservations, reversals.",
    "ledger-events": "Accounts, journal entries, credits and holds: every change of a balance, with the balance.",
    "limit-events": "What payments used of their application's limits, or gave back.",
    "mandate-events": "Direct debits: mandates, and what is collected under them.",
    "application-events": "Applications, organisations, API keys and sessions.",
    "callback-events": "Results on their way to merchants: every attempt and what came of it.",
}
"""Each family of topics in a sentence."""

DELIVERY = (
    "At least once: an event may come again, after a restart of the relay even long ago ones. Keep, for each topic, "
    "the highest `sequence` of each `source`, and drop what is not above it.",
    f"Ordered per key: events of one key are in one of {PARTITIONS} partitions, in the order in which they happened. "
    "So are all events of one source that are in one topic.",
    "Kept for ever: a new subscriber reads from the first event.",
    "Immutable: an event is never rewritten. A version of a type only ever gets new optional fields, so ignore fields "
    "that you do not know; any other change is a new version, with another `ce_type`.",
    "Amounts are integers in minor units of their currency. Instants inside the data are milliseconds since 1970-01-01 "
    "UTC. An optional field that is missing has its default.",
)
"""What a subscriber may rely on."""

HEADERS = {
    "content-type": "`application/json`.",
    "source": "The source's short name, such as `ledger/3`: for dropping repeats.",
    "sequence": "The place in it as a plain number: in each topic take what is above the last one of its source.",
}
"""Beside those of CloudEvents."""


def document() -> dict[str, Any]:
    """The document. What a message says is a JSON Schema 2020-12."""
    events = every_event()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Mkondo event topics",
            "version": "1",
            "description": "\n".join(f"- {line}" for line in DELIVERY),
        },
        "defaultContentType": "application/json",
        "channels": {family: _channel(family, events) for family in PUBLIC_TOPICS},
        "operations": {f"publish-{family}": _operation(family, events) for family in PUBLIC_TOPICS},
        "components": {
            "messages": {event.name: _message(event) for event in events},
            "messageTraits": {
                "cloudEvent": {"headers": _headers(), "bindings": {"kafka": {"key": {"type": "string"}}}}
            },
        },
    }


def _channel(family: str, events: tuple[PublicEvent, ...]) -> dict[str, Any]:
    return {
        "address": public_topic("{environment}", family),
        "title": family,
        "description": FAMILIES[family],
        "parameters": {"environment": {"enum": list(ENVIRONMENTS), "description": "`openapi` is live."}},
        "messages": {event.name: {"$ref": f"#/components/messages/{event.name}"} for event in _of(family, events)},
        "bindings": {"kafka": {"partitions": PARTITIONS, "topicConfiguration": {"retention.ms": -1}}},
    }


def _operation(family: str, events: tuple[PublicEvent, ...]) -> dict[str, Any]:
    channel = f"#/channels/{family}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "summary": f"Mkondo publishes what happened. {FAMILIES[family]}",
        "messages": [{"$ref": f"{channel}/messages/{event.name}"} for event in _of(family, events)],
    }


def _of(family: str, events: tuple[PublicEvent, ...]) -> list[PublicEvent]:
    return [event for event in events if event.topic == family]


def _message(event: PublicEvent) -> dict[str, Any]:
    return {
        "name": f"mkondo.{event.name}",
        "title": f"{event.type}, version {event.version}",
        "summary": event.description.partition("\n\n")[0],
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"schemaFormat": SCHEMA_FORMAT, "schema": _embedded(event)},
    }


def _embedded(event: PublicEvent) -> Any:
    """A reference inside a document leads from the document's root: so the schema's parts are where it stands."""
    root = f"#/components/messages/{event.name}/payload/schema/$defs/"
    schema = {keyword: value for keyword, value in event.schema.items() if keyword != "$schema"}
    return json.loads(json.dumps(schema).replace('"#/$defs/', f'"{root}'))


def _headers() -> dict[str, Any]:
    cloud = {f"ce_{name}": says for name, says in ATTRIBUTES.items() if name != "datacontenttype"}
    said = cloud | HEADERS
    return {
        "type": "object",
        "required": list(said),
        "properties": {name: {"type": "string", "description": says} for name, says in said.items()},
    }


def as_text() -> str:
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text())
