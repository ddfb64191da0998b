"""Room under limits: what a session, or a customer, has done in a day of the market, and what is set aside for payments
that have not ended yet.

Pure. Room is reserved when a payment is admitted, in records that its event names as buckets with the market's day; its
ending confirms it or gives it back in exactly those, whatever day or session it has become. Read next: limits.py.
"""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from mkondo.domain.decider import Changes, Records
from mkondo.domain.ids import ApplicationId, PaymentId, RecordKey, SessionHash


class Use(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of one day: what has been done, and what is `pending`. Values in minor units."""

    minor: int = 0
    count: int = 0
    pending_minor: int = 0
    pending_count: int = 0

    @property
    def taken_minor(self) -> int:
        """What no other payment may have."""
        return self.minor + self.pending_minor

    @property
    def taken_count(self) -> int:
        return self.count + self.pending_count


UNUSED = Use()


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was done with one product in one currency. `days` are ISO dates of the market: the newest, and those before
    it in which something is still pending. The peaks are the most that was done, and not only set aside, in any day."""

    days: dict[str, Use] = {}
    peak_minor: int = 0
    peak_count: int = 0

    def counting_day(self, day: str) -> str:
        """The day to count in. A market's day never goes back, whatever its clocks do."""
        return max(day, *self.days) if self.days else day

    def use(self, day: str) -> Use:
        return self.days.get(day, UNUSED)


EMPTY = Line()


class Room(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record `session-room/HASH` or `customer-room/APPLICATION/MSISDN`."""

    lines: dict[str, Line] = {}


class Part(msgspec.Struct, frozen=True):
    """The share of one payment: which line, which day, how much. It counts as one, whatever it moves."""

    product: str
    currency: str
    day: str
    minor: int

    @property
    def line(self) -> str:
        return f"{self.product}/{self.currency}"


class RoomConfirmed(msgspec.Struct, frozen=True, tag=True):
    """The payment or request was carried out: what was set aside for it in these buckets has been used."""

    application: ApplicationId
    payment_id: PaymentId
    buckets: tuple[RecordKey, ...]
    part: Part


class RoomGivenBack(msgspec.Struct, frozen=True, tag=True):
    """It was not carried out: what was set aside for it may be used by others, where its day is still counted."""

    application: ApplicationId
    payment_id: PaymentId
    buckets: tuple[RecordKey, ...]
    part: Part


def session_room(session: SessionHash) -> RecordKey:
    return RecordKey(f"session-room/{session}")  # record_key, in line: these are made for every payment


def customer_room(application: ApplicationId, customer: str) -> RecordKey:
    return RecordKey(f"customer-room/{application}/{customer}")


def reserve(records: Records, buckets: tuple[RecordKey, ...], part: Part) -> Changes:
    """Days before this one in which nothing is pending are closed: nobody asks for them again."""
    return {bucket: _changed(_room(records, bucket), part, _reserved) for bucket in buckets}


def confirm(records: Records, buckets: tuple[RecordKey, ...], part: Part) -> Changes:
    return _settle(records, buckets, part, _confirmed)


def give_back(records: Records, buckets: tuple[RecordKey, ...], part: Part) -> Changes:
    return _settle(records, buckets, part, _given_back)


def _settle(
    records: Records, buckets: tuple[RecordKey, ...], part: Part, change: Callable[[Use, Part], Use]
) -> Changes:
    """A bucket that is gone went with its session: nobody counts there any more."""
    there = [bucket for bucket in buckets if bucket in records]
    return {bucket: _changed(_room(records, bucket), part, change) for bucket in there}


def _room(records: Records, bucket: RecordKey) -> Room:
    room = records.get(bucket)
    return room if isinstance(room, Room) else Room()


def _changed(room: Room, part: Part, change: Callable[[Use, Part], Use]) -> Room:
    line = room.lines.get(part.line, EMPTY)
    use = change(line.use(part.day), part)
    days = {**line.days, part.day: use}
    newest = max(days)
    changed = Line(
        {day: use for day, use in days.items() if day == newest or use.pending_count},
        max(line.peak_minor, use.minor),
        max(line.peak_count, use.count),
    )
    return replace(room, lines={**room.lines, part.line: changed})


def _reserved(use: Use, part: Part) -> Use:
    return replace(use, pending_minor=use.pending_minor + part.minor, pending_count=use.pending_count + 1)


def _given_back(use: Use, part: Part) -> Use:
    return replace(use, pending_minor=use.pending_minor - part.minor, pending_count=use.pending_count - 1)


def _confirmed(use: Use, part: Part) -> Use:
    left = _given_back(use, part)
    return replace(left, minor=use.minor + part.minor, count=use.count + 1)
