"""The view `deliveries`: every result that was to be pushed and each attempt at it, by `APPLICATION/ID`.

All its events are of the application's own partition.
"""

import msgspec
from msgspec.structs import replace

from mkondo.domain.delivery import (
    CallbackAbandoned,
    CallbackDelivered,
    CallbackDue,
    CallbackQueued,
    CallbackRetryScheduled,
    about,
)
from mkondo.domain.ids import Instant
from mkondo.domain.views.view import Change, Recorded, View

_Told = CallbackDelivered | CallbackRetryScheduled | CallbackAbandoned

ATTEMPTS_KEPT = 50
"""The newest; a round has eleven at most, and each replay is another."""

QUEUED, RETRYING, DELIVERED, ABANDONED = "queued", "retrying", "delivered", "abandoned"


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one attempt: the HTTP status (0: no answer), why it failed, what was answered."""

    at: Instant
    status: int = 0
    milliseconds: int = 0
    reason: str = ""
    answer: str = ""
    acknowledged: bool = False


class DeliveryRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One delivery. `next_at` is there while another attempt is to come; `reason` says why it was given up. `result` is
    the sequence of the event that queued it first, by which the view `results` has it; `replayed_by` asked for it last.
    `older_attempts` is how many there were before those that are kept.
    """

    delivery: str
    application: str = ""
    operation: str = ""
    third_party_conversation_id: str = ""
    url: str = ""
    state: str = QUEUED
    queued_at: Instant = Instant(0)
    next_at: Instant = Instant(0)
    attempts: tuple[Attempt, ...] = ()
    reason: str = ""
    result: int = 0
    replayed_by: str = ""
    older_attempts: int = 0


def row_key(application: str, delivery: str) -> str:
    return f"{application}/{delivery}"


def _queued(row: DeliveryRow | None, event: CallbackQueued, at: Recorded) -> DeliveryRow:
    delivery = event.delivery
    if row is not None and row.result:
        return replace(
            row, url=delivery.url, state=QUEUED, next_at=Instant(0), reason="", replayed_by=event.by or row.replayed_by
        )
    asked = about(delivery.result)
    return DeliveryRow(
        delivery.delivery,
        delivery.application,
        asked.operation,
        asked.third_party_conversation_id,
        delivery.url,
        queued_at=at.time,
        next_at=delivery.next_at if event.held_back else Instant(0),
        result=at.sequence,
        replayed_by=event.by,
    )


def _due(row: DeliveryRow | None, event: CallbackDue, at: Recorded) -> DeliveryRow:
    return replace(row or DeliveryRow(event.delivery.delivery), next_at=Instant(0))


def _told(state: str) -> Change:
    def evolve(row: DeliveryRow | None, event: _Told, at: Recorded) -> DeliveryRow:
        receipt = event.receipt
        attempt = Attempt(
            at.time, receipt.status, receipt.milliseconds, receipt.reason, receipt.answer, receipt.acknowledged
        )
        before = row or DeliveryRow(event.delivery)
        attempts = (*before.attempts, attempt) if event.attempt else before.attempts
        older = before.older_attempts + max(len(attempts) - ATTEMPTS_KEPT, 0)
        reason = event.reason if isinstance(event, CallbackAbandoned) else ""
        next_at = event.next_at if isinstance(event, CallbackRetryScheduled) else Instant(0)
        return replace(
            before,
            state=state,
            next_at=next_at,
            attempts=attempts[-ATTEMPTS_KEPT:],
            older_attempts=older,
            reason=reason,
        )

    return Change(lambda event, at: row_key(event.application, event.delivery), evolve)


DELIVERIES = View(
    "deliveries",
    DeliveryRow,
    {
        CallbackQueued: Change(lambda event, at: row_key(event.delivery.application, event.delivery.delivery), _queued),
        CallbackDue: Change(lambda event, at: row_key(event.delivery.application, event.delivery.delivery), _due),
        CallbackDelivered: _told(DELIVERED),
        CallbackRetryScheduled: _told(RETRYING),
        CallbackAbandoned: _told(ABANDONED),
    },
    lambda row: False,  # whatever became of it, it may be replayed
    rests=lambda row: row.state in (DELIVERED, ABANDONED),
    wakes={CallbackQueued: lambda event: bool(event.by)},
)
