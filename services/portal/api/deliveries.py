"""Results that were pushed, or are still to be: what became of every attempt. Read next: domain/views/deliveries.py."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from mkondo.contracts.views import decode_row
from mkondo.domain.views.deliveries import DeliveryRow, row_key
from services.portal.api.access import Environment, Own
from services.portal.api.errors import Refused
from services.portal.api.paging import LOOKED_AT_MAX, Limit, Next, page_of_view

router = APIRouter(tags=["deliveries"])

State = Literal["queued", "retrying", "delivered", "abandoned"]


class AttemptView(BaseModel):
    """One attempt. `status` 0: there was no HTTP answer. `reason`: what went wrong, in a line; also where the body of a
    2xx broke off, which is delivered all the same. `answer` is its first 1 KiB.

    `acknowledged`: it was the documented acknowledgement; any 2xx counts as delivered.
    """

    at: int
    status: int
    milliseconds: int
    reason: str
    answer: str
    acknowledged: bool


class DeliveryView(BaseModel):
    """One result on its way. Times are milliseconds since 1970; `next_at` 0: no other attempt is to come, or one is
    being made. `reason`: why it was given up. `replayed_by`: who wanted it again last.
    `attempts` are the newest 50; `older_attempts`: how many there were before them."""

    id: str
    operation: str
    third_party_conversation_id: str
    url: str
    state: str
    queued_at: int
    next_at: int
    reason: str
    replayed_by: str
    attempts: list[AttemptView]
    older_attempts: int


class Deliveries(BaseModel):
    """A page of them. Where one state is named it may hold few, and none, while there is a `next`."""

    deliveries: list[DeliveryView]
    next: Next


@router.get("/{environment}/deliveries")
async def list_deliveries(
    parts: Environment,
    application: Own,
    after: str = "",
    limit: Limit = LOOKED_AT_MAX,
    state: Annotated[State | None, Query()] = None,
) -> Deliveries:
    """The application's deliveries, the oldest first, behind the one whose id is `after`; of one state, if it is named:
    `abandoned` are the dead letters."""
    wanted = None if state is None else lambda row: row.state == state
    rows, behind = await page_of_view(
        parts.views, "deliveries", row_key(application, ""), row_key(application, after), limit, wanted
    )
    return Deliveries(deliveries=[_view(row) for row in rows], next=behind)


@router.get("/{environment}/deliveries/{delivery}")
async def show_delivery(parts: Environment, application: Own, delivery: str) -> DeliveryView:
    """One of them, by the ConversationID of its request."""
    name = row_key(application, delivery)
    found = await parts.views.read("deliveries", [name])
    row = decode_row("deliveries", found[name]) if name in found else None
    if not isinstance(row, DeliveryRow):
        raise Refused(404, f"no delivery {delivery!r}", "List them with GET …/deliveries.")
    return _view(row)


def _view(row: DeliveryRow) -> DeliveryView:
    return DeliveryView(
        id=row.delivery,
        operation=row.operation,
        third_party_conversation_id=row.third_party_conversation_id,
        url=row.url,
        state=row.state,
        queued_at=row.queued_at,
        next_at=row.next_at,
        reason=row.reason,
        replayed_by=row.replayed_by,
        attempts=[
            AttemptView(
                at=attempt.at,
                status=attempt.status,
                milliseconds=attempt.milliseconds,
                reason=attempt.reason,
                answer=attempt.answer,
                acknowledged=attempt.acknowledged,
            )
            for attempt in row.attempts
        ],
        older_attempts=row.older_attempts,
    )
