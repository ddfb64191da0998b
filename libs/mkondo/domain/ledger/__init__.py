"""The ledger: approvals, double entry, holds. It ends every admitted payment.

Pure. A decider keyed by account: the debited account's owner decides the payment and posts the whole journal entry, the
credited account's owner applies the credit (architecture rules 7 and 9). Reading order: keys, entries, payments, holds,
state; this file joins them into the decider. Read next: runtime/processor.py.
"""

from collections.abc import Sequence

from mkondo.domain.account import CaptureHold, JournalEntryPosted, OpenAccount, PlaceHold, ReleaseHold
from mkondo.domain.approval import AnswerApproval, Approval
from mkondo.domain.decider import Event, Message, Record, Records, Send, TimerDue
from mkondo.domain.ids import Instant
from mkondo.domain.ledger.entries import apply_credit, open_account
from mkondo.domain.ledger.holds import capture_hold, expire_hold, place_hold, release_hold
from mkondo.domain.ledger.keys import key, reads
from mkondo.domain.ledger.payments import answer, expire_approval, pay
from mkondo.domain.ledger.state import due, evolve
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed

NAME = "ledger"

__all__ = ["NAME", "decide", "due", "evolve", "give_up", "key", "react", "reads"]


def decide(message: Message, records: Records, now: Instant) -> Sequence[Event]:
    match message:
        case PaymentAdmitted():
            return pay(message, records, now)
        case JournalEntryPosted():
            return apply_credit(message, records)
        case AnswerApproval():
            return answer(message, records, now)
        case TimerDue():
            return _time_is_up(records.get(message.record), now)
        case OpenAccount():
            return open_account(message, records)
        case PlaceHold():
            return place_hold(message.hold, records, now)
        case CaptureHold():
            return capture_hold(message, records, now)
        case ReleaseHold():
            return release_hold(message, records)
        case _:
            raise TypeError(f"the ledger cannot decide {type(message).__name__}")


def _time_is_up(record: Record | None, now: Instant) -> Sequence[Event]:
    if record is None:
        return ()
    return expire_approval(record, now) if isinstance(record, Approval) else expire_hold(record, now)


def react(event: Event) -> Sequence[Send]:
    match event:
        case JournalEntryPosted() if event.in_transit:
            return (Send(NAME, event.credit.account),)
        case PaymentCompleted() | PaymentFailed() if event.buckets:
            return (Send("admission", event.payment.application),)
        case _:
            return ()


def give_up(message: Message, reason: str) -> Sequence[Event]:
    """Nothing that has reached the ledger may be ended unseen: it is parked instead (rule 14)."""
    return ()
