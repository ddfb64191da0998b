"""Limits: every admission held against the configuration that was in force, and room that comes back as it was taken.

Added up afresh from what was admitted and how it was settled; what the records count is only compared. A refusal is not
judged: it takes nothing. Read next: records.py.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import msgspec

from mkondo.contracts.journal import JournalRow, PartitionState
from mkondo.domain import admission
from mkondo.domain.application import Application, ProductScope
from mkondo.domain.calendar import day_of
from mkondo.domain.decider import Event
from mkondo.domain.hours import closed
from mkondo.domain.ids import RecordKey, SessionHash
from mkondo.domain.limits import APPLICABLE, LIMITS, Limit
from mkondo.domain.markets import MARKETS
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.domain.request import Request, RequestAdmitted, RequestAnswered
from mkondo.domain.room import Room, RoomConfirmed, RoomGivenBack, customer_room, session_room
from mkondo.domain.session import SessionRevoked
from mkondo.runtime.audit.chain import Journal
from mkondo.runtime.audit.match import Match
from mkondo.runtime.audit.report import Findings

Ended = PaymentCompleted | PaymentFailed | RequestAnswered
Settled = RoomConfirmed | RoomGivenBack


class Taken(msgspec.Struct, frozen=True):
    """What is set aside for a request that has not been settled: where, on which day, how much."""

    buckets: tuple[RecordKey, ...]
    line: str
    day: str
    minor: int


class Day:
    """What was done in one day with one product in one currency, and what is set aside."""

    def __init__(self) -> None:
        self.minor = self.count = self.pending_minor = self.pending_count = 0

    @property
    def figures(self) -> tuple[int, int, int, int]:
        return self.minor, self.count, self.pending_minor, self.pending_count


class Line:
    """Its days, as far as something may still come of them, and the most that was done in any."""

    def __init__(self) -> None:
        self.days: defaultdict[str, Day] = defaultdict(Day)
        self.best = {"value": 0, "count": 0}

    def taken(self, measure: str, day: str) -> int:
        one = self.days.get(day) or Day()
        return one.minor + one.pending_minor if measure == "value" else one.count + one.pending_count

    def take(self, taken: Taken) -> None:
        day = self.days[taken.day]
        day.pending_minor += taken.minor
        day.pending_count += 1
        self._close()

    def settle(self, taken: Taken, done: bool) -> None:
        day = self.days[taken.day]
        day.pending_minor -= taken.minor
        day.pending_count -= 1
        if done:
            day.minor += taken.minor
            day.count += 1
        self.best = {"value": max(self.best["value"], day.minor), "count": max(self.best["count"], day.count)}
        self._close()

    def _close(self) -> None:
        newest = max(self.days)
        for name in [name for name, day in self.days.items() if name < newest and not day.pending_count]:
            del self.days[name]


class Limits:
    """Follows every counter of the environment. `rooms` matches endings that were taken with room that was settled."""

    def __init__(self, states: Mapping[str, PartitionState], rooms: Match, findings: Findings) -> None:
        self._states, self._rooms, self._findings = states, rooms, findings
        self._counted: defaultdict[RecordKey, defaultdict[str, Line]] = defaultdict(lambda: defaultdict(Line))
        self._open: dict[str, Taken] = {}

    def see(self, journal: Journal, row: JournalRow, event: Event) -> None:
        match event:
            case PaymentAdmitted(payment=payment):
                self._admitted(journal, row, payment, event, event.market_day, event.buckets)
            case RequestAdmitted(request=request):
                self._admitted(journal, row, request, event, request.market_day, request.buckets)
            case RoomConfirmed() | RoomGivenBack():
                self._settled(journal, row, event)
            case PaymentCompleted() | PaymentFailed() | RequestAnswered():
                if event.buckets and self._is_taken(row):
                    self._rooms.expect(*_settlement(event), _at(row))
            case SessionRevoked():
                self._counted.pop(session_room(event.session), None)
            case _:
                pass

    # What is admitted ---------------------------------------------------------------------------------------------

    def _admitted(
        self,
        journal: Journal,
        row: JournalRow,
        it: Payment | Request,
        admitted: PaymentAdmitted | RequestAdmitted,
        market_day: str,
        buckets: tuple[RecordKey, ...],
    ) -> None:
        """Against the configuration as it was: the application's record at this point of the replay."""
        if it.operation not in APPLICABLE or it.market not in MARKETS:
            journal.wrong(row.sequence, f"{_called(it)}: there is no {it.operation} in {it.market}")
            return
        application = journal.records.get(admission.application_key(it.application))
        if not isinstance(application, Application) or application.version != admitted.configuration:
            journal.wrong(row.sequence, f"version {admitted.configuration} of {it.application} was not in force")
        elif (scope := application.configuration.scope_of(it.operation)) is None:
            journal.wrong(row.sequence, f"{_called(it)}: {it.operation} is not switched on")
        else:
            for trouble in self._troubles(row, it, scope, admitted.session, market_day, buckets):
                journal.wrong(row.sequence, f"{_called(it)} {trouble}")
        if buckets:
            taken = Taken(buckets, _line_of(it), market_day, _minor(it))
            self._open[it.conversation_id] = taken
            for bucket in buckets:
                self._counted[bucket][taken.line].take(taken)

    def _troubles(
        self,
        row: JournalRow,
        it: Payment | Request,
        scope: ProductScope,
        session: SessionHash,
        market_day: str,
        buckets: tuple[RecordKey, ...],
    ) -> Iterator[str]:
        if closed(it.operation, scope, it.market, row.time) is not None:
            yield "was admitted outside its usage time"
        of = {"session": session_room(session)} if scope.counts_session else {}
        if it.customer and scope.counts_customer:
            of["customer"] = customer_room(it.application, it.customer)
        if not APPLICABLE[it.operation]:
            of = {}
        if set(of.values()) != set(buckets):
            yield f"reserved room in {sorted(buckets)}, not in {sorted(of.values())}"
        lines = {whose: self._counted[bucket][_line_of(it)] for whose, bucket in of.items()}
        today = day_of(row.time, MARKETS[it.market].time_zone).isoformat()
        day = max([today, *(name for line in lines.values() for name in line.days)])
        if of and market_day != day:
            yield f"reserved room of {market_day}, on {day}"
        for limit in LIMITS:
            if limit.name in APPLICABLE[it.operation]:
                yield from _passed(limit, scope, it, lines.get(limit.of), day)

    # What becomes of it -------------------------------------------------------------------------------------------

    def _settled(self, journal: Journal, row: JournalRow, event: Settled) -> None:
        done = isinstance(event, RoomConfirmed)
        self._rooms.find(event.payment_id, b"confirmed" if done else b"given back", _at(row))
        taken = self._open.pop(event.payment_id, None)
        part = event.part
        if taken is None:
            journal.wrong(row.sequence, f"nothing is reserved for {event.payment_id} that could be settled")
        elif taken != Taken(event.buckets, part.line, part.day, part.minor):
            journal.wrong(row.sequence, f"the room of {event.payment_id} is not settled as it was reserved")
        if taken is not None:
            for bucket in taken.buckets:
                if bucket in self._counted:  # else it went with its session
                    self._counted[bucket][taken.line].settle(taken, done)

    def _is_taken(self, row: JournalRow) -> bool:
        """Whether admission has heard of the ending."""
        owners = [route.destination for route in row.routes if route.destination.startswith(f"{admission.NAME}/")]
        states = (self._states.get(owner) for owner in owners)
        return any(state is not None and state.positions.get(row.source, 0) >= row.sequence for state in states)

    def still_waits(self, ended: Ended, where: str) -> None:
        """It was taken, and waits for an operator: its room is still reserved."""
        if ended.buckets:
            self._rooms.find(*_settlement(ended), where)

    def check_record(self, key: RecordKey, room: Room, where: str) -> None:
        """What a record counts, against what was admitted and settled."""
        says = {
            (line, day): (use.minor, use.count, use.pending_minor, use.pending_count)
            for line, counted in room.lines.items()
            for day, use in counted.days.items()
        }
        should = {(line, day): use.figures for line, own in self._counted[key].items() for day, use in own.days.items()}
        for line, day in sorted(says.keys() | should.keys()):
            if says.get((line, day)) != should.get((line, day)):
                self._findings.wrong(
                    where, f"counts {says.get((line, day))} of {line} on {day}, should be {should.get((line, day))}"
                )


def _passed(limit: Limit, scope: ProductScope, it: Payment | Request, line: Line | None, day: str) -> Iterator[str]:
    """Whether one limit is passed, in words."""
    ceiling = getattr(scope, limit.name)
    currency = it.amount.currency if isinstance(it, Payment) else ""
    if isinstance(ceiling, dict):
        if ceiling and currency not in ceiling:
            yield f"passes its limit: no {_words(limit)} in {currency}"
        ceiling = ceiling.get(currency)
    if ceiling is None or (limit.of == "customer" and not it.customer):
        return
    more = _minor(it) if limit.measure == "value" else 1
    used = line.taken(limit.measure, day) if line is not None else 0
    if used + more > ceiling:
        yield f"passes its limit: {_words(limit)} {ceiling}, {used} taken and {more} more"
    elif limit.of == "session" and line is not None and line.best[limit.measure] >= ceiling:
        yield f"passes its limit: {_words(limit)} {ceiling} was reached in this session"


def _words(limit: Limit) -> str:
    return limit.name.replace("_", " ")


def _called(it: Payment | Request) -> str:
    return f"payment {it.conversation_id}" if isinstance(it, Payment) else f"request {it.conversation_id}"


def _minor(it: Payment | Request) -> int:
    return it.amount.minor if isinstance(it, Payment) else 0


def _line_of(it: Payment | Request) -> str:
    currency = it.amount.currency if isinstance(it, Payment) else MARKETS[it.market].currency
    return f"{it.operation}/{currency}"


def _settlement(ended: Ended) -> tuple[str, bytes]:
    """What must come of the room of what has ended."""
    if isinstance(ended, RequestAnswered):
        return ended.request.request_id, b"confirmed" if ended.succeeded else b"given back"
    return ended.payment.payment_id, b"confirmed" if isinstance(ended, PaymentCompleted) else b"given back"


def _at(row: JournalRow) -> str:
    return f"{row.source} sequence {row.sequence}"
