"""What a view is: the events it follows, and for each of them which row changes and how. Read next: payments.py."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from mkondo.domain.decider import Event
from mkondo.domain.ids import Instant


class Recorded(Protocol):
    """Where and when an event was recorded: its source, its sequence there, its partition time."""

    @property
    def source(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def time(self) -> Instant: ...


class Change(msgspec.Struct, frozen=True):
    """What one type of event does to one view: `key(event, at)` names the row that it changes, or the rows, each in the
    same way; `evolve(row, event, at)` makes a row from the one before it, None if there is none. From none it may make
    none."""

    key: Callable[[Any, Recorded], str | tuple[str, ...]]
    evolve: Callable[[Any, Any, Recorded], msgspec.Struct | None]

    def keys(self, event: Event, at: Recorded) -> tuple[str, ...]:
        """Of all rows that the event changes."""
        named = self.key(event, at)
        return (named,) if isinstance(named, str) else named


class View(msgspec.Struct, frozen=True):
    """One line of the table.

    `final(row)` says that no later event changes this row. `written_once`: every event makes a row of its own, so
    nobody has to read one before writing it.

    `rests(row)` says that only an event which `wakes` names changes this row, so that whoever reads all events and
    knows those beforehand may forget it.
    """

    name: str
    row: type[msgspec.Struct]
    changes: Mapping[type[Event], Change]
    final: Callable[[Any], bool]
    written_once: bool = False
    rests: Callable[[Any], bool] = lambda row: False
    wakes: Mapping[type[Event], Callable[[Any], bool]] = {}
