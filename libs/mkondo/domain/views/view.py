"""What a view is: which events it follows, which row an event changes, and how. Read next: payments.py."""

from collections.abc import Callable
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


class View(msgspec.Struct, frozen=True):
    """One line of the table.

    `key(event, at)` names the one row that an event it follows changes; `evolve(row, event, at)` makes the row, from
    None if there is none yet. `final(row)` says that no later event changes this row. `written_once`: every event
    makes a row of its own, so nobody has to read one before writing it.
    """

    name: str
    row: type[msgspec.Struct]
    follows: tuple[type[Event], ...]
    key: Callable[[Any, Recorded], str]
    evolve: Callable[[Any, Any, Recorded], msgspec.Struct]
    final: Callable[[Any], bool]
    written_once: bool = False
