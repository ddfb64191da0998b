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
    RETRY_AFTER_MAX_MS,
    CallbackAbandoned,
    CallbackDelivered,
    CallbackDue,
    CallbackQueued,
    CallbackRetryScheduled,
    Delivery,
    GiveAttemptBack,
    QueueCallback,
    Receipt,
    RecordAttempt,
    ReplayCallback,
    ReplayRefused,
    Result,
    about,
)
from mkondo.domain.delivery_faults import is_sent_again, with_faults
from mkondo.domain.endpoint import (
    GONE,
    LONG_FAILURE_MS,
    REASON_GONE,
    REASON_LONG,
    EnableEndpoint,
    Endpoint,
    EndpointDisabled,
    EndpointEnabled,
    EndpointUnchanged,
    endpoint_key,
)
from mkondo.domain.ids import ApplicationId, Instant, RecordKey
from mkondo.domain.payment import PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import RequestAnswered

NAME = "callbacks"
_Told = RecordAttempt | GiveAttemptBack


def delivery_key(delivery: str) -> RecordKey:
    return record_key("delivery", delivery)


def key(message: Message) -> str:
    match message:
        case PaymentCompleted() | PaymentFailed() | PaymentReserved() | RequestAnswered():
            return about(message).application
        case QueueCallback(answered=answered):
            return answered.request.application
        case ReplayCallback(result=result):
            return about(result).application
        case EnableEndpoint() | EndpointDisabled() | EndpointEnabled():
            return message.application
        case CallbackQueued(delivery=delivery) | CallbackDue(delivery=delivery):
            return delivery.application
        case RecordAttempt() | GiveAttemptBack() | CallbackDelivered() | CallbackRetryScheduled() | CallbackAbandoned():
            return message.application
        case _:
            raise TypeError(f"callbacks have no key for {type(message).__name__}")


def reads(message: Message) -> Sequence[RecordKey]:
    match message:
        case PaymentCompleted() | PaymentFailed() | PaymentReserved() | RequestAnswered():
            return _reads_of(message, about(message).response_url)
        case QueueCallback(answered=answered):
            return _reads_of(answered, answered.request.response_url)
        case ReplayCallback(result=result, url=url):
            return _reads_of(result, url)
        case RecordAttempt():
            return (delivery_key(message.delivery), endpoint_key(message.application, message.url))
        case GiveAttemptBack():
            return (delivery_key(message.delivery),)
        case EnableEndpoint():
            return (endpoint_key(message.application, message.url),)
        case TimerDue():
            return (message.record,)
        case _:
            return ()


def _reads_of(result: Result, url: str) -> Sequence[RecordKey]:
    asked = about(result)
    return delivery_key(asked.conversation_id), endpoint_key(asked.application, url)


def decide(message: Message, records: Records, now: Instant) -> Sequence[Event]:
    match message:
        case PaymentCompleted() | PaymentFailed() | PaymentReserved() | RequestAnswered():
            return _queue(CallbackQueued(_delivery(message, about(message).response_url, now)), records, now)
        case QueueCallback(answered=answered):
            delivery = _delivery(answered, answered.request.response_url, now)
            return _queue(CallbackQueued(delivery, message.reply_to), records, now)
        case ReplayCallback():
            return _replay(message, records, now)
        case RecordAttempt():
            return _record(message, records, now)
        case GiveAttemptBack():
            return _take_back(message, records, now)
        case EnableEndpoint():
            return _enable(message, records)
        case TimerDue():
            return _again(records.get(message.record), now)
        case _:
            raise TypeError(f"callbacks cannot decide {type(message).__name__}")


def _delivery(result: Result, url: str, now: Instant, replay: str = "") -> Delivery:
    asked = about(result)
    return Delivery(asked.conversation_id, asked.application, url, result, 1, Instant(now + LEASE_MS), replay)


def _queue(queued: CallbackQueued, records: Records, now: Instant) -> Sequence[Event]:
    delivery = queued.delivery
    if delivery_key(delivery.delivery) in records:
        return ()  # a redelivery
    endpoint = _endpoint(records, delivery.application, delivery.url)
    if not endpoint.disabled:
        return with_faults(queued, now)
    untried, reason = replace(queued, delivery=replace(delivery, attempt=0)), _disabled(endpoint)
    return (untried, CallbackAbandoned(delivery.delivery, delivery.application, 0, Receipt(False), reason))


def _replay(command: ReplayCallback, records: Records, now: Instant) -> Sequence[Event]:
    delivery = _delivery(command.result, command.url, now, command.replay)
    if delivery_key(delivery.delivery) in records:
        return (ReplayRefused(command.reply_to, "UNDER_WAY", "it is on its way already"),)
    return _queue(CallbackQueued(delivery, command.reply_to, command.by), records, now)


def _record(command: RecordAttempt, records: Records, now: Instant) -> Sequence[Event]:
    delivery = _awaited(command, records)
    if delivery is None:
        return ()  # told before
    told = (command.delivery, command.application, command.attempt, command.receipt)
    if command.receipt.delivered and is_sent_again(delivery):
        return (CallbackRetryScheduled(*told, now),)
    if command.receipt.delivered or delivery.arrived:
        return (CallbackDelivered(*told),)
    endpoint = _endpoint(records, delivery.application, delivery.url)
    if endpoint.disabled:
        return (CallbackAbandoned(*told, _disabled(endpoint)),)
    if command.receipt.status == GONE:
        return CallbackAbandoned(*told, REASON_GONE), _disable(delivery, REASON_GONE)
    if delivery.attempt > len(DELAYS_MS):
        abandoned = CallbackAbandoned(*told, f"all {delivery.attempt} attempts failed")
        fails_long = endpoint.failing_since and now - endpoint.failing_since >= LONG_FAILURE_MS
        is_blamed = fails_long and not command.unsent
        return (abandoned, _disable(delivery, REASON_LONG)) if is_blamed else (abandoned,)
    return (CallbackRetryScheduled(*told, _next_at(command, now), Instant(0) if command.unsent else now),)


def _next_at(command: RecordAttempt, now: Instant) -> Instant:
    """By the table, or when the merchant asked us to come again, if that is later."""
    delay = DELAYS_MS[command.attempt - 1]
    asked = min(command.receipt.retry_after_ms, RETRY_AFTER_MAX_MS)
    return Instant(now + max(delay + delay * command.jitter_permille // 1_000, asked))


def _awaited(told: _Told, records: Records) -> Delivery | None:
    """The delivery, if this is the attempt that is waited for."""
    delivery = records.get(delivery_key(told.delivery))
    if not isinstance(delivery, Delivery) or (delivery.replay, delivery.attempt) != (told.replay, told.attempt):
        return None
    return delivery


def _endpoint(records: Records, application: ApplicationId, url: str) -> Endpoint:
    """How the address fares; one of which nothing is known works."""
    record = records.get(endpoint_key(application, url))
    return record if isinstance(record, Endpoint) else Endpoint(application, url)


def _disable(delivery: Delivery, reason: str) -> EndpointDisabled:
    return EndpointDisabled(delivery.application, delivery.url, reason)


def _disabled(endpoint: Endpoint) -> str:
    return f"the endpoint is disabled: {endpoint.disabled}"


def _enable(command: EnableEndpoint, records: Records) -> Sequence[Event]:
    if not _endpoint(records, command.application, command.url).disabled:
        return (EndpointUnchanged(command.reply_to, "UNCHANGED", "this endpoint is not disabled"),)
    return (EndpointEnabled(command.application, command.url, command.by, command.reply_to),)


def _take_back(command: GiveAttemptBack, records: Records, now: Instant) -> Sequence[Event]:
    delivery = _awaited(command, records)
    if delivery is None:
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
            before = _known(records, event.delivery)
            arrived = event.receipt.delivered
            later = replace(before, attempt=event.attempt + 1, next_at=event.next_at, arrived=arrived)
            fares = _works(records, before) if arrived else _failing(records, before, event.failed_at)
            return {delivery_key(event.delivery): later, **fares}
        case CallbackDelivered():
            fares = _works(records, _known(records, event.delivery)) if event.receipt.delivered else {}
            return {delivery_key(event.delivery): None, **fares}
        case CallbackAbandoned():
            return {delivery_key(event.delivery): None}
        case EndpointDisabled(application=application, url=url):
            endpoint = _endpoint(records, application, url)
            return {endpoint_key(application, url): replace(endpoint, disabled=event.reason)}
        case EndpointEnabled(application=application, url=url):
            return {endpoint_key(application, url): None}
        case _:
            raise TypeError(f"callbacks do not know {type(event).__name__}")


def _known(records: Records, name: str) -> Delivery:
    record = records[delivery_key(name)]
    if not isinstance(record, Delivery):
        raise LookupError(f"the delivery {name} is gone")
    return record


def _failing(records: Records, delivery: Delivery, at: Instant) -> Changes:
    endpoint = _endpoint(records, delivery.application, delivery.url)
    if endpoint.failing_since or not at:
        return {}
    return {endpoint_key(delivery.application, delivery.url): replace(endpoint, failing_since=at)}


def _works(records: Records, delivery: Delivery) -> Changes:
    """Something has arrived there. One that was disabled stays so until somebody enables it."""
    endpoint = _endpoint(records, delivery.application, delivery.url)
    if not endpoint.failing_since or endpoint.disabled:
        return {}
    return {endpoint_key(delivery.application, delivery.url): None}


def react(event: Event) -> Sequence[Send]:
    return ()


def due(record: Record) -> Instant | None:
    return record.next_at if isinstance(record, Delivery) else None


def give_up(message: Message, reason: str) -> Sequence[Event]:
    """A result that can't be queued is parked: the merchant was promised it (rule 14)."""
    return ()
