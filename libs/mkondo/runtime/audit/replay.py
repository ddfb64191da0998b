"""Views: replaying the journals up to where the projector stands must give exactly the rows that are stored (G7).

A row that no later event changes is added to its view's match at once and forgotten, so memory holds only what is still
open: payments in progress and one balance for each account. So is a row that rests, such as a result that has arrived,
if nothing wakes it: which do so, such as its replay, is foreseen by reading their journals beforehand.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping

import msgspec

from mkondo.contracts import codec
from mkondo.contracts.journal import JournalRow, partitions_of
from mkondo.contracts.views import encode_row
from mkondo.domain.decider import Event
from mkondo.domain.views import VIEWS
from mkondo.domain.views.view import View
from mkondo.runtime.audit.match import Match
from mkondo.runtime.audit.report import Findings
from mkondo.runtime.projector import followers
from mkondo.topology import TOPOLOGY

_FOLLOWERS = followers()
_WAKING = {kind.__name__ for view in VIEWS.values() for kind in view.wakes}

FORESEEN = tuple(str(of) for row in TOPOLOGY if not _WAKING.isdisjoint(row.emits) for of in partitions_of(row.decider))
"""The journals whose every row `foresee` wants before the first one is seen."""


class Replay:
    """Folds events into fresh views, up to the stored positions."""

    def __init__(self, positions: Mapping[str, int], matches: Mapping[str, Match], findings: Findings) -> None:
        self._positions, self._matches, self._findings = positions, matches, findings
        self._open: defaultdict[str, dict[str, msgspec.Struct]] = defaultdict(dict)
        self._to_wake: Counter[tuple[str, str]] = Counter()
        """By view and key, how many events are still to come that wake the row."""

    def foresee(self, row: JournalRow) -> None:
        if row.type not in _WAKING:
            return
        try:
            event = codec.decode(row.type, row.version, row.data)
        except codec.Unreadable:
            return  # chain.py says so when it is seen; it wakes nothing
        self._to_wake.update(_woken(event, row))

    def see(self, row: JournalRow, event: Event) -> None:
        if row.sequence > self._positions.get(row.source, 0):
            self._findings.count("events behind")
            return
        if row.type in _WAKING:
            self._forget(_woken(event, row))
        for view, change in _FOLLOWERS[row.type]:
            for key in change.keys(event, row):
                self._change(view, key, change.evolve(self._open[view.name].get(key), event, row), row)

    def _forget(self, woken: list[tuple[str, str]]) -> None:
        for name in woken:
            self._to_wake[name] -= 1
            if not self._to_wake[name]:
                del self._to_wake[name]  # a count of 0 would stay for every replay of all the journals

    def _change(self, view: View, key: str, made: msgspec.Struct | None, row: JournalRow) -> None:
        rows = self._open[view.name]
        if made is None:
            return
        if view.final(made) or (view.rests(made) and not self._to_wake[view.name, key]):
            rows.pop(key, None)
            self._matches[view.name].expect(key, encode_row(made), f"{row.source} sequence {row.sequence}")
        else:
            rows[key] = made

    def found(self, view: str, key: str, data: bytes) -> None:
        self._findings.count("view rows")
        self._matches[view].find(key, data)

    def finish(self, last: Mapping[str, int]) -> None:
        for view in VIEWS:
            for key, row in self._open[view].items():
                self._matches[view].expect(key, encode_row(row), "")
        for source, position in self._positions.items():
            if position > last.get(source, 0):
                self._findings.wrong(f"views of {source}", f"at {position}, the journal ends at {last.get(source, 0)}")


def _woken(event: Event, row: JournalRow) -> list[tuple[str, str]]:
    """The rows that an event wakes, by view and key."""
    return [
        (view.name, key)
        for view, change in _FOLLOWERS[row.type]
        if view.wakes.get(type(event), _never)(event)
        for key in change.keys(event, row)
    ]


def _never(event: Event) -> bool:
    return False
