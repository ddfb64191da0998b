"""Direct debits of the sandbox: list them, and answer for the customer one that waits.

A view follows: a mandate that it does not know yet is read from the fact that it was made, which is there as soon as
the merchant has its id. Read next: domain/mandate.py.
"""

from fastapi import APIRouter
from pydantic import BaseModel

from mkondo.contracts.journal import Partition
from mkondo.contracts.views import decode_row
from mkondo.domain import mandates
from mkondo.domain.facts import mandate_of
from mkondo.domain.ids import ApplicationId, partition_of
from mkondo.domain.mandate import AnswerMandate, MandateKey, Status
from mkondo.domain.mandates import MandateCreated
from mkondo.domain.views.mandates import MandateRow, row_key, row_of
from mkondo.runtime.facts import read_fact
from mkondo.runtime.parts import Parts
from services.portal.api.access import Own, Sandbox
from services.portal.api.bodies import Asked
from services.portal.api.errors import Refused
from services.portal.api.paging import LOOKED_AT_MAX, Limit, Next, page_of_view

router = APIRouter(tags=["mandates"])


class MandateView(BaseModel):
    """One mandate; dates as on the wire, YYYYMMDD."""

    mandate_id: str
    reference: str
    customer: str
    market: str
    shortcode: str
    status: str
    reason: str
    frequency: str
    first_payment_date: str
    start_day: str
    end_day: str
    expiry_date: str
    collections: int


class Mandates(BaseModel):
    """A page of them."""

    mandates: list[MandateView]
    next: Next


class MandateAnswer(Asked):
    """The customer's word about a mandate that waits for approval."""

    agreed: bool


@router.get("/{environment}/mandates")
async def list_mandates(
    parts: Sandbox,
    application: Own,
    after: str = "",
    limit: Limit = LOOKED_AT_MAX,
) -> Mandates:
    """The application's mandates, whatever became of them, in the order of their ids as text: those behind `after`."""
    start = row_key(application, after)
    rows, behind = await page_of_view(parts.views, "mandates", row_key(application, ""), start, limit)
    return Mandates(mandates=[_view(row) for row in rows], next=behind)


@router.get("/{environment}/mandates/{mandate_id}")
async def show_mandate(parts: Sandbox, application: Own, mandate_id: str) -> MandateView:
    return _view(await _row(parts, application, mandate_id))


@router.post("/{environment}/mandates/{mandate_id}/answers", status_code=202)
async def answer_mandate(parts: Sandbox, application: Own, mandate_id: str, answer: MandateAnswer) -> MandateView:
    """Approve a mandate that waits for its customer, or refuse it.

    Its owner ignores an answer to one that waits no more; 409 is for what is known here already.
    """
    row = await _row(parts, application, mandate_id)
    if row.status != Status.PENDING.value:
        raise Refused(409, f"the mandate is {row.status.lower()}", "Only one that is pending approval can be answered.")
    key = MandateKey(application, row.market, row.reference, row.customer)
    owner = Partition(mandates.NAME, partition_of(key.partition_key))
    await parts.log.send_command(owner, AnswerMandate(key, answer.agreed, mandate_id))
    return _view(row)


async def _row(parts: Parts, application: ApplicationId, mandate_id: str) -> MandateRow:
    name = row_key(application, mandate_id)
    found = await parts.views.read("mandates", [name])
    row = decode_row("mandates", found[name]) if name in found else None
    if isinstance(row, MandateRow):
        return row
    made = await read_fact(parts.facts, mandate_of(application, mandate_id))
    if not isinstance(made, MandateCreated):
        raise Refused(404, f"no mandate {mandate_id!r}", "List them with GET …/mandates.")
    return row_of(made.mandate)


def _view(row: MandateRow) -> MandateView:
    return MandateView(
        mandate_id=row.mandate_id,
        reference=row.reference,
        customer=row.customer,
        market=row.market,
        shortcode=row.shortcode,
        status=row.status,
        reason=row.reason,
        frequency=row.frequency,
        first_payment_date=row.first_payment_date,
        start_day=row.start_day,
        end_day=row.end_day,
        expiry_date=row.expiry_date,
        collections=row.collections,
    )
