"""Deliveries: results of asynchronous requests are pushed until they arrive, at least once (contract section 6).

Pure. A decider keyed by application. It says when an attempt is made; services/callbacks makes it and says what came of
it. Commands, events and records: delivery.py. Read next: runtime/deliverer.py.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from mkondo.domain.decider import Changes, Event, Message, Record, Records, Send, TimerDue, record_key
from mkondo.domain.delivery import (
    DELAYS_MS,
    GIVEN_BACK_MS,
    LEASE_MS,
    CallbackAbandoned,
    CallbackDelivered,
    CallbackDue,
    CallbackQueued,
    CallbackRetryScheduled,
    Delivery,
    GiveAttemptBack,
    QueueCallback,
    RecordAttempt,
    Result,
    about,
)
from mkondo.domain.delivery_faults import is_sent_again, queued
from mkondo.domain.ids import Instant, RecordKey
from mkondo.domain.payment import PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import RequestAnswered

NAME = "callbacks"


def delivery_key(delivery: str) -> RecordKey:
    return record_key("delivery", delivery)


def key(message: Message) -> str:
    match message:
        case PaymentCompleted() | PaymentFailed() | PaymentReserved() | RequestAnswered():
            return about(message).application
        case QueueCallback(answered=answered):
            return answered.request.application
        case CallbackQueued(delivery=delivery) | CallbackDue(delivery=delivery):
            return delivery.application
        case RecordAttempt() | GiveAttemptBack() | CallbackDelivered() | CallbackRetryScheduled() | CallbackAbandoned():
            return message.application
        case _:
            raise TypeError(f"callbacks have no key for {type(message).__name__}")


def reads(message: Message) -> Sequence[RecordKey]:
    match message:
        case PaymentCompleted() | PaymentFailed() | PaymentReserved() | RequestAnswered():
            return (delivery_key(about(message).conversation_id),)
        case QueueCallback(answered=answered):
            return (delivery_key(answered.request.request_id),)
        case RecordAttempt() | GiveAttemptBack():
            return (delivery_key(message.delivery),)
        case TimerDue():
            return (message.record,)
        case _:
            return ()


def decide(message: Message, records: Records, now: Instant) -> Sequence[Event]:
    match message:
        case PaymentCompleted() | PaymentFailed() | PaymentReserved() | RequestAnswered():
            return _queue(message, records, now)
        case QueueCallback(answered=answered):
            return tuple(_answering(event, message) for event in _queue(answered, records, now))
        case RecordAttempt():
            return _record(message, records, now)
        case GiveAttemptBack():
            return _take_back(message, records, now)
        case TimerDue():
            return _again(records.get(message.record), now)
        case _:
            raise TypeError(f"callbacks cannot decide {type(message).__name__}")


def _answering(event: Event, asked: QueueCallback) -> Event:
    return replace(event, reply_to=asked.reply_to) if isinstance(event, CallbackQueued) else event


def _queue(result: Result, records: Records, now: Instant) -> Sequence[Event]:
    asked = about(result)
    name = asked.conversation_id
    if delivery_key(name) in records:
        return ()  # a redelivery
    delivery = Delivery(name, asked.application, asked.response_url, result, 1, Instant(now + LEASE_MS))
    return queued(delivery, now)


def _record(command: RecordAttempt, records: Records, now: Instant) -> Sequence[Event]:
    delivery = records.get(delivery_key(command.delivery))
    if not isinstance(delivery, Delivery) or delivery.attempt != command.attempt:
        return ()  # told before
    told = (command.delivery, command.application, command.attempt, command.receipt)
    if command.receipt.delivered and is_sent_again(delivery):
        return (CallbackRetryScheduled(*told, now),)
    if command.receipt.delivered:
        return (CallbackDelivered(*told),)
    if delivery.attempt > len(DELAYS_MS):
        return (CallbackAbandoned(*told),)
    delay = DELAYS_MS[delivery.attempt - 1]
    next_at = now + delay + delay * command.jitter_permille // 1_000
    return (CallbackRetryScheduled(*told, Instant(next_at)),)


def _take_back(command: GiveAttemptBack, records: Records, now: Instant) -> Sequence[Event]:
    delivery = records.get(delivery_key(command.delivery))
    if not isinstance(delivery, Delivery) or delivery.attempt != command.attempt:
        return ()  # what came of it was told before
    return (CallbackDue(replace(delivery, next_at=Instant(now + GIVEN_BACK_MS))),)


def _again(record: Record | None, now: Instant) -> Sequence[Event]:
    if not isinstance(record, Delivery) or now < record.next_at:
        return ()
    return (CallbackDue(replace(record, next_at=Instant(now + LEASE_MS))),)


def evolve(records: Records, event: Event) -> Changes:
    match event:
        case CallbackQueued(delivery=delivery) | CallbackDue(delivery=delivery):
            return {delivery_key(delivery.delivery): delivery}
        case CallbackRetryScheduled():
            before = records[delivery_key(event.delivery)]
            if not isinstance(before, Delivery):
                raise LookupError(f"the delivery {event.delivery} is gone")
            later = replace(before, attempt=event.attempt + 1, next_at=event.next_at)
            return {delivery_key(event.delivery): later}
        case CallbackDelivered() | CallbackAbandoned():
            return {delivery_key(event.delivery): None}
        case _:
            raise TypeError(f"callbacks do not know {type(event).__name__}")


def react(event: Event) -> Sequence[Send]:
    return ()


def due(record: Record) -> Instant | None:
    return record.next_at if isinstance(record, Delivery) else None


def give_up(message: Message, reason: str) -> Sequence[Event]:
    """A result that can't be queued is parked: the merchant was promised it (rule 14)."""
    return ()
