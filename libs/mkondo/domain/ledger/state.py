"""How the ledger's events change its records: accounts, approvals, holds."""

import msgspec

from mkondo.domain.account import (
    Account,
    AccountOpened,
    AccountStatusChanged,
    CreditApplied,
    CreditSuspended,
    Hold,
    HoldCaptured,
    HoldExpired,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
)
from mkondo.domain.approval import Approval, ApprovalAsked, ApprovalExpired, ApprovalGranted, ApprovalRefused
from mkondo.domain.decider import Changes, Event, Record, Records
from mkondo.domain.ids import AccountId, Instant
from mkondo.domain.ledger.keys import account_key, approval_key, hold_key
from mkondo.domain.payment import PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import RequestAnswered


def evolve(records: Records, event: Event) -> Changes:
    match event:
        case JournalEntryPosted():
            return _balance(records, event.debit.account, event.currency, event.balance)
        case CreditApplied():
            return _balance(records, event.account, event.currency, event.balance)
        case CreditSuspended():
            return _balance(records, event.suspense, event.currency, event.balance)
        case AccountOpened():
            return {account_key(event.account): Account(event.account, event.currency, floor=event.floor)}
        case ApprovalAsked():
            payment = event.admitted.payment
            return {approval_key(payment.payment_id): Approval(event.admitted, payment.deadline)}
        case ApprovalGranted() | ApprovalRefused() | ApprovalExpired():
            return {approval_key(event.payment_id): None}
        case HoldPlaced(hold=hold):
            return {hold_key(hold.hold, hold.account): hold, **_hold(records, hold.account, hold.minor)}
        case HoldCaptured() | HoldReleased() | HoldExpired():
            return {hold_key(event.hold, event.account): None, **_hold(records, event.account, -event.held)}
        case AccountStatusChanged():
            key = account_key(event.account)
            return {key: msgspec.structs.replace(_account(records, event.account), status=event.status)}
        case PaymentCompleted() | PaymentFailed() | PaymentReserved() | RequestAnswered():
            return {}
        case _:
            raise TypeError(f"the ledger does not know {type(event).__name__}")


def _balance(records: Records, account: AccountId, currency: str, posted: int) -> Changes:
    """Accounts without a floor (funding, suspense) come into being with their first posting."""
    key = account_key(account)
    before = records.get(key)
    if isinstance(before, Account):
        return {key: Account(account, currency, posted, before.held, before.floor, before.status)}
    return {key: Account(account, currency, posted, floor=None)}


def _hold(records: Records, account: AccountId, minor: int) -> Changes:
    before = _account(records, account)
    return {account_key(account): msgspec.structs.replace(before, held=before.held + minor)}


def _account(records: Records, account: AccountId) -> Account:
    record = records[account_key(account)]
    if not isinstance(record, Account):
        raise LookupError(f"the account {account} is gone")
    return record


def due(record: Record) -> Instant | None:
    return record.expires_at if isinstance(record, Approval | Hold) else None
