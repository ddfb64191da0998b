"""The gate in front of a release: what was promised of public events holds, and each way to break it is noticed."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from msgspec.structs import replace

from mkondo.contracts.compatibility import breaches
from mkondo.contracts.released import frozen, last_release
from mkondo.contracts.schemas import PublicEvent, Schema, public_events

NOW = public_events()
Spoil = Callable[[Schema], object]


def named(name: str, events: list[PublicEvent] = NOW) -> PublicEvent:
    return next(event for event in events if event.type == name)


def test_todays_events_keep_what_the_last_release_promised() -> None:
    broken = breaches(last_release().events, NOW)
    assert not broken, "\n" + "\n".join(broken)


def changed(name: str, spoil: Spoil) -> list[PublicEvent]:
    """Today's events with one schema changed."""
    schema = deepcopy(named(name).schema)
    spoil(schema)
    return [replace(event, schema=schema) if event.type == name else event for event in NOW]


def part(schema: Schema, name: str) -> Any:
    return schema["$defs"][name]


PLANTED: dict[str, tuple[str, Spoil, str]] = {
    "a field is removed": ("CreditApplied", lambda s: s["properties"].pop("minor"), "minor is gone"),
    "a field is renamed": (
        "CreditApplied",
        lambda s: s["properties"].update({"minor_units": s["properties"].pop("minor")}),
        "minor is gone",
    ),
    "a new field is required": (
        "CreditApplied",
        lambda s: (s["properties"].update({"rate": {"type": "integer"}}), s["required"].append("rate")),
        "rate is required",
    ),
    "an optional field becomes required": ("JournalEntryPosted", lambda s: s["required"].append("market"), "market is"),
    "a required field becomes optional": ("CreditApplied", lambda s: s["required"].remove("minor"), "may be left out"),
    "a type changes": (
        "CreditApplied",
        lambda s: s["properties"].update({"minor": {"type": "string"}}),
        "minor was integer and is string",
    ),
    "a type widens": (
        "CreditApplied",
        lambda s: s["properties"].update({"minor": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}),
        "minor was integer",
    ),
    "a default changes": (
        "JournalEntryPosted",
        lambda s: s["properties"]["in_transit"].update(default=False),
        "in_transit: its default was True and is False",
    ),
    "a field deep inside is removed": (
        "PaymentCompleted",
        lambda s: part(s, "Payment")["properties"].pop("customer"),
        "payment.customer is gone",
    ),
    "a field of a choice is removed": (
        "PaymentCompleted",
        lambda s: part(s, "Original")["properties"].pop("minor"),
        "purpose.original.minor is gone",
    ),
    "an enum narrows": (
        "AccountStatusChanged",
        lambda s: part(s, "AccountStatus")["enum"].remove("Locked"),
        "status could be",
    ),
    "an enum widens": (
        "AccountStatusChanged",
        lambda s: part(s, "AccountStatus")["enum"].append("Dormant"),
        "status could be",
    ),
    "a union narrows": (
        "PaymentCompleted",
        lambda s: s["properties"]["purpose"]["anyOf"].pop(0),
        "purpose could be",
    ),
    "a place of an array changes": (
        "JournalEntryPosted",
        lambda s: part(s, "Posting")["prefixItems"].reverse(),
        "postings[0][0] was string and is integer",
    ),
    "a place of an array is removed": (
        "JournalEntryPosted",
        lambda s: part(s, "Posting")["prefixItems"].pop(),
        "postings[0][2] was integer and is None",
    ),
    "a place of an array is required": (
        "JournalEntryPosted",
        lambda s: part(s, "Posting").update(minItems=4),
        "at least 3 places and has 4",
    ),
    "what a map holds changes": (
        "RequestAnswered",
        lambda s: s["properties"]["outputs"].update(additionalProperties={"type": "integer"}),
        "outputs[] was",
    ),
    "what a list holds changes": (
        "RoomConfirmed",
        lambda s: s["properties"]["buckets"].update(items={"type": "integer"}),
        "buckets[] was string and is integer",
    ),
    "the class is renamed": (
        "CreditApplied",
        lambda s: s["properties"]["type"].update(enum=["CreditTaken"]),
        "type could be",
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_change_is_found_and_the_mend_is_named(case: str) -> None:
    name, spoil, said = PLANTED[case]
    broken = breaches(NOW, changed(name, spoil))
    assert broken, f"nobody noticed that {case}"
    assert any(said in line for line in broken), broken
    assert all(line.startswith(f"{name}.v1: ") for line in broken)
    assert all(f"raise the version of {name}" in line and "upcaster from version 1" in line for line in broken)


def test_a_type_that_is_gone_is_found() -> None:
    broken = breaches(NOW, [event for event in NOW if event.type != "CreditApplied"])
    assert broken == [
        "CreditApplied.v1: the type is gone. Its events are kept for ever: put its line back in contracts/events.py"
    ]


def test_a_type_that_moves_to_another_topic_is_found() -> None:
    moved = [replace(event, topic="limit-events") if event.type == "CreditApplied" else event for event in NOW]
    assert "moved from ledger-events to limit-events" in breaches(NOW, moved)[0]


ALLOWED: dict[str, tuple[str, Spoil]] = {
    "an optional field": ("CreditApplied", lambda s: s["properties"].update(rate={"type": "integer", "default": 0})),
    "an optional field deep inside": (
        "PaymentCompleted",
        lambda s: part(s, "Payment")["properties"].update(channel={"type": "string", "default": ""}),
    ),
    "an optional place": ("JournalEntryPosted", lambda s: part(s, "Posting")["prefixItems"].append({"type": "string"})),
    "other words": ("CreditApplied", lambda s: s.update(description="Said better.")),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_breaks_nobody_may_change(case: str) -> None:
    name, change = ALLOWED[case]
    assert breaches(NOW, changed(name, change)) == []


def test_a_new_type_breaks_nobody() -> None:
    assert breaches([event for event in NOW if event.type != "CreditApplied"], NOW) == []


def raised(name: str) -> list[PublicEvent]:
    second = replace(named(name), version=2, schema={"type": "object", "description": "Another shape."})
    return [second if event.type == name else event for event in NOW]


def test_a_higher_version_may_look_as_it_likes_but_needs_an_upcaster() -> None:
    assert breaches(NOW, raised("CreditApplied")) == [
        "CreditApplied.v1: no upcaster from version 1: write it in contracts/codec.py"
    ]
    assert breaches(NOW, raised("CreditApplied"), {("CreditApplied", 1): lambda fields: fields}) == []


def test_a_version_never_goes_back() -> None:
    assert any("raise it again" in line for line in breaches(raised("CreditApplied"), NOW))


def test_a_release_keeps_the_versions_that_are_no_longer_written() -> None:
    later = frozen("9.0.0", tuple(NOW), raised("CreditApplied")).decode()
    assert later.count('{"type":"CreditApplied","version":') == 2
    assert later.startswith('{"release": "9.0.0"')
