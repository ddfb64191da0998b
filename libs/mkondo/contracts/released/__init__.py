"""The public events as they were last released: events.json, one line a type and version, written at a release only.

    python -m mkondo.contracts.released 0.2.0

freezes what the program writes today, unless that breaks a promise. Lines of versions that are no longer written stay:
their events are kept for ever. Read next: contracts/compatibility.py.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec

from mkondo.contracts.schemas import PublicEvent, public_events

FILE = "events.json"


class Release(msgspec.Struct, frozen=True):
    """Every version of every public event that was ever released, and the release that froze them last."""

    release: str
    events: tuple[PublicEvent, ...]


def last_release() -> Release:
    """What downstream systems were promised."""
    return msgspec.json.decode(files(__package__).joinpath(FILE).read_bytes(), type=Release)


@cache
def every_event() -> tuple[PublicEvent, ...]:
    """What a reader of the topics may meet: today's events, and behind each type the older versions of it."""
    released = last_release().events
    return tuple(one for event in public_events() for one in (event, *_older(event, released)))


def _older(event: PublicEvent, released: tuple[PublicEvent, ...]) -> Iterator[PublicEvent]:
    return (one for one in reversed(released) if one.type == event.type and one.version < event.version)


def frozen(release: str, before: tuple[PublicEvent, ...], now: list[PublicEvent]) -> bytes:
    """The file of a new release: today's events, and those that are no longer written as they were."""
    written = {event.name for event in now}
    kept = [event for event in before if event.name not in written]
    events = sorted((*kept, *now), key=lambda event: (event.type, event.version))
    lines = ",\n".join(msgspec.json.encode(event).decode() for event in events)
    return f'{{"release": "{release}", "events": [\n{lines}\n]}}\n'.encode()
