"""The gate in front of a release: what was promised of public events still holds.

To a version of an event only optional fields may be added. A reader of yesterday's schema then understands today's
events, and today's program reads yesterday's bytes. Anything else needs a higher version, and an upcaster for the
bytes of the one before. Read next: released/, codec.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from mkondo.contracts.codec import UPCASTERS, Upcaster
from mkondo.contracts.schemas import PublicEvent, Schema

MEND = (
    "a version that was released may only get new optional fields: raise the version of {type} in contracts/events.py, "
    "and write the upcaster from version {version} in contracts/codec.py"
)

_IN_WORDS = frozenset({"$defs", "$schema", "title", "description"})
"""What tells people something, and programs nothing."""


def breaches(
    released: Sequence[PublicEvent],
    now: Sequence[PublicEvent],
    upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
) -> list[str]:
    """Every promise that is broken: what, where, and what to do about it. Empty when a release may be made."""
    today = {event.type: event for event in now}
    newest = {event.type: event.version for event in released}
    return [
        said for event in released for said in _of_event(event, today.get(event.type), newest[event.type], upcasters)
    ]


def _of_event(
    before: PublicEvent, now: PublicEvent | None, newest: int, upcasters: Mapping[tuple[str, int], Upcaster]
) -> Iterator[str]:
    if now is None:
        yield f"{before.name}: the type is gone. Its events are kept for ever: put its line back in contracts/events.py"
    elif now.version < newest:
        yield f"{before.name}: version {newest} was released, and today's is {now.version}: raise it again"
    elif now.version > before.version:
        if (before.type, before.version) not in upcasters:
            yield f"{before.name}: no upcaster from version {before.version}: write it in contracts/codec.py"
        yield from _moved(before, now)
    else:
        mend = MEND.format(type=now.type, version=now.version)
        yield from _moved(before, now)
        yield from (f"{before.name}: {said}; {mend}" for said in differences(before.schema, now.schema))


def _moved(before: PublicEvent, now: PublicEvent) -> Iterator[str]:
    """A type stays in its family whatever its version: who subscribed to it would not see it go."""
    if now.topic != before.topic:
        yield f"{before.name}: moved from {before.topic} to {now.topic}: put it back, or give the new event a new name"


def differences(before: Schema, now: Schema) -> list[str]:
    """What of one schema is no longer so in another, by the field's place; new optional fields are not told."""
    return list(_Comparison(before, now).of(before, now, ""))


class _Comparison:
    """Of two whole schemas, part by part. A part that holds itself is compared once."""

    def __init__(self, before: Schema, now: Schema) -> None:
        self._before, self._now = before, now
        self._seen: set[tuple[str, str]] = set()

    def of(self, before: Any, now: Any, at: str) -> Iterator[str]:
        if not isinstance(before, dict) or not isinstance(now, dict):
            if before != now:
                yield f"{at or 'the event'} was {_short(before)} and is {_short(now)}"
            return
        pair = (before.get("$ref", ""), now.get("$ref", ""))
        if all(pair):
            if pair in self._seen:
                return
            self._seen.add(pair)
        yield from self._of_parts(_resolved(before, self._before), _resolved(now, self._now), at)

    def _of_parts(self, before: Schema, now: Schema, at: str) -> Iterator[str]:
        if before.get("type") != now.get("type"):
            yield f"{at or 'the event'} was {_short(before)} and is {_short(now)}"
            return
        for keyword in sorted((before.keys() | now.keys()) - _IN_WORDS):
            old, new = before.get(keyword), now.get(keyword)
            match keyword:
                case "properties":
                    yield from self._of_fields(before, now, at)
                case "required":
                    yield from _of_required(before, now, at)
                case "prefixItems":
                    yield from self._of_places(before, now, at)
                case "minItems" if "prefixItems" in now:
                    pass  # compared with its places
                case "anyOf":
                    yield from self._of_choices(old or [], new or [], at)
                case "discriminator":
                    pass  # it names the choices once more
                case "enum":
                    yield from _of_values(old, new, at)
                case "items" | "additionalProperties":
                    yield from self.of(old, new, f"{at}[]")
                case _ if old != new:
                    yield f"{at or 'the event'}: its {keyword} was {_short(old)} and is {_short(new)}"

    def _of_fields(self, before: Schema, now: Schema, at: str) -> Iterator[str]:
        new = now.get("properties", {})
        for name, field in before.get("properties", {}).items():
            if name in new:
                yield from self.of(field, new[name], _below(at, name))
            else:
                yield f"{_below(at, name)} is gone"

    def _of_places(self, before: Schema, now: Schema, at: str) -> Iterator[str]:
        """An array whose places are fields: new ones at the end, which may be left out, are optional fields."""
        old, new = before.get("prefixItems", []), now.get("prefixItems", [])
        for place, (one, other) in enumerate(zip_longest(old, new)):
            if one is not None:
                yield from self.of(one, other, f"{at}[{place}]")
        if before.get("minItems") != now.get("minItems"):
            yield f"{at} had at least {before.get('minItems')} places and has {now.get('minItems')}"

    def _of_choices(self, before: Sequence[Schema], now: Sequence[Schema], at: str) -> Iterator[str]:
        old, new = {_choice(one): one for one in before}, {_choice(one): one for one in now}
        if old.keys() != new.keys():
            yield f"{at} could be {', '.join(sorted(old))} and can be {', '.join(sorted(new))}"
        for name in old.keys() & new.keys():
            yield from self.of(old[name], new[name], at)


def _of_required(before: Schema, now: Schema, at: str) -> Iterator[str]:
    old, new = set(before.get("required", ())), set(now.get("required", ()))
    for name in sorted(new - old):
        yield f"{_below(at, name)} is required, and events that were written before may not have it"
    for name in sorted((old - new) & now.get("properties", {}).keys()):
        yield f"{_below(at, name)} was always there and may be left out"


def _of_values(before: Sequence[Any] | None, now: Sequence[Any] | None, at: str) -> Iterator[str]:
    if before is None or now is None or set(before) != set(now):
        yield f"{at} could be {_short(before)} and can be {_short(now)}"


def _resolved(part: Schema, whole: Schema) -> Schema:
    """The part that a reference points to."""
    if "$ref" not in part:
        return part
    found: Schema = whole["$defs"][part["$ref"].rpartition("/")[2]]
    return found | {keyword: value for keyword, value in part.items() if keyword != "$ref"}


def _choice(part: Schema) -> str:
    """By what one of several choices is known: its name, or its type."""
    return part["$ref"].rpartition("/")[2] if "$ref" in part else str(part.get("type", part))


def _short(value: Any) -> str:
    """A type in a word, any other value as it is."""
    if isinstance(value, dict):
        return str(value.get("title") or value.get("type") or value)
    return str(value)


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
