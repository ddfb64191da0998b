"""Admitted payments: post at once, or ask the payer first; and what ends them. Refusals first."""

from collections.abc import Sequence

from mkondo.domain.account import Account
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
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed

OK = "INS-0"
TIMED_OUT = "INS-9"
SHORT = "INS-2006"
NO_SUCH_ACCOUNT = {"wallet": "INS-2051", "till": "INS-13"}
"""By kind of the debited account, which its name begins with."""


def pay(admitted: PaymentAdmitted, records: Records, now: Instant) -> Sequence[Event]:
    payment = admitted.payment
    if now >= payment.deadline:
        return (_failed(admitted, TIMED_OUT, "the deadline passed before posting", "Expired"),)
    account, opening = account_or_opening(payment.debited, payment.market, payment.opens_accounts, records)
    if account is None:
        code = NO_SUCH_ACCOUNT[payment.debited.partition("/")[0]]
        return (_failed(admitted, code, "the debited account does not exist", "Declined"),)
    if admitted.approval != IMPLICIT:
        return (*opening, ApprovalAsked(admitted))
    return (*opening, *_post(admitted, account))


def _post(admitted: PaymentAdmitted, account: Account) -> Sequence[Event]:
    payment = admitted.payment
    if not account.covers(payment.amount.minor):
        return (_failed(admitted, SHORT, "Insufficient balance", "Declined"),)
    completed = PaymentCompleted(payment, market_day=admitted.market_day, buckets=admitted.buckets)
    return (entry_of(payment, account), completed)


def _failed(admitted: PaymentAdmitted, code: str, reason: str, status: str) -> PaymentFailed:
    return PaymentFailed(admitted.payment, code, reason, status, admitted.market_day, admitted.buckets)


def answer(command: AnswerApproval, records: Records, now: Instant) -> Sequence[Event]:
    approval = records.get(approval_key(command.payment_id))
    if not isinstance(approval, Approval):
        return ()  # answered before, or its time is up
    admitted = approval.admitted
    debited = admitted.payment.debited
    if now >= approval.expires_at:
        return expire_approval(approval, now)
    if command.code != OK:
        refused = ApprovalRefused(command.payment_id, debited, command.code, command.text)
        return (refused, _failed(admitted, command.code, command.text, command.status))
    account = find_account(debited, records)
    if account is None:
        raise LookupError(f"the account of the waiting payment {command.payment_id} is gone")
    return (ApprovalGranted(command.payment_id, debited), *_post(admitted, account))


def expire_approval(approval: Approval, now: Instant) -> Sequence[Event]:
    if now < approval.expires_at:
        return ()
    payment = approval.admitted.payment
    failed = _failed(approval.admitted, TIMED_OUT, "the customer did not answer in time", "Expired")
    return (ApprovalExpired(payment.payment_id, payment.debited), failed)
