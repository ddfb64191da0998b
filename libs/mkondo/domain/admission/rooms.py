"""Room under limits, for admission: what a request would pass, what it reserves, and what its ending gives back."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from mkondo.domain.admission.keys import Asked, about, customer_bucket
from mkondo.domain.application import ProductScope
from mkondo.domain.calendar import MINUTE_MS, day_around
from mkondo.domain.decider import Event, Records
from mkondo.domain.ids import Instant, RecordKey
from mkondo.domain.limits import APPLICABLE, Breach, Counted, breaches
from mkondo.domain.markets import MARKETS
from mkondo.domain.payment import Payment, PaymentCompleted, PaymentFailed
from mkondo.domain.request import Request, RequestAnswered
from mkondo.domain.room import EMPTY, Line, Part, Room, RoomConfirmed, RoomGivenBack, session_room


class Reservation(msgspec.Struct, frozen=True):
    """What is set aside for a request, or the limits that it would pass."""

    breaches: tuple[Breach, ...] = ()
    market_day: str = ""
    buckets: tuple[RecordKey, ...] = ()


UNLIMITED = Reservation()


def room_for(asked: Asked, scope: ProductScope, records: Records, now: Instant) -> Reservation:
    """Everything that is limited is counted, and only that: a counter begins when its limit is switched on."""
    it = about(asked)
    if not (scope.single_value or scope.counts_session or scope.counts_customer) or not APPLICABLE[it.operation]:
        return UNLIMITED
    market = MARKETS[it.market]
    session, customer = session_room(asked.session), customer_bucket(it)
    today, day_ends = day_around(now // MINUTE_MS, market.time_zone)
    part = part_of(it, today)
    mine, theirs = _line(records, session, part), _line(records, customer, part) if customer is not None else None
    day = max(line.counting_day(today) for line in (mine, theirs) if line is not None)
    part = part if day == today else replace(part, day=day)
    found = breaches(scope, Counted(part, mine, theirs, day_ends))
    if found:
        return Reservation(found)
    buckets = ((session,) if scope.counts_session else ()) + (
        (customer,) if customer is not None and scope.counts_customer else ()
    )
    return Reservation((), part.day, buckets) if buckets else UNLIMITED


def part_of(it: Payment | Request, day: str) -> Part:
    """What a payment takes of each of its limits; a service request moves nothing and counts as one."""
    if isinstance(it, Payment):
        return Part(it.operation, it.amount.currency, day, it.amount.minor)
    return Part(it.operation, MARKETS[it.market].currency, day, 0)


def _line(records: Records, bucket: RecordKey, part: Part) -> Line:
    room = records.get(bucket)
    return room.lines.get(part.line, EMPTY) if isinstance(room, Room) else EMPTY


def settle(ended: PaymentCompleted | PaymentFailed | RequestAnswered) -> Sequence[Event]:
    """Exactly the buckets that were reserved, for exactly the day they were reserved in."""
    it = ended.request if isinstance(ended, RequestAnswered) else ended.payment
    if not ended.buckets:
        return ()
    done = ended.succeeded if isinstance(ended, RequestAnswered) else isinstance(ended, PaymentCompleted)
    event = RoomConfirmed if done else RoomGivenBack
    return (event(it.application, it.conversation_id, ended.buckets, part_of(it, ended.market_day)),)
