"""Payments and service requests: refusals first, in the order of the contract's section 5; then they are admitted."""

from collections.abc import Sequence

from msgspec.structs import replace

from mkondo.domain import reasons
from mkondo.domain.admission.keys import (
    Asked,
    about,
    access_key,
    application_key,
    organisation_key,
    reference_key,
)
from mkondo.domain.admission.rooms import Reservation, room_for
from mkondo.domain.application import ApiKey, Application, ProductScope
from mkondo.domain.approval import HANDSET
from mkondo.domain.decider import Event, Records
from mkondo.domain.hours import Closed, closed
from mkondo.domain.ids import Instant
from mkondo.domain.limits import Breach, code_of, describe
from mkondo.domain.organisation import is_enabled
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentFailed, RequestPayment
from mkondo.domain.request import MakeRequest, Reference, Request, RequestAdmitted, RequestRejected, refused
from mkondo.domain.session import Session

CUSTOMER_PAYS = ("c2b_single_stage", "c2b_multi_stage")
"""Operations whose customer is asked on the handset."""

_TOO_LATE = "the deadline passed before admission"


def take(asked: Asked, records: Records, now: Instant) -> Sequence[Event]:
    it = about(asked)
    reference = records.get(reference_key(it))
    if isinstance(reference, Reference) and reference.about.conversation_id == it.conversation_id:
        return ()  # a redelivery: decided before, answered before
    application = records.get(application_key(it.application))
    if not isinstance(application, Application):
        return (_rejected(it, reasons.BAD_SESSION, "Session is invalid"),)
    trouble = _no_access(asked, application, records, now)
    if trouble is not None:
        return (_rejected(it, reasons.BAD_SESSION, trouble),)
    scope = _scope(it, application, records)
    if scope is None:
        return (_rejected(it, reasons.NOT_ENABLED, "API Not Enabled"),)
    shut = closed(it.operation, scope, it.market, now)
    if shut is not None:
        return (_rejected(it, reasons.OUT_OF_HOURS, "API Being Used Outside Of Usage Time", shut),)
    if reference is not None:
        return (_rejected(it, reasons.DUPLICATE, "Duplicate Transaction"),)
    if now >= it.deadline:
        return (_declined(it, reasons.TIMED_OUT, _TOO_LATE, "Expired"),)
    reservation = room_for(asked, scope, records, now)
    if reservation.breaches:
        found = reservation.breaches
        return (_declined(it, code_of(found), describe(found), "Declined", found),)
    if isinstance(asked, RequestPayment):
        return (_admit_payment(asked, application, reservation),)
    return (_admit_request(asked, application, reservation),)


def _no_access(asked: Asked, application: Application, records: Records, now: Instant) -> str | None:
    """Why this caller may not come in, in the contract's words (section 12, "Who you are"), or None."""
    access = records.get(access_key(asked))
    if isinstance(access, ApiKey) and access.application == application.application:
        return None if application.accepts_key(asked.session, now) else "Session is invalid"
    if isinstance(access, Session) and access.application == application.application:
        return access.trouble(application, now)
    return "Session is invalid"


def _scope(it: Payment | Request, application: Application, records: Records) -> ProductScope | None:
    """The product's scope, if both the application and its organisation in this market have it."""
    organisation = records.get(organisation_key(it.organisation, it.application)) if it.organisation else None
    if not is_enabled(organisation, it.operation, it.market, sandbox=it.opens_accounts):
        return None
    return application.configuration.scope_of(it.operation)


def _rejected(it: Payment | Request, code: str, text: str, shut: Closed | None = None) -> RequestRejected:
    return RequestRejected(
        it.reply_to, code, text, it.conversation_id, it.operation, it.third_party_conversation_id, shut
    )


def _declined(it: Payment | Request, code: str, reason: str, status: str, breaches: tuple[Breach, ...] = ()) -> Event:
    if isinstance(it, Payment):
        return PaymentFailed(it, code, reason, status, breaches=breaches)
    return replace(refused(it, code, reason, status), breaches=breaches)


def _admit_payment(asked: RequestPayment, application: Application, reserved: Reservation) -> PaymentAdmitted:
    payment = asked.payment
    script = _script(application, payment)
    return PaymentAdmitted(
        replace(payment, reply_to=None) if payment.asynchronous else payment,
        asked.session,
        application.version,
        HANDSET if script else asked.approval,
        reserved.market_day,
        reserved.buckets,
        script=script,
        forced=asked.forced,
        purpose=asked.purpose,
        reservation_ms=asked.reservation_ms,
        voucher_code=asked.voucher_code,
        reply_to=payment.reply_to if payment.asynchronous else None,
    )


def _script(application: Application, payment: Payment) -> str:
    """What a registered test handset does when it is asked; only the sandbox has any, which opens accounts by touch."""
    if not payment.opens_accounts or payment.operation not in CUSTOMER_PAYS:
        return ""
    return application.configuration.test_msisdns.get(payment.customer, "")


def _admit_request(asked: MakeRequest, application: Application, reserved: Reservation) -> RequestAdmitted:
    request = asked.request
    reply_to = request.reply_to if request.asynchronous else None
    kept = replace(
        request,
        reply_to=None if request.asynchronous else request.reply_to,
        market_day=reserved.market_day,
        buckets=reserved.buckets,
    )
    return RequestAdmitted(kept, asked.session, application.version, asked.forced, reply_to)
