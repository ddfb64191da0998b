"""The schemas and the AsyncAPI document say what the program really writes."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from mkondo.contracts.events import PUBLIC_TOPICS
from mkondo.contracts.schemas import PublicEvent, public_events, references
from services.cli.documents import asyncapi
from services.cli.documents.schemas import as_files, file_name
from services.cli.published import published
from tests.contract.event_examples import file_of

EVENTS = public_events()
DOCUMENT = asyncapi.document()


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_a_schema_is_one_and_the_kept_bytes_follow_it(event: PublicEvent) -> None:
    Draft202012Validator.check_schema(event.schema)
    validator = Draft202012Validator(event.schema)
    for line in file_of(event.type, event.version).read_bytes().splitlines():
        validator.validate(msgspec.json.decode(line))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_a_schema_refuses_another_type_and_a_missing_field(event: PublicEvent) -> None:
    full = msgspec.json.decode(file_of(event.type, event.version).read_bytes().splitlines()[-1])
    validator = Draft202012Validator(event.schema)
    spoilt = [full | {"type": "Other"}, *({**full, name: {"no": [[]]}} for name in full), []]
    missing = [{key: value for key, value in full.items() if key != name} for name in event.schema["required"]]
    for one in (*spoilt, *missing):
        with pytest.raises(ValidationError):
            validator.validate(one)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_a_schema_is_complete_and_says_what_the_event_means(event: PublicEvent) -> None:
    assert set(references(event.schema)) == set(event.schema.get("$defs", {}))
    assert event.description.strip()


def test_the_document_has_every_event_in_its_family_once() -> None:
    assert list(DOCUMENT["channels"]) == list(PUBLIC_TOPICS) == list(asyncapi.FAMILIES)
    placed = {name: topic for topic, channel in DOCUMENT["channels"].items() for name in channel["messages"]}
    assert placed == {event.name: event.topic for event in EVENTS}
    assert DOCUMENT["components"]["messages"].keys() == placed.keys()


def test_each_reference_of_the_document_leads_somewhere() -> None:
    found = list(pointers(DOCUMENT))
    assert len(found) > len(EVENTS)
    for pointer in found:
        at: Any = DOCUMENT
        for step in pointer.removeprefix("#/").split("/"):
            assert step in at, pointer
            at = at[step]


def pointers(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from pointers(one)


def test_the_document_and_each_schema_are_served() -> None:
    served = published()
    assert msgspec.json.decode(served["/docs/asyncapi.json"].body) == DOCUMENT
    for event in EVENTS:
        document = served[f"/docs/events/{file_name(event)}"]
        assert document.media_type == "application/schema+json"
        assert msgspec.json.decode(document.body) == event.schema
    assert len(as_files()) >= len(EVENTS)
