"""Reversals: what of a payment may still be given back.

Pure. A decider keyed by the original payment, so that concurrent reversals of one payment stand in line: what one of
them has set aside no other can take. The money itself is moved by the ledger, as a payment in the other direction.
State only for payments that somebody asked to reverse. Commands and records: reversal.py. Read next: ledger/.
"""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from mkondo.domain import reasons
from mkondo.domain.decider import Changes, Event, Message, Record, Records, Send, record_key
from mkondo.domain.ids import ApplicationId, Instant, PaymentId, RecordKey
from mkondo.domain.markets import MARKETS
from mkondo.domain.money import Money
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, PaymentFailed, after_ending, failed
from mkondo.domain.reversal import Original, ReversalOf, Reversals

NAME = "reversals"


def original_of(known: Payment, ended: Event | None) -> Original:
    """What a reversal says of a payment that belongs to whoever asks: `known` by its reference row, `ended` by its
    outcome row, if it has one. What a completed one moved only its outcome tells: its request may have named no amount.
    """
    completed = isinstance(ended, PaymentCompleted)
    moved, when = (ended.payment, ended.completed_at) if isinstance(ended, PaymentCompleted) else (known, Instant(0))
    return Original(
        moved.payment_id,
        moved.operation,
        moved.market,
        moved.amount.minor,
        moved.amount.currency,
        moved.debited,
        moved.credited,
        moved.asked_at,
        completed,
        owned=True,
        completed_at=when,
    )


# Events ---------------------------------------------------------------------------------------------------------------


class ReversalAdmitted(msgspec.Struct, frozen=True, tag=True):
    """So much of the original is set aside to be given back; the ledger moves it."""

    original: Original
    admitted: PaymentAdmitted


class ReversalDeclined(msgspec.Struct, frozen=True, tag=True):
    """Nothing is given back by this reversal. `minor` had been set aside for it and is free again.

    `application`: whose reversal it is; empty in an event from before it was told.
    """

    original: PaymentId
    payment_id: PaymentId
    code: str
    reason: str
    minor: int = 0
    application: ApplicationId = ApplicationId("")


class PaymentReversed(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """`minor` of the original has been given back; `remaining` may still be.

    `application`: whose reversal it is; empty in an event from before it was told.
    """

    original: PaymentId
    payment_id: PaymentId
    minor: int
    remaining: int
    told: bool = False
    """Whether the reversal's own completion was the fact that nothing remains."""
    application: ApplicationId = ApplicationId("")


def reversals_key(original: str) -> RecordKey:
    return record_key("reversals", original)


def key(message: Message) -> str:
    match message:
        case PaymentAdmitted(purpose=ReversalOf(original=original)) | ReversalAdmitted(original=original):
            return original.payment_id
        case ReversalDeclined() | PaymentReversed():
            return message.original
        case PaymentCompleted() | PaymentFailed():
            return _reversed(message).payment_id
        case _:
            raise TypeError(f"reversals have no key for {type(message).__name__}")


def _reversed(ended: PaymentCompleted | PaymentFailed) -> Original:
    if not isinstance(ended.purpose, ReversalOf):
        raise TypeError(f"payment {ended.payment.payment_id} is no reversal")
    return ended.purpose.original


def reads(message: Message) -> Sequence[RecordKey]:
    return (reversals_key(key(message)),)


# Decide ---------------------------------------------------------------------------------------------------------------


def decide(message: Message, records: Records, now: Instant) -> Sequence[Event]:
    match message:
        case PaymentAdmitted(purpose=ReversalOf(original=original)):
            return _admit(message, original, records, now)
        case PaymentCompleted():
            return _settle(message, records)
        case PaymentFailed():
            return _give_back(message)
        case _:
            raise TypeError(f"reversals cannot decide {type(message).__name__}")


def _admit(admitted: PaymentAdmitted, original: Original, records: Records, now: Instant) -> Sequence[Event]:
    state = _state(original, records)
    remaining = state.remaining
    asked = admitted.payment.amount.minor or remaining
    if now >= admitted.payment.deadline:
        return _decline(
            admitted, original, reasons.TIMED_OUT, "the deadline passed before the reversal was admitted", "Expired"
        )
    if not original.owned:
        return _decline(admitted, original, reasons.FOREIGN, "the payment belongs to somebody else")
    if not original.completed:
        return _decline(admitted, original, reasons.REFUSED, "the payment has not completed")
    window_ms = MARKETS[original.market].reversal_windows_ms.get(original.operation)
    if window_ms is None:
        return _decline(admitted, original, reasons.REFUSED, f"a {original.operation} can't be reversed")
    if now >= original.happened_at + window_ms:
        return _decline(admitted, original, reasons.REFUSED, "the time in which it could be reversed is over")
    if remaining == 0:
        return _decline(admitted, original, reasons.REFUSED, "nothing of it remains to be reversed")
    if asked > remaining:
        return _decline(admitted, original, reasons.BAD_AMOUNT, f"{asked} asked, {remaining} minor units remain")
    payment = replace(
        admitted.payment,
        amount=Money(asked, original.currency),
        debited=original.credited,
        credited=original.debited,
    )
    purpose = ReversalOf(original, closes=asked == remaining and not state.open)
    return (ReversalAdmitted(original, replace(admitted, payment=payment, purpose=purpose, reserved=True)),)


def _decline(
    admitted: PaymentAdmitted, original: Original, code: str, reason: str, status: str = "Declined"
) -> Sequence[Event]:
    asked = admitted.payment
    declined = ReversalDeclined(original.payment_id, asked.payment_id, code, reason, application=asked.application)
    return (declined, failed(admitted, code, reason, status))


def _settle(ended: PaymentCompleted, records: Records) -> Sequence[Event]:
    original, payment, minor = _reversed(ended), ended.payment, ended.payment.amount.minor
    state = _state(original, records)
    left = original.minor - state.reversed - minor
    told = isinstance(ended.purpose, ReversalOf) and ended.purpose.closes
    return (PaymentReversed(original.payment_id, payment.payment_id, minor, left, told, payment.application),)


def _give_back(ended: PaymentFailed) -> Sequence[Event]:
    original, payment, minor = _reversed(ended), ended.payment, ended.payment.amount.minor
    declined = ReversalDeclined(
        original.payment_id, payment.payment_id, ended.code, ended.reason, minor, payment.application
    )
    return (declined,)


def _state(original: Original, records: Records) -> Reversals:
    record = records.get(reversals_key(original.payment_id))
    return record if isinstance(record, Reversals) else Reversals(original.payment_id, original.minor)


# Evolve ---------------------------------------------------------------------------------------------------------------


def evolve(records: Records, event: Event) -> Changes:
    match event:
        case ReversalAdmitted(original=original, admitted=admitted):
            state = _state(original, records)
            opened = replace(state, open=state.open + admitted.payment.amount.minor)
            return {reversals_key(original.payment_id): opened}
        case ReversalDeclined(minor=0) | PaymentFailed():
            return {}
        case ReversalDeclined(original=original, minor=minor):
            state = _known(original, records)
            return {reversals_key(original): replace(state, open=state.open - minor)}
        case PaymentReversed(original=original, minor=minor):
            state = _known(original, records)
            settled = replace(state, open=state.open - minor, reversed=state.reversed + minor)
            return {reversals_key(original): settled}
        case _:
            raise TypeError(f"reversals do not know {type(event).__name__}")


def _known(original: PaymentId, records: Records) -> Reversals:
    record = records[reversals_key(original)]
    if not isinstance(record, Reversals):
        raise LookupError(f"the reversals of {original} are gone")
    return record


def react(event: Event) -> Sequence[Send]:
    match event:
        case ReversalAdmitted(admitted=admitted):
            return (Send("ledger", admitted.payment.debited),)
        case PaymentFailed():
            return after_ending(event)
        case _:
            return ()


def due(record: Record) -> Instant | None:
    return None


def give_up(message: Message, reason: str) -> Sequence[Event]:
    """A reversal was admitted before it came here: it is parked (rule 14)."""
    return ()
