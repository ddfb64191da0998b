"""Planted bugs in limits: admissions that do as the real one, but for one thing that each of them gets wrong.

All are wrong in `decide` only: what they write down is consistent, and nothing but a check of the rule itself can see
it. Both the simulation and the pencil (tests/unit/domain/test_limits_oracle.py) must find them. Read next: faults.py.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from mkondo.domain.admission.keys import about
from mkondo.domain.calendar import day_of
from mkondo.domain.decider import Event, Message, Record, Records
from mkondo.domain.ids import Instant, RecordKey
from mkondo.domain.markets import MARKETS
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed, RequestPayment
from mkondo.domain.request import MakeRequest, RequestAdmitted, RequestAnswered
from mkondo.domain.room import Line, Room, RoomConfirmed, RoomGivenBack, Use
from mkondo.testing.faulty_deciders import Same

Ended = PaymentCompleted | PaymentFailed | RequestAnswered


class SeesRooms(Same):
    """Decides what is asked about rooms that look a little different from how they are."""

    of = ""
    """Which kind of room; empty: all."""

    def see(self, line: Line) -> Line:
        return line

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        if isinstance(message, RequestPayment | MakeRequest):
            records = _seen(self.reads(message), records, self.of, self.see)
        return super().decide(message, records, now)


def _seen(
    reads: Sequence[RecordKey],
    records: Records,
    of: str,
    see: Callable[[Line], Line],
) -> Mapping[RecordKey, Record]:
    seen: dict[RecordKey, Record] = {}
    for key in reads:
        record = records.get(key)
        if isinstance(record, Room) and key.startswith(of):
            record = Room({name: see(line) for name, line in record.lines.items()})
        if record is not None:
            seen[key] = record
    return seen


def _each_day(line: Line, change: Callable[[Use], Use]) -> Line:
    return replace(line, days={day: change(use) for day, use in line.days.items()})


class ForgetsPending(SeesRooms):
    """What is set aside for payments that have not ended takes no room."""

    def see(self, line: Line) -> Line:
        return _each_day(line, lambda use: Use(use.minor, use.count))


class OpensAtMidnight(SeesRooms):
    """A session's ceiling that was reached opens again with the day."""

    of = "session-room"

    def see(self, line: Line) -> Line:
        return replace(line, peak_minor=0, peak_count=0)


class NeverANewDay(SeesRooms):
    """What was done yesterday is held against today."""

    of = "customer-room"

    def see(self, line: Line) -> Line:
        total = Use(sum(use.minor for use in line.days.values()), sum(use.count for use in line.days.values()))
        most = Use(max(total.minor, line.peak_minor), max(total.count, line.peak_count))
        return _each_day(line, lambda use: replace(most, pending_minor=use.pending_minor))


class OneTooMany(SeesRooms):
    """One more than the ceiling is let through."""

    def see(self, line: Line) -> Line:
        seen = _each_day(line, lambda use: replace(use, count=use.count - 1, minor=use.minor - 1))
        return replace(seen, peak_minor=line.peak_minor - 1, peak_count=line.peak_count - 1)


class ShutByPending(SeesRooms):
    """A session's ceiling is shut by what is only set aside."""

    of = "session-room"

    def see(self, line: Line) -> Line:
        counts = [use.taken_count for use in line.days.values()]
        minors = [use.taken_minor for use in line.days.values()]
        return replace(line, peak_minor=max(minors, default=0), peak_count=max(counts, default=0))


class LooksAtTheWrongLine(Same):
    """Whatever is asked for, the room of another product or currency is looked at."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        if isinstance(message, RequestPayment | MakeRequest):
            seen = _seen(self.reads(message), records, "", lambda line: line)
            records = {key: _turned(room) if isinstance(room, Room) else room for key, room in seen.items()}
        return super().decide(message, records, now)


def _turned(room: Room) -> Room:
    names = sorted(room.lines)
    return Room({name: room.lines[names[place - 1]] for place, name in enumerate(names)})


class CountsCustomersPerSession(Same):
    """A customer has new counters in every session."""

    def reads(self, message: Message) -> Sequence[RecordKey]:
        found: Sequence[RecordKey] = self._real.reads(message)
        if isinstance(message, RequestPayment | MakeRequest):
            return [*found, *self._real.reads(_in_its_session(message))]
        return found

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        if not isinstance(message, RequestPayment | MakeRequest):
            return super().decide(message, records, now)
        it = about(message)
        return [_with_customer(event, it.customer) for event in super().decide(_in_its_session(message), records, now)]


def _in_its_session(asked: RequestPayment | MakeRequest) -> RequestPayment | MakeRequest:
    customer = about(asked).customer
    stranger = f"{customer}-{asked.session}" if customer else ""
    if isinstance(asked, RequestPayment):
        return replace(asked, payment=replace(asked.payment, customer=stranger))
    return replace(asked, request=replace(asked.request, customer=stranger))


def _with_customer(event: Event, customer: str) -> Event:
    match event:
        case PaymentAdmitted(payment=payment) | PaymentFailed(payment=payment):
            return replace(event, payment=replace(payment, customer=customer))
        case RequestAdmitted(request=request) | RequestAnswered(request=request):
            return replace(event, request=replace(request, customer=customer))
        case _:
            return event


# How room is settled --------------------------------------------------------------------------------------------------


class Settles(Same):
    """Settles in its own way what a payment had reserved."""

    def settled(self, event: RoomConfirmed | RoomGivenBack, ended: Ended, now: Instant) -> Sequence[Event]:
        return (event,)

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        events = super().decide(message, records, now)
        match message, events:
            case (
                PaymentCompleted() | PaymentFailed() | RequestAnswered(),
                ((RoomConfirmed() | RoomGivenBack()) as event,),
            ):
                return self.settled(event, message, now)
            case _:
                return events


def _today(event: RoomConfirmed | RoomGivenBack, ended: Ended, now: Instant) -> RoomConfirmed | RoomGivenBack:
    market = ended.request.market if isinstance(ended, RequestAnswered) else ended.payment.market
    day = day_of(now, MARKETS[market].time_zone).isoformat()
    return replace(event, part=replace(event.part, day=day))


class ConfirmsToday(Settles):
    """A payment counts for the day of its outcome."""

    def settled(self, event: RoomConfirmed | RoomGivenBack, ended: Ended, now: Instant) -> Sequence[Event]:
        return (_today(event, ended, now) if isinstance(event, RoomConfirmed) else event,)


class GivesBackToday(Settles):
    """Room goes back into today's bucket, whichever it was taken from."""

    def settled(self, event: RoomConfirmed | RoomGivenBack, ended: Ended, now: Instant) -> Sequence[Event]:
        return (_today(event, ended, now) if isinstance(event, RoomGivenBack) else event,)


class ConfirmsTwice(Settles):
    """What was done counts twice."""

    def settled(self, event: RoomConfirmed | RoomGivenBack, ended: Ended, now: Instant) -> Sequence[Event]:
        return (event, event) if isinstance(event, RoomConfirmed) else (event,)


class GivesNothingBack(Settles):
    """A payment that was refused keeps its room."""

    def settled(self, event: RoomConfirmed | RoomGivenBack, ended: Ended, now: Instant) -> Sequence[Event]:
        return () if isinstance(event, RoomGivenBack) else (event,)


class GivesEverythingBack(Settles):
    """What was done is given back as if it had failed."""

    def settled(self, event: RoomConfirmed | RoomGivenBack, ended: Ended, now: Instant) -> Sequence[Event]:
        return (RoomGivenBack(event.application, event.payment_id, event.buckets, event.part),)


class ForgetsTheCustomer(Settles):
    """Only the first bucket is settled."""

    def settled(self, event: RoomConfirmed | RoomGivenBack, ended: Ended, now: Instant) -> Sequence[Event]:
        return (replace(event, buckets=event.buckets[:1]),)


FAULTY_LIMITS: Mapping[str, type[Same]] = {
    "pending forgotten": ForgetsPending,
    "ceiling opens at midnight": OpensAtMidnight,
    "no new day for customers": NeverANewDay,
    "one past the ceiling": OneTooMany,
    "ceiling shut by pending": ShutByPending,
    "another line looked at": LooksAtTheWrongLine,
    "customer counted per session": CountsCustomersPerSession,
    "counted on the day of the outcome": ConfirmsToday,
    "given back today": GivesBackToday,
    "confirmed twice": ConfirmsTwice,
    "refused and kept": GivesNothingBack,
    "completed and given back": GivesEverythingBack,
    "second bucket not settled": ForgetsTheCustomer,
}
"""What is wrong -> what stands in the place of admission."""
