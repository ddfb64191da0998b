"""Mandates: direct debits are created, cancelled, asked about, and collected under.

Pure. A decider keyed by scope and third-party reference, so that everything about one mandate has one writer: of many
collections under a single-use mandate one is admitted. The money itself is the ledger's. Rules of the days: mandate.py.
Reading order: commands and records are there; here are events, decide, evolve. Read next: ledger/.
"""

from collections.abc import Sequence
from datetime import date

import msgspec
from msgspec.structs import replace

from mkondo.domain import reasons
from mkondo.domain.calendar import day_of, end_of, format_day, parse_day
from mkondo.domain.decider import Changes, Event, Message, Record, Records, Send, TimerDue, record_key
from mkondo.domain.ids import PARTITIONS, AccountId, Instant, PaymentId, RecordKey, partition_of
from mkondo.domain.mandate import (
    AnswerMandate,
    CancelMandate,
    Collection,
    CreateMandate,
    FindMandate,
    Mandate,
    MandateCount,
    MandateKey,
    Status,
    not_due,
    period_of,
)
from mkondo.domain.markets import MARKETS
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed, after_ending, failed
from mkondo.domain.request import Request, RequestAdmitted, RequestAnswered, after_answered, forced_answer, refused

NAME = "mandates"

NO_SUCH_MANDATE = "Mandate does not exist"


# Events ---------------------------------------------------------------------------------------------------------------


class MandateCreated(msgspec.Struct, frozen=True, tag=True):
    """A mandate exists. Unless the customer has yet to agree, it may be collected under."""

    mandate: Mandate


class MandateApproved(msgspec.Struct, frozen=True, tag=True):
    """The customer agreed: from now on it may be collected under."""

    key: MandateKey
    mandate_id: str


class MandateCancelled(msgspec.Struct, frozen=True, tag=True):
    """`reason` says by whom: the merchant, the customer, or a new mandate in its place."""

    key: MandateKey
    mandate_id: str
    reason: str


class MandateExpired(msgspec.Struct, frozen=True, tag=True):
    """Its last day is over: nothing may be collected under it any more."""

    key: MandateKey
    mandate_id: str


class CollectionAdmitted(msgspec.Struct, frozen=True, tag=True):
    """The payment may be collected under this mandate; `period` is used up unless the payment fails."""

    key: MandateKey
    mandate_id: str
    period: str
    admitted: PaymentAdmitted


class CollectionReturned(msgspec.Struct, frozen=True, tag=True):
    """The collection failed and counts no more. Its period, if it is still the one that is taken, is free again."""

    key: MandateKey
    mandate_id: str
    payment_id: PaymentId


class MandateFound(msgspec.Struct, frozen=True, tag=True):
    """The mandate of a query; the owner of the customer's account adds balance and account status and answers."""

    request: Request
    account: AccountId
    mandate: Mandate
    balance: int | None = None


_OfMandate = MandateApproved | MandateCancelled | MandateExpired | CollectionAdmitted | CollectionReturned


# Keys -----------------------------------------------------------------------------------------------------------------


def mandate_key(key: MandateKey) -> RecordKey:
    return record_key("mandate", key.scope, key.market, key.reference, key.customer)


def count_key(key: MandateKey) -> RecordKey:
    return record_key("mandate-count", str(partition_of(key.partition_key)))


def key(message: Message) -> str:
    return _key_of(message).partition_key


def _key_of(message: Message) -> MandateKey:
    match message:
        case PaymentAdmitted(purpose=Collection(key=found)) | AnswerMandate(key=found):
            return found
        case RequestAdmitted(request=request) | RequestAnswered(request=request) | MandateFound(request=request):
            return _ordered(request).key
        case PaymentCompleted() | PaymentFailed():
            return _collected(message).key
        case MandateCreated(mandate=mandate):
            return mandate.key
        case MandateApproved() | MandateCancelled() | MandateExpired() | CollectionAdmitted() | CollectionReturned():
            return message.key
        case _:
            raise TypeError(f"mandates have no key for {type(message).__name__}")


def _ordered(request: Request) -> CreateMandate | CancelMandate | FindMandate:
    order = request.order
    if not isinstance(order, CreateMandate | CancelMandate | FindMandate):
        raise TypeError(f"{type(order).__name__} is no order about a mandate")
    return order


def _collected(ended: PaymentCompleted | PaymentFailed) -> Collection:
    """Which collection has ended: what the ending was told to say to this decider."""
    if not isinstance(ended.purpose, Collection):
        raise TypeError(f"payment {ended.payment.payment_id} is no collection")
    return ended.purpose


def reads(message: Message) -> Sequence[RecordKey]:
    match message:
        case RequestAdmitted(request=Request(order=CreateMandate(key=found))):
            return mandate_key(found), count_key(found)
        case TimerDue():
            return (message.record,)
        case _:
            return (mandate_key(_key_of(message)),)


# Decide ---------------------------------------------------------------------------------------------------------------


def decide(message: Message, records: Records, now: Instant) -> Sequence[Event]:
    match message:
        case RequestAdmitted():
            return _answer(message, records, now)
        case PaymentAdmitted(purpose=Collection() as purpose):
            return _collect(message, purpose, records, now)
        case PaymentFailed():
            return _give_back(message)
        case PaymentCompleted():
            return ()
        case AnswerMandate():
            return _answered_by_customer(message, records)
        case TimerDue():
            return _expire(records.get(message.record), now)
        case _:
            raise TypeError(f"mandates cannot decide {type(message).__name__}")


def _answer(admitted: RequestAdmitted, records: Records, now: Instant) -> Sequence[Event]:
    request = admitted.request
    if now >= request.deadline:
        return (refused(request, reasons.TIMED_OUT, "the deadline passed before the mandate was looked at", "Expired"),)
    if admitted.forced is not None:
        return (forced_answer(request, admitted.forced),)
    order = request.order
    match order:
        case CreateMandate():
            return _create(request, order, records, now)
        case CancelMandate():
            return _cancel(request, order, records)
        case FindMandate():
            return _find(request, order, records)
        case _:
            raise TypeError(f"mandates cannot carry out {type(order).__name__}")


def _create(request: Request, order: CreateMandate, records: Records, now: Instant) -> Sequence[Event]:
    today = day_of(now, MARKETS[request.market].time_zone)
    terms = order.terms
    first, expiry = parse_day(terms.first_payment_date), parse_day(terms.expiry_date)
    if first is not None and first < today:
        return (refused(request, reasons.BAD_FIRST_DATE, "the first payment date is past"),)
    if expiry is not None and expiry < today:
        return (refused(request, reasons.BAD_EXPIRY_DATE, "the expiry date is past"),)
    if terms.frequency and first is None:
        terms = replace(terms, first_payment_date=format_day(today))
    mandate = Mandate(
        order.key,
        _next_id(order.key, records),
        order.token,
        order.shortcode,
        terms,
        Status.ACTIVE if order.agreed else Status.PENDING,
        now,
    )
    answered = RequestAnswered(
        request,
        reasons.OK,
        outputs={
            "output_TransactionReference": request.transaction_id,
            "output_MsisdnToken": mandate.token,
            "output_MandateID": mandate.mandate_id,
        },
    )
    return (*_replaced(order.key, records), MandateCreated(mandate), answered)


def _next_id(key: MandateKey, records: Records) -> str:
    """Numbered per partition, so that no two are alike in one environment and a decider needs no chance."""
    return str(_count(key, records) * PARTITIONS + partition_of(key.partition_key) + 1)


def _count(key: MandateKey, records: Records) -> int:
    record = records.get(count_key(key))
    return record.count if isinstance(record, MandateCount) else 0


def _replaced(key: MandateKey, records: Records) -> Sequence[Event]:
    before = _mandate(key, records)
    if before is None or not _alive(before):
        return ()
    return (MandateCancelled(key, before.mandate_id, "a new mandate takes its place"),)


def _cancel(request: Request, order: CancelMandate, records: Records) -> Sequence[Event]:
    mandate = _mandate(order.key, records, order.mandate_id)
    if mandate is None or not _alive(mandate):
        return (refused(request, reasons.REFUSED, NO_SUCH_MANDATE),)
    answered = RequestAnswered(
        request,
        reasons.OK,
        outputs={"output_TransactionReference": request.transaction_id, "output_MsisdnToken": mandate.token},
    )
    return (MandateCancelled(order.key, mandate.mandate_id, "cancelled by the merchant"), answered)


def _find(request: Request, order: FindMandate, records: Records) -> Sequence[Event]:
    """By its id a mandate is found in any state, without it only while it is alive."""
    mandate = _mandate(order.key, records, order.mandate_id)
    if mandate is None or not (_alive(mandate) or order.mandate_id):
        return (refused(request, reasons.NO_ACTIVE_MANDATE, "No Active Mandate found"),)
    return (MandateFound(request, order.account, mandate, order.balance),)


def _collect(admitted: PaymentAdmitted, purpose: Collection, records: Records, now: Instant) -> Sequence[Event]:
    payment = admitted.payment
    if now >= payment.deadline:
        return (failed(admitted, reasons.TIMED_OUT, "the deadline passed before the mandate was looked at", "Expired"),)
    mandate = _mandate(purpose.key, records, purpose.mandate_id)
    if mandate is None:
        return (failed(admitted, reasons.REFUSED, NO_SUCH_MANDATE, "Declined"),)
    today = day_of(now, MARKETS[mandate.key.market].time_zone)
    trouble = not_due(mandate, today)
    if trouble is not None:
        return (failed(admitted, reasons.REFUSED, trouble, "Declined"),)
    collected = replace(
        admitted,
        payment=replace(payment, outputs={"output_MsisdnToken": mandate.token}),
        purpose=Collection(purpose.key, mandate.mandate_id),
        reserved=True,
    )
    return (CollectionAdmitted(purpose.key, mandate.mandate_id, period_of(mandate.terms, today), collected),)


def _give_back(ended: PaymentFailed) -> Sequence[Event]:
    """To the mandate that it was collected under, though another may have taken its place meanwhile."""
    collection = _collected(ended)
    return (CollectionReturned(collection.key, collection.mandate_id, ended.payment.payment_id),)


def _answered_by_customer(command: AnswerMandate, records: Records) -> Sequence[Event]:
    mandate = _mandate(command.key, records, command.mandate_id)
    if mandate is None or mandate.status is not Status.PENDING:
        return ()
    if command.agreed:
        return (MandateApproved(command.key, mandate.mandate_id),)
    return (MandateCancelled(command.key, mandate.mandate_id, "refused by the customer"),)


def _expire(record: Record | None, now: Instant) -> Sequence[Event]:
    if not isinstance(record, Mandate):
        return ()
    ends = due(record)
    return (MandateExpired(record.key, record.mandate_id),) if ends is not None and now >= ends else ()


def _mandate(key: MandateKey, records: Records, mandate_id: str = "") -> Mandate | None:
    record = records.get(mandate_key(key))
    if not isinstance(record, Mandate) or (mandate_id and record.mandate_id != mandate_id):
        return None
    return record


def _alive(mandate: Mandate) -> bool:
    return mandate.status in (Status.ACTIVE, Status.PENDING)


# Evolve ---------------------------------------------------------------------------------------------------------------


def evolve(records: Records, event: Event) -> Changes:
    match event:
        case MandateCreated(mandate=mandate):
            counted = MandateCount(_count(mandate.key, records) + 1)
            return {count_key(mandate.key): counted, mandate_key(mandate.key): mandate}
        case RequestAnswered() | MandateFound() | PaymentFailed():
            return {}
        case MandateApproved() | MandateCancelled() | MandateExpired() | CollectionAdmitted() | CollectionReturned():
            before = records[mandate_key(event.key)]
            if not isinstance(before, Mandate):
                raise LookupError(f"the mandate {event.mandate_id} is gone")
            return {mandate_key(event.key): _changed(before, event)}
        case _:
            raise TypeError(f"mandates do not know {type(event).__name__}")


def _changed(mandate: Mandate, event: _OfMandate) -> Mandate:
    match event:
        case MandateApproved():
            return replace(mandate, status=Status.ACTIVE)
        case MandateCancelled():
            return replace(mandate, status=Status.CANCELLED)
        case MandateExpired():
            return replace(mandate, status=Status.EXPIRED)
        case CollectionAdmitted(period=""):
            return mandate
        case CollectionAdmitted(period=period, admitted=admitted):
            payment_id = admitted.payment.payment_id
            return replace(mandate, taken=period, taken_by=payment_id, taken_before=mandate.taken)
        case CollectionReturned(payment_id=payment_id) if payment_id != mandate.taken_by:
            return mandate  # it used up no period, or another collection has taken one since
        case CollectionReturned():
            return replace(mandate, taken=mandate.taken_before, taken_by=PaymentId(""))


def react(event: Event) -> Sequence[Send]:
    match event:
        case CollectionAdmitted(admitted=admitted):
            return (Send("ledger", admitted.payment.debited),)
        case MandateFound(account=account):
            return (Send("ledger", account),)
        case PaymentFailed():
            return after_ending(event)
        case RequestAnswered():
            return after_answered(event)
        case _:
            return ()


def due(record: Record) -> Instant | None:
    """A mandate expires when its last day is over in its market."""
    if not isinstance(record, Mandate) or not _alive(record):
        return None
    last = parse_day(record.terms.expiry_date)
    return None if last is None else _end(last, record.key.market)


def _end(day: date, market: str) -> Instant:
    return end_of(day, MARKETS[market].time_zone)


def give_up(message: Message, reason: str) -> Sequence[Event]:
    """A request that nobody can decide is answered; a payment was admitted already, so it is parked (rule 14)."""
    if not isinstance(message, RequestAdmitted):
        return ()
    return (refused(message.request, reasons.INTERNAL, reason, "Failed"),)
