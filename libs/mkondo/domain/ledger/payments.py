"""Admitted payments: post at once, hold, or ask the payer first; and what ends them. Refusals first."""

from collections.abc import Sequence

from mkondo.domain import reasons
from mkondo.domain.account import Account, AccountStatus
from mkondo.domain.approval import (
    IMPLICIT,
    AnswerApproval,
    Approval,
    ApprovalAsked,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRefused,
)
from mkondo.domain.decider import Event, Records
from mkondo.domain.ids import Instant
from mkondo.domain.ledger.entries import account_or_opening, entry_of, find_account
from mkondo.domain.ledger.keys import approval_key
from mkondo.domain.ledger.reservations import reserve
from mkondo.domain.payment import PaymentAdmitted, completed, failed

NO_SUCH_ACCOUNT = {"wallet": reasons.NO_SUCH_CUSTOMER, "till": reasons.BAD_SHORTCODE}
"""By kind of the debited account, which its name begins with."""


def pay(admitted: PaymentAdmitted, records: Records, now: Instant) -> Sequence[Event]:
    payment = admitted.payment
    if now >= payment.deadline:
        return (failed(admitted, reasons.TIMED_OUT, "the deadline passed before posting", "Expired"),)
    if admitted.forced is not None:
        return (failed(admitted, admitted.forced.code, admitted.forced.text, admitted.forced.status),)
    account, opening = account_or_opening(payment.debited, payment.market, payment.opens_accounts, records)
    if account is None:
        code = NO_SUCH_ACCOUNT[payment.debited.partition("/")[0]]
        return (failed(admitted, code, "the debited account does not exist", "Declined"),)
    if admitted.approval != IMPLICIT:
        return (*opening, ApprovalAsked(admitted))
    return (*opening, *_settle(admitted, account, now))


def _settle(admitted: PaymentAdmitted, account: Account, now: Instant) -> Sequence[Event]:
    if account.status is not AccountStatus.ACTIVE:
        return (failed(admitted, reasons.REFUSED, f"the account is {account.status.value.lower()}", "Declined"),)
    if not account.covers(admitted.payment.amount.minor):
        return (failed(admitted, reasons.SHORT, "Insufficient balance", "Declined"),)
    if admitted.reservation_ms:
        return reserve(admitted, now)
    return (entry_of(admitted.payment, account), completed(admitted, now))


def answer(command: AnswerApproval, records: Records, now: Instant) -> Sequence[Event]:
    approval = records.get(approval_key(command.payment_id))
    if not isinstance(approval, Approval):
        return ()  # answered before, or its time is up
    admitted = approval.admitted
    debited = admitted.payment.debited
    if now >= approval.expires_at:
        return expire_approval(approval, now)
    if command.code != reasons.OK:
        refused = ApprovalRefused(command.payment_id, debited, command.code, command.text)
        return (refused, failed(admitted, command.code, command.text, command.status))
    account = find_account(debited, records)
    if account is None:
        raise LookupError(f"the account of the waiting payment {command.payment_id} is gone")
    return (ApprovalGranted(command.payment_id, debited), *_settle(admitted, account, now))


def expire_approval(approval: Approval, now: Instant) -> Sequence[Event]:
    if now < approval.expires_at:
        return ()
    payment = approval.admitted.payment
    ended = failed(approval.admitted, reasons.TIMED_OUT, "the customer did not answer in time", "Expired")
    return (ApprovalExpired(payment.payment_id, payment.debited), ended)
