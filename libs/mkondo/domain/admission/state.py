"""How admission's events change its records: applications, keys, sessions, references, rooms."""

from mkondo.domain.admission.keys import api_key_key, application_key, reference_key, session_key
from mkondo.domain.admission.rooms import part_of
from mkondo.domain.admission.sessions import forget_at
from mkondo.domain.application import ApiKey, ApiKeyEnded, Application, ApplicationChanged
from mkondo.domain.decider import Changes, Event, Record, Records, record_key
from mkondo.domain.ids import Instant
from mkondo.domain.organisation import Organisation, OrganisationChanged
from mkondo.domain.payment import PaymentAdmitted, PaymentFailed
from mkondo.domain.request import Reference, RequestAdmitted, RequestAnswered
from mkondo.domain.room import RoomConfirmed, RoomGivenBack, confirm, give_back, reserve, session_room
from mkondo.domain.session import Session, SessionOpened, SessionRevoked


def evolve(records: Records, event: Event) -> Changes:
    match event:
        case PaymentAdmitted(payment=payment):
            reserved = _reserved(records, event) if event.buckets else {}
            return {reference_key(payment): Reference(payment), **reserved}
        case RequestAdmitted(request=request):
            taken = reserve(records, request.buckets, part_of(request, request.market_day)) if request.buckets else {}
            return {reference_key(request): Reference(request), **taken}
        case PaymentFailed(payment=payment):
            return {reference_key(payment): Reference(payment)}
        case RequestAnswered(request=request):
            return {reference_key(request): Reference(request)}
        case RoomConfirmed():
            return confirm(records, event.buckets, event.part)
        case RoomGivenBack():
            return give_back(records, event.buckets, event.part)
        case SessionOpened():
            return {session_key(event.session): _opened(event)}
        case SessionRevoked():
            return {session_key(event.session): None, session_room(event.session): None}
        case ApplicationChanged():
            return _changed(records, event)
        case ApiKeyEnded():
            return {api_key_key(event.api_key_hash): None}
        case OrganisationChanged():
            return {record_key("organisation", event.key): Organisation(event.grants)}
        case _:
            raise TypeError(f"admission does not know {type(event).__name__}")


def _reserved(records: Records, event: PaymentAdmitted) -> Changes:
    return reserve(records, event.buckets, part_of(event.payment, event.market_day))


def _opened(event: SessionOpened) -> Session:
    return Session(
        event.application,
        event.session,
        event.live_from,
        event.expires_at,
        event.api_key_hash,
        event.configuration,
    )


def _changed(records: Records, event: ApplicationChanged) -> Changes:
    before = records.get(application_key(event.application))
    narrowed = 0
    changes: Changes = {}
    if isinstance(before, Application):
        changes = _end_keys(before, event)
        narrows = event.configuration.removed or event.configuration.is_narrower_than(before.configuration)
        narrowed = event.version if narrows else before.narrowed
    if not event.configuration.removed:
        changes[api_key_key(event.configuration.api_key_hash)] = ApiKey(event.application)
    application = Application(
        event.application, event.version, event.configuration, event.overlaps, narrowed, event.webhook_overlaps
    )
    return {**changes, application_key(event.application): application}


def _end_keys(before: Application, event: ApplicationChanged) -> Changes:
    """Keys that worked until now: they go on as long as they overlap, or end. What was counted under one stays, since
    the same key may come back: its payments that are still pending, and its ceilings that are shut, with it."""
    changes: Changes = {}
    for name in (before.configuration.api_key_hash, *before.overlaps):
        until = event.overlaps.get(name)
        changes[api_key_key(name)] = None if until is None else ApiKey(event.application, until)
    return changes


def due(record: Record) -> Instant | None:
    match record:
        case Session():
            return forget_at(record)
        case ApiKey(until=until) if until:
            return until
        case _:
            return None
