"""The view `rooms`: what sessions and customers have done under an application's limits, and what is set aside for
them, by `APPLICATION/BUCKET`.

Counted by the rules that admission counts by (domain/room.py). All events of a row are of the application's own
partition. A payment without limits has no bucket and changes no row.
"""

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from mkondo.domain.admission.rooms import part_of
from mkondo.domain.application import ApiKeyEnded
from mkondo.domain.decider import Changes, Records, record_key
from mkondo.domain.ids import RecordKey, SessionHash
from mkondo.domain.payment import PaymentAdmitted
from mkondo.domain.request import RequestAdmitted
from mkondo.domain.room import Part, Room, RoomConfirmed, RoomGivenBack, confirm, give_back, reserve, session_room
from mkondo.domain.session import SessionRevoked
from mkondo.domain.views.view import Change, Recorded, View

_HERE = record_key("room")
_Settled = RoomConfirmed | RoomGivenBack
_Ended = SessionRevoked | ApiKeyEnded
_Count = Callable[[Records, tuple[RecordKey, ...], Part], Changes]


class RoomRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One bucket. `ended`: its session is forgotten, so nobody asks for room there any more."""

    application: str
    room: Room = Room()
    ended: bool = False

    @property
    def is_pending(self) -> bool:
        return any(use.pending_count for line in self.room.lines.values() for use in line.days.values())


def row_key(application: str, bucket: str) -> str:
    return f"{application}/{bucket}"


def _rows(application: str, buckets: Sequence[RecordKey]) -> tuple[str, ...]:
    return tuple(row_key(application, bucket) for bucket in buckets)


def _reserved(row: RoomRow | None, application: str, part: Part) -> RoomRow:
    return _counted(row or RoomRow(application), reserve, part)


def _settled(count: _Count) -> Change:
    def evolve(row: RoomRow | None, event: _Settled, at: Recorded) -> RoomRow | None:
        return None if row is None else _counted(row, count, event.part)

    return Change(lambda event, at: _rows(event.application, event.buckets), evolve)


def _counted(row: RoomRow, count: _Count, part: Part) -> RoomRow:
    room = count({_HERE: row.room}, (_HERE,), part)[_HERE]
    if not isinstance(room, Room):
        raise TypeError("room is counted in a Room")
    return replace(row, room=room)


def _end(row: RoomRow | None, event: _Ended, at: Recorded) -> RoomRow | None:
    """Most sessions have no limits, and so no row: none is made to say that it is over."""
    return None if row is None else replace(row, ended=True)


def _ended_key(event: ApiKeyEnded) -> tuple[str, ...]:
    """Where each call shows the API key, its hash stands in for the session."""
    return _rows(event.application, (session_room(SessionHash(event.api_key_hash)),))


ROOMS = View(
    "rooms",
    RoomRow,
    {
        PaymentAdmitted: Change(
            lambda event, at: _rows(event.payment.application, event.buckets),
            lambda row, event, at: _reserved(row, event.payment.application, part_of(event.payment, event.market_day)),
        ),
        RequestAdmitted: Change(
            lambda event, at: _rows(event.request.application, event.request.buckets),
            lambda row, event, at: _reserved(
                row, event.request.application, part_of(event.request, event.request.market_day)
            ),
        ),
        RoomConfirmed: _settled(confirm),
        RoomGivenBack: _settled(give_back),
        SessionRevoked: Change(lambda event, at: _rows(event.application, (session_room(event.session),)), _end),
        ApiKeyEnded: Change(lambda event, at: _ended_key(event), _end),
    },
    lambda row: row.ended and not row.is_pending,
)
