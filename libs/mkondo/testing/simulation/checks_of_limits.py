"""G4, from the journals alone: no limit is passed by one minor unit, and room comes back as often as it was taken.

Every admission and every refusal is judged again by somebody with a pencil, who reads each owner's journal in its order
and goes through all of the past for each line. Nothing here looks at what the program has counted, but for the last
check, which compares it. Read next: testing/limits_pencil.py.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from mkondo.contracts.journal import JournalRow
from mkondo.domain import admission
from mkondo.domain.application import ApplicationChanged
from mkondo.domain.calendar import day_of
from mkondo.domain.decider import Event
from mkondo.domain.ids import ApplicationId, Instant
from mkondo.domain.limits import Breach
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.domain.request import Request, RequestAdmitted, RequestAnswered
from mkondo.domain.room import Room, RoomConfirmed, RoomGivenBack
from mkondo.domain.session import SessionOpened
from mkondo.testing.limits_pencil import DAY, DONE, FAILED, OPEN, Access, Entry, Pencil, code_by_hand, day_in
from mkondo.testing.simulation.audit import Journals
from mkondo.testing.simulation.orders import CURRENCY
from mkondo.testing.simulation.rested import Rested


def every(world: Rested, journals: Journals) -> Iterator[str]:
    judges = list(_judges(world, journals))
    for judge in judges:
        yield from judge.troubles
    for judge in judges:
        yield from _settled(world, journals, judge)
    yield from _counted(journals, judges)


def _judges(world: Rested, journals: Journals) -> Iterator["Judge"]:
    """One for each application, after it has read its journal."""
    judges: dict[ApplicationId, Judge] = {}
    asked: defaultdict[str, set[str]] = defaultdict(set)
    for attempt in world.attempts:
        asked[attempt.id].add(attempt.session)
    for source, rows in journals.rows.items():
        if not source.startswith(f"{admission.NAME}/"):
            continue
        for row, event in zip(rows, journals.events_of(source), strict=True):
            if isinstance(event, ApplicationChanged):
                judges.setdefault(event.application, Judge(event.application, asked))
            judge = judges.get(ApplicationId(row.key))
            if judge is not None:
                judge.see(row, event)
    yield from judges.values()


class Judge:
    """Reads what admission has decided about one application."""

    def __init__(self, application: ApplicationId, asked: Mapping[str, set[str]]) -> None:
        self.application = application
        self.troubles: list[str] = []
        self.entries: dict[str, Entry] = {}
        """Whatever was counted, by its name."""
        self.settled: Counter[str] = Counter()
        self._pencil = Pencil({}, "")
        self._asked = asked
        """In which session each was asked for: an event of a refusal does not say it. Who asks again may have changed
        it."""

    def see(self, row: JournalRow, event: Event) -> None:
        match event:
            case ApplicationChanged(configuration=configuration):
                self._pencil.scopes, self._pencil.version = configuration.products, event.version
                self._pencil.key, self._pencil.overlaps = configuration.api_key_hash, dict(event.overlaps)
            case SessionOpened():
                self._pencil.sessions[event.session] = Access(event.api_key_hash, event.configuration, event.expires_at)
            case PaymentAdmitted(payment=payment):
                self._admitted(row, payment, event, event.market_day, event.buckets)
            case RequestAdmitted(request=request):
                self._admitted(row, request, event, request.market_day, request.buckets)
            case PaymentFailed(payment=payment, breaches=breaches) if breaches:
                self._refused(row, payment, event.code, breaches)
            case RequestAnswered(request=request, breaches=breaches) if breaches:
                self._refused(row, request, event.code, breaches)
            case RoomConfirmed() | RoomGivenBack():
                self._settle(event)
            case _:
                pass

    def _admitted(
        self,
        row: JournalRow,
        it: Payment | Request,
        admitted: PaymentAdmitted | RequestAdmitted,
        market_day: str,
        buckets: tuple[str, ...],
    ) -> None:
        name, entry = it.conversation_id, _entry(it, admitted.session, row.time)
        if admitted.configuration != self._pencil.version:
            self.troubles.append(f"G4: {name} was admitted under version {admitted.configuration}")
        if not self._pencil.lets_in(admitted.session, row.time):
            self.troubles.append(f"G4: {name} was admitted in a session that has ended, or whose key has")
        if self._pencil.is_closed(it.operation, CURRENCY, row.time):
            self.troubles.append(f"G4: {name} was admitted outside the usage time of {it.operation}")
        for breach in self._pencil.breaches(entry):
            self.troubles.append(f"G4: {name} was admitted and passes {breach}")
        self._pencil.take(entry)
        if not entry.by_session and not entry.by_customer:
            self._pencil.entries.remove(entry)
            if buckets:
                self.troubles.append(f"G4: {name} reserved room in {buckets}, where nothing is counted")
            return
        self.entries[name] = entry
        named = [f"session-room/{admitted.session}"] if entry.by_session else []
        named += [f"customer-room/{self.application}/{it.customer}"] if entry.by_customer else []
        if list(buckets) != named or market_day != _iso(entry):
            self.troubles.append(f"G4: {name} reserved {market_day} of {buckets}, not {_iso(entry)} of {named}")

    def _refused(self, row: JournalRow, it: Payment | Request, code: str, told: tuple[Breach, ...]) -> None:
        judged = [self._pencil.breaches(_entry(it, session, row.time)) for session in self._asked[it.conversation_id]]
        if list(told) not in judged:
            self.troubles.append(f"G4: {it.conversation_id} was refused for {told}, and should have been for {judged}")
        if code != code_by_hand(told):
            self.troubles.append(f"G4: {it.conversation_id} was refused with {code} for {told}")

    def _settle(self, event: RoomConfirmed | RoomGivenBack) -> None:
        entry = self.entries.get(event.payment_id)
        self.settled[event.payment_id] += 1
        if entry is None:
            self.troubles.append(f"G4: {event} of something that has reserved nothing")
            return
        part = event.part
        if (part.product, part.currency, part.day, part.minor) != (
            entry.product,
            entry.currency,
            _iso(entry),
            entry.minor,
        ):
            self.troubles.append(f"G4: {event} is not what was reserved on {_iso(entry)}")
        entry.status = DONE if isinstance(event, RoomConfirmed) else FAILED


def _settled(world: Rested, journals: Journals, judge: Judge) -> Iterator[str]:
    """Room is confirmed or given back once, by what has become of its payment; at rest none is left."""
    well = {event.payment.payment_id for event in journals.of(PaymentCompleted)}
    well |= {event.request.request_id for event in journals.of(RequestAnswered) if event.succeeded}
    for name, entry in judge.entries.items():
        times = judge.settled[name]
        if times > 1 or (times == 0 and not world.is_stopped(judge.application)):
            yield f"G4: the room of {name} was settled {times} times"
        if entry.status != OPEN and (entry.status == DONE) != (name in well):
            yield f"G4: the room of {name} was settled as {entry.status}, which it is not"


def _counted(journals: Journals, judges: list[Judge]) -> Iterator[str]:
    """What the records say is pending is the sum of what is open: nothing, unless somebody was stopped."""
    minor = sum(
        entry.minor * (entry.by_session + entry.by_customer)
        for judge in judges
        for entry in judge.entries.values()
        if entry.status == OPEN
    )
    number = sum(
        entry.by_session + entry.by_customer
        for judge in judges
        for entry in judge.entries.values()
        if entry.status == OPEN
    )
    uses = [use for room in journals.stored(Room) for line in room.lines.values() for use in line.days.values()]
    pending = sum(use.pending_minor for use in uses), sum(use.pending_count for use in uses)
    if pending != (minor, number):
        yield f"G4: {number} payments of {minor} are open, and {pending} are counted as pending"
    if any(use.pending_minor < 0 or use.pending_count < 0 for use in uses):
        yield "G4: less than nothing is pending"


def _entry(it: Payment | Request, session: str, now: Instant) -> Entry:
    minor = it.amount.minor if isinstance(it, Payment) else 0
    currency = it.amount.currency if isinstance(it, Payment) else CURRENCY
    return Entry(
        it.conversation_id, session, it.customer, it.operation, currency, day_in(currency, now), minor, False, False
    )


def _iso(entry: Entry) -> str:
    return day_of(Instant(entry.day * DAY), "UTC").isoformat()
