"""The public events as JSON Schemas (2020-12), one for each type and version, made from the structs themselves.

What the program of today writes comes from the table in events.py; versions that it only reads are kept, as they were
released, in released/. Read next: released/, compatibility.py.
"""

import inspect
from collections.abc import Iterator
from typing import Any

import msgspec

from mkondo.contracts.events import MESSAGES, MessageType

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


class PublicEvent(msgspec.Struct, frozen=True):
    """One version of one public event: what its JSON looks like, and in which family of topics it travels."""

    type: str
    version: int
    topic: str
    schema: Schema

    @property
    def name(self) -> str:
        """What files and messages of this version are called."""
        return f"{self.type}.v{self.version}"

    @property
    def description(self) -> str:
        """In words: the first sentence is a summary."""
        return str(self.schema["description"])


def public_events(messages: tuple[MessageType, ...] = MESSAGES) -> list[PublicEvent]:
    """What this program writes, in the order of the table."""
    return [PublicEvent(kind.name, kind.version, kind.topic, schema_of(kind.struct)) for kind in messages if kind.topic]


def schema_of(struct: type[msgspec.Struct]) -> Schema:
    """Complete in itself: what the event holds stands below `$defs`."""
    _, found = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    parts = {name: _in_plain_words(part) for name, part in found.items()}
    event = parts.pop(struct.__name__)
    schema = {"$schema": DIALECT, **event, **({"$defs": parts} if parts else {})}
    plain: Schema = msgspec.json.decode(msgspec.json.encode(schema))  # a default that is a tuple is a list in JSON
    return plain


def _in_plain_words(part: Schema) -> Schema:
    """Its docstring without the indentation, for reading."""
    told = {"description": inspect.cleandoc(part["description"])} if "description" in part else {}
    return part | told


def references(schema: Any) -> Iterator[str]:
    """The name of every part that a schema points to."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        schema = list(schema.values())
    if isinstance(schema, list):
        for one in schema:
            yield from references(one)
