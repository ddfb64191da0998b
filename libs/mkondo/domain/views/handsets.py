"""The view `handsets`: what each customer's handset shows now, by the account that pays.

Payments that wait for a yes or no, and voucher codes of two-step payments that are not decided yet. All its events are
of the account's own partition.
"""

import msgspec
from msgspec.structs import replace

from mkondo.domain.account import HoldCaptured, HoldExpired, HoldPlaced, HoldReleased, name_of
from mkondo.domain.approval import ApprovalAsked, ApprovalExpired, ApprovalGranted, ApprovalRefused
from mkondo.domain.ids import Instant
from mkondo.domain.payment import Payment
from mkondo.domain.views.view import Change, Recorded, View

_Answered = ApprovalGranted | ApprovalRefused | ApprovalExpired
_Ended = HoldCaptured | HoldReleased | HoldExpired


class Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    """One payment on the screen. `minor` in minor units; `voucher_code` once its funds are reserved."""

    payment_id: str
    transaction_id: str
    application: str
    market: str
    minor: int
    currency: str
    shortcode: str
    reference: str
    description: str
    expires_at: Instant
    voucher_code: str = ""


class HandsetRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One screen. Both are by payment id."""

    account: str
    prompts: dict[str, Shown] = {}
    vouchers: dict[str, Shown] = {}


def _shown(payment: Payment, expires_at: Instant, voucher_code: str = "") -> Shown:
    return Shown(
        payment.payment_id,
        payment.transaction_id,
        payment.application,
        payment.market,
        payment.amount.minor,
        payment.amount.currency,
        name_of(payment.credited),
        payment.transaction_reference,
        payment.description,
        expires_at,
        voucher_code,
    )


def _asked(row: HandsetRow | None, event: ApprovalAsked, at: Recorded) -> HandsetRow:
    payment = event.admitted.payment
    before = row or HandsetRow(payment.debited)
    return replace(before, prompts={**before.prompts, payment.payment_id: _shown(payment, payment.deadline)})


def _answered(row: HandsetRow | None, event: _Answered, at: Recorded) -> HandsetRow:
    before = row or HandsetRow(event.debited)
    return replace(before, prompts={name: it for name, it in before.prompts.items() if name != event.payment_id})


def _held(row: HandsetRow | None, event: HoldPlaced, at: Recorded) -> HandsetRow:
    hold = event.hold
    before = row or HandsetRow(hold.account)
    voucher = _shown(hold.admitted.payment, hold.expires_at, hold.voucher_code)
    return replace(before, vouchers={**before.vouchers, hold.hold: voucher})


def _ended(row: HandsetRow | None, event: _Ended, at: Recorded) -> HandsetRow:
    before = row or HandsetRow(event.account)
    return replace(before, vouchers={name: it for name, it in before.vouchers.items() if name != event.hold})


_ANSWER = Change(lambda event, at: event.debited, _answered)
_END = Change(lambda event, at: event.account, _ended)

HANDSETS = View(
    "handsets",
    HandsetRow,
    {
        ApprovalAsked: Change(lambda event, at: event.admitted.payment.debited, _asked),
        ApprovalGranted: _ANSWER,
        ApprovalRefused: _ANSWER,
        ApprovalExpired: _ANSWER,
        HoldPlaced: Change(lambda event, at: event.hold.account, _held),
        HoldCaptured: _END,
        HoldReleased: _END,
        HoldExpired: _END,
    },
    lambda row: False,
)
