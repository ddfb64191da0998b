"""The view `payments`: every payment and what became of it, by payment id.

Admission says when it was admitted, whoever ends it says how; the rest is in every event of the payment. A payment
whose ending was read first has the same row in the end as one whose admission was.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from mkondo.domain.approval import ApprovalAsked, ApprovalExpired, ApprovalGranted, ApprovalRefused
from mkondo.domain.ids import Instant
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.views.view import Change, Recorded, View

IN_PROGRESS, PENDING, COMPLETED = "In Progress", "Pending", "Completed"

ADMISSION = "admission/"
"""Sources of admission: a payment that ends there was never admitted, so nothing more is to come."""


_Answer = ApprovalGranted | ApprovalRefused | ApprovalExpired


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


def _admitted(row: PaymentRow | None, event: PaymentAdmitted, at: Recorded) -> PaymentRow:
    return _with(row, event.payment, admitted_at=at.time)


def _reserved(row: PaymentRow | None, event: PaymentReserved, at: Recorded) -> PaymentRow:
    return _with(row, event.payment, status=PENDING)


def _completed(row: PaymentRow | None, event: PaymentCompleted, at: Recorded) -> PaymentRow:
    return _with(row, event.payment, status=COMPLETED, code=event.code, ended_at=at.time, ended_by=at.source)


def _failed(row: PaymentRow | None, event: PaymentFailed, at: Recorded) -> PaymentRow:
    why = {"status": event.status, "code": event.code, "reason": event.reason}
    return _with(row, event.payment, **why, ended_at=at.time, ended_by=at.source)


def _asked(row: PaymentRow | None, event: ApprovalAsked, at: Recorded) -> PaymentRow:
    return _with(row, event.admitted.payment, approval="asked")


def _answered(answer: str) -> Callable[[PaymentRow | None, _Answer, Recorded], PaymentRow]:
    def evolve(row: PaymentRow | None, event: _Answer, at: Recorded) -> PaymentRow:
        return replace(row or PaymentRow(event.payment_id), approval=answer)

    return evolve


def _with(row: PaymentRow | None, payment: Payment, **facts: Any) -> PaymentRow:
    """The row with these facts; every event that carries the payment can describe it, whichever is read first.

    Only what a whole reversal amounts to is not known to admission: it stays 0 until somebody says it."""
    if row is not None and row.transaction_id:
        return replace(row, minor=row.minor or payment.amount.minor, **facts)
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
        **({"approval": row.approval} if row is not None else {}) | facts,
    )


def final(row: PaymentRow) -> bool:
    return bool(row.ended_at) and (bool(row.admitted_at) or row.ended_by.startswith(ADMISSION))


def _of_payment(event: PaymentAdmitted | PaymentReserved | PaymentCompleted | PaymentFailed, at: Recorded) -> str:
    return event.payment.payment_id


def _of_answer(event: _Answer, at: Recorded) -> str:
    return event.payment_id


PAYMENTS = View(
    "payments",
    PaymentRow,
    {
        PaymentAdmitted: Change(_of_payment, _admitted),
        ApprovalAsked: Change(lambda event, at: event.admitted.payment.payment_id, _asked),
        ApprovalGranted: Change(_of_answer, _answered("granted")),
        ApprovalRefused: Change(_of_answer, _answered("refused")),
        ApprovalExpired: Change(_of_answer, _answered("expired")),
        PaymentReserved: Change(_of_payment, _reserved),
        PaymentCompleted: Change(_of_payment, _completed),
        PaymentFailed: Change(_of_payment, _failed),
    },
    final,
)
