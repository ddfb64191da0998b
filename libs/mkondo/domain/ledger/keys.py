"""Which account's owner decides a message, and which records it needs."""

from collections.abc import Sequence

from mkondo.domain.account import (
    AccountOpened,
    AccountStatusChanged,
    CreditApplied,
    CreditSuspended,
    HoldCaptured,
    HoldExpired,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
    OpenAccount,
    SetAccountStatus,
    currency_of,
    funding,
    suspense,
)
from mkondo.domain.approval import (
    AnswerApproval,
    ApprovalAsked,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRefused,
)
from mkondo.domain.decider import Message, TimerDue, record_key
from mkondo.domain.ids import AccountId, RecordKey
from mkondo.domain.mandate import FindMandate
from mkondo.domain.mandates import CollectionAdmitted, MandateFound
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import DecideReservation, Request, RequestAdmitted, RequestAnswered
from mkondo.domain.reversals import ReversalAdmitted


def account_key(account: AccountId) -> RecordKey:
    return RecordKey(f"account/{account}")  # record_key, in line: several for every payment


def approval_key(payment_id: str) -> RecordKey:
    return record_key("approval", payment_id)


def hold_key(hold: str, account: AccountId) -> RecordKey:
    """The account is part of the key, so that the hold's timer knows which account to load."""
    return record_key("hold", hold, account)


def _account_of_hold(record: RecordKey) -> AccountId:
    return AccountId(record.split("/", 2)[2])


def key(message: Message) -> str:
    """The account that an event is about; it is also the key of the public event topic."""
    match message:
        case PaymentAdmitted() | PaymentReserved() | PaymentCompleted() | PaymentFailed():
            return message.payment.debited
        case HoldPlaced():
            return message.hold.account
        case AnswerApproval() | ApprovalGranted() | ApprovalRefused() | ApprovalExpired():
            return message.debited
        case JournalEntryPosted():
            return message.debit.account
        case CreditApplied() | CreditSuspended() | OpenAccount() | AccountOpened() | MandateFound():
            return message.account
        case ApprovalAsked() | CollectionAdmitted() | ReversalAdmitted():
            return message.admitted.payment.debited
        case RequestAdmitted(request=request) | RequestAnswered(request=request):
            return _asked_about(request)
        case SetAccountStatus() | AccountStatusChanged():
            return message.account
        case HoldCaptured() | HoldReleased() | HoldExpired():
            return message.account
        case _:
            raise TypeError(f"the ledger has no key for {type(message).__name__}")


def _asked_about(request: Request) -> AccountId:
    match request.order:
        case DecideReservation(account=account) | FindMandate(account=account):
            return account
        case _:
            raise TypeError(f"{type(request.order).__name__} is no order about an account")


def reads(message: Message) -> Sequence[RecordKey]:
    match message:
        case PaymentAdmitted(payment=payment):
            return _paying(payment)
        case JournalEntryPosted():
            credited = message.credit.account
            return (
                account_key(credited),
                _funding_key(message.market, credited),
                account_key(suspense(message.currency, credited)),
            )
        case CollectionAdmitted(admitted=admitted) | ReversalAdmitted(admitted=admitted):
            return _paying(admitted.payment)
        case RequestAdmitted(request=Request(order=DecideReservation(payment_id=payment_id, account=account))):
            return hold_key(payment_id, account), account_key(account)
        case MandateFound() | SetAccountStatus():
            return (account_key(message.account),)
        case OpenAccount():
            return account_key(message.account), _funding_key(message.market, message.account)
        case AnswerApproval():
            return approval_key(message.payment_id), account_key(message.debited)
        case TimerDue(record=record) if record.startswith("hold/"):
            return record, account_key(_account_of_hold(record))
        case TimerDue(record=record):
            return (record,)
        case _:
            return ()


def _paying(payment: Payment) -> Sequence[RecordKey]:
    return account_key(payment.debited), _funding_key(payment.market, payment.debited)


def _funding_key(market: str, account: AccountId) -> RecordKey:
    """An opening balance would come from the funding account beside it."""
    return account_key(funding(market, currency_of(account), account))
