"""The view `payments`: every payment and what became of it, by payment id.

Admission says when it was admitted, whoever ends it says how; the rest is in every event of the payment. A payment
whose ending was read first has the same row in the end as one whose admission was.
"""

from typing import Any

import msgspec

from mkondo.domain.approval import ApprovalAsked, ApprovalExpired, ApprovalGranted, ApprovalRefused
from mkondo.domain.decider import Event
from mkondo.domain.ids import Instant
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.domain.views.view import Recorded, View

IN_PROGRESS, COMPLETED = "In Progress", "Completed"

ADMISSION = "admission/"
"""Sources of admission: a payment that ends there was never admitted, so nothing more is to come."""


class PaymentRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One payment. `status` is what a status query says; `code` and `ended_at` are there once it has ended.

    `minor` is in minor units. `admitted_at` stays 0 for a payment that admission refused, `approval` is empty for one
    that nobody was asked about.
    """

    payment_id: str
    transaction_id: str = ""
    third_party_conversation_id: str = ""
    transaction_reference: str = ""
    application: str = ""
    organisation: str = ""
    operation: str = ""
    market: str = ""
    minor: int = 0
    currency: str = ""
    debited: str = ""
    credited: str = ""
    customer: str = ""
    description: str = ""
    asked_at: Instant = Instant(0)
    status: str = IN_PROGRESS
    code: str = ""
    reason: str = ""
    admitted_at: Instant = Instant(0)
    ended_at: Instant = Instant(0)
    ended_by: str = ""
    approval: str = ""


_ANSWERS: dict[type[Event], str] = {
    ApprovalAsked: "asked",
    ApprovalGranted: "granted",
    ApprovalRefused: "refused",
    ApprovalExpired: "expired",
}


def key(event: Event, at: Recorded) -> str:
    match event:
        case PaymentAdmitted(payment=payment) | PaymentCompleted(payment=payment) | PaymentFailed(payment=payment):
            return payment.payment_id
        case ApprovalAsked():
            return event.admitted.payment.payment_id
        case ApprovalGranted() | ApprovalRefused() | ApprovalExpired():
            return event.payment_id
        case _:
            raise TypeError(f"the view of payments does not follow {type(event).__name__}")


def evolve(row: PaymentRow | None, event: Event, at: Recorded) -> PaymentRow:
    match event:
        case PaymentAdmitted(payment=payment):
            return _with(row, payment, admitted_at=at.time)
        case PaymentCompleted(payment=payment):
            return _with(row, payment, status=COMPLETED, code=event.code, ended_at=at.time, ended_by=at.source)
        case PaymentFailed(payment=payment):
            failed = {"status": event.status, "code": event.code, "reason": event.reason}
            return _with(row, payment, **failed, ended_at=at.time, ended_by=at.source)
        case _:
            row = row or PaymentRow(key(event, at))
            return msgspec.structs.replace(row, approval=_ANSWERS[type(event)])


def _with(row: PaymentRow | None, payment: Payment, **facts: Any) -> PaymentRow:
    """The row with these facts; every event that carries the payment can describe it, whichever is read first."""
    if row is not None and row.transaction_id:
        return msgspec.structs.replace(row, **facts)
    return PaymentRow(
        payment.payment_id,
        payment.transaction_id,
        payment.third_party_conversation_id,
        payment.transaction_reference,
        payment.application,
        payment.organisation,
        payment.operation,
        payment.market,
        payment.amount.minor,
        payment.amount.currency,
        payment.debited,
        payment.credited,
        payment.customer,
        payment.description,
        payment.asked_at,
        approval=row.approval if row is not None else "",
        **facts,
    )


def final(row: PaymentRow) -> bool:
    return bool(row.ended_at) and (bool(row.admitted_at) or row.ended_by.startswith(ADMISSION))


PAYMENTS = View(
    "payments", PaymentRow, (PaymentAdmitted, PaymentCompleted, PaymentFailed, *_ANSWERS), key, evolve, final
)
