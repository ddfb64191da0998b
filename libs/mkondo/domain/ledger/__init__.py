"""The ledger: approvals, double entry, holds. It ends every admitted payment.

Pure. A decider keyed by account: the debited account's owner decides the payment and posts the whole journal entry, the
credited account's owner applies the credit (architecture rules 7 and 9). Reading order: keys, entries, payments,
reservations, queries, state; this file joins them into the decider. Read next: runtime/processor.py.
"""

from collections.abc import Sequence

from mkondo.domain import reasons
from mkondo.domain.account import (
    AccountStatusChanged,
    JournalEntryPosted,
    OpenAccount,
    SetAccountStatus,
)
from mkondo.domain.approval import AnswerApproval, Approval
from mkondo.domain.decider import Event, Message, Record, Records, Send, TimerDue
from mkondo.domain.ids import Instant
from mkondo.domain.ledger.entries import apply_credit, find_account, open_account
from mkondo.domain.ledger.keys import key, reads
from mkondo.domain.ledger.payments import answer, expire_approval, pay
from mkondo.domain.ledger.queries import describe_mandate
from mkondo.domain.ledger.reservations import decide_reservation, expire_hold
from mkondo.domain.ledger.state import due, evolve
from mkondo.domain.mandates import CollectionAdmitted, MandateFound
from mkondo.domain.payment import (
    PaymentAdmitted,
    PaymentCompleted,
    PaymentFailed,
    PaymentReserved,
    after_answer,
    after_ending,
)
from mkondo.domain.request import DecideReservation, Request, RequestAdmitted, RequestAnswered, after_answered, refused
from mkondo.domain.reversals import ReversalAdmitted

NAME = "ledger"

__all__ = ["NAME", "decide", "due", "evolve", "give_up", "key", "react", "reads"]


def decide(message: Message, records: Records, now: Instant) -> Sequence[Event]:
    match message:
        case PaymentAdmitted():
            return pay(message, records, now)
        case JournalEntryPosted():
            return apply_credit(message, records)
        case CollectionAdmitted(admitted=admitted) | ReversalAdmitted(admitted=admitted):
            return pay(admitted, records, now)
        case RequestAdmitted(request=Request(order=DecideReservation() as order)):
            return decide_reservation(message, order, records, now)
        case MandateFound():
            return describe_mandate(message, records, now)
        case AnswerApproval():
            return answer(message, records, now)
        case TimerDue():
            return _time_is_up(records.get(message.record), now)
        case OpenAccount():
            return open_account(message, records)
        case SetAccountStatus():
            return _set_status(message, records)
        case _:
            raise TypeError(f"the ledger cannot decide {type(message).__name__}")


def _time_is_up(record: Record | None, now: Instant) -> Sequence[Event]:
    if record is None:
        return ()
    return expire_approval(record, now) if isinstance(record, Approval) else expire_hold(record, now)


def _set_status(command: SetAccountStatus, records: Records) -> Sequence[Event]:
    account = find_account(command.account, records)
    if account is None or account.status is command.status:
        return ()
    return (AccountStatusChanged(command.account, command.status),)


def react(event: Event) -> Sequence[Send]:
    match event:
        case JournalEntryPosted() if event.in_transit:
            return (Send(NAME, event.credit.account),)
        case PaymentCompleted() | PaymentFailed():
            return after_ending(event)
        case PaymentReserved(payment=payment):
            return after_answer(payment.application, payment.asynchronous)
        case RequestAnswered():
            return after_answered(event)
        case _:
            return ()


def give_up(message: Message, reason: str) -> Sequence[Event]:
    """A query is answered; no money that has reached the ledger may be ended unseen: it is parked (rule 14)."""
    return (refused(message.request, reasons.INTERNAL, reason, "Failed"),) if isinstance(message, MandateFound) else ()
