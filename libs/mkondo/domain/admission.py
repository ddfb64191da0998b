"""Admission: may this application, in this session, make this request? Applications, sessions, duplicates, limits.

Pure. A decider keyed by application. Commands: application.py, session.py, payment.py, request.py. Refusals first, in
the order of the contract's section 5; what is admitted is the last line. Read next: ledger/, which moves the money.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from mkondo.domain import reasons
from mkondo.domain.application import (
    ApiKey,
    Application,
    ApplicationChanged,
    ConfigurationRejected,
    ConfigurationUnchanged,
    ConfigureApplication,
)
from mkondo.domain.approval import HANDSET
from mkondo.domain.decider import Changes, Event, Message, Record, Records, Send, TimerDue, record_key
from mkondo.domain.ids import ApplicationId, Instant, RecordKey, SessionHash, is_name
from mkondo.domain.limits import refusal
from mkondo.domain.mandate import CancelMandate, Collection, CreateMandate, FindMandate
from mkondo.domain.markets import DAY_MS
from mkondo.domain.payment import (
    Payment,
    PaymentAdmitted,
    PaymentCompleted,
    PaymentFailed,
    RequestPayment,
)
from mkondo.domain.request import (
    Ask,
    DecideReservation,
    MakeRequest,
    Reference,
    Request,
    RequestAdmitted,
    RequestAnswered,
    RequestRejected,
    refused,
)
from mkondo.domain.reversal import ReversalOf
from mkondo.domain.session import ALWAYS, OpenSession, Session, SessionOpened, SessionRefused, SessionRevoked

NAME = "admission"

Asked = RequestPayment | MakeRequest
"""What uses up a ThirdPartyConversationID."""


CUSTOMER_PAYS = ("c2b_single_stage", "c2b_multi_stage")
"""Operations whose customer is asked on the handset."""


def application_key(application: ApplicationId) -> RecordKey:
    return record_key("application", application)


def session_key(session: SessionHash) -> RecordKey:
    return record_key("session", session)


def api_key_key(api_key_hash: str) -> RecordKey:
    return record_key("api-key", api_key_hash)


def reference_key(about: Payment | Request) -> RecordKey:
    return record_key("reference", about.application, about.third_party_conversation_id)


def key(message: Message) -> str:
    match message:
        case RequestPayment(payment=payment) | PaymentCompleted(payment=payment) | PaymentFailed(payment=payment):
            return payment.application
        case PaymentAdmitted(payment=payment):
            return payment.application
        case MakeRequest(request=request) | RequestAdmitted(request=request) | RequestAnswered(request=request):
            return request.application
        case OpenSession() | ConfigureApplication() | ApplicationChanged() | SessionOpened() | SessionRevoked():
            return message.application
        case _:
            raise TypeError(f"admission has no key for {type(message).__name__}")


def reads(message: Message) -> Sequence[RecordKey]:
    match message:
        case RequestPayment() | MakeRequest():
            about = _about(message)
            return (application_key(about.application), _access_key(message), reference_key(about))
        case OpenSession():
            return (application_key(message.application), session_key(message.session))
        case ConfigureApplication():
            return (application_key(message.application),)
        case TimerDue():
            return (message.record,)
        case _:
            return ()


def _about(asked: Asked) -> Payment | Request:
    return asked.payment if isinstance(asked, RequestPayment) else asked.request


def _access_key(asked: Asked) -> RecordKey:
    """The record that lets the caller in: its session, or its API key where that is shown with every call."""
    return api_key_key(asked.session) if asked.by_api_key else session_key(asked.session)


def decide(message: Message, records: Records, now: Instant) -> Sequence[Event]:
    match message:
        case RequestPayment() | MakeRequest():
            return _take(message, records, now)
        case OpenSession():
            return _open_session(message, records, now)
        case ConfigureApplication():
            return _configure(message, records)
        case TimerDue():
            return _forget_session(records.get(message.record), now)
        case PaymentCompleted() | PaymentFailed():
            return ()
        case _:
            raise TypeError(f"admission cannot decide {type(message).__name__}")


def _take(asked: Asked, records: Records, now: Instant) -> Sequence[Event]:
    about = _about(asked)
    reference = records.get(reference_key(about))
    if isinstance(reference, Reference) and reference.about.conversation_id == about.conversation_id:
        return ()  # a redelivery: decided before, answered before
    application = records.get(application_key(about.application))
    if not isinstance(application, Application) or application.configuration.removed:
        return (_rejected(about, reasons.BAD_SESSION, "Session is invalid"),)
    trouble = _no_access(asked, about, records, now)
    if trouble is not None:
        return (_rejected(about, reasons.BAD_SESSION, trouble),)
    if about.operation not in application.configuration.products:
        return (_rejected(about, reasons.NOT_ENABLED, "API Not Enabled"),)
    if reference is not None:
        return (_rejected(about, reasons.DUPLICATE, "Duplicate Transaction"),)
    if isinstance(asked, RequestPayment):
        return _admit_payment(asked, application, now)
    return _admit_request(asked, application, now)


def _no_access(asked: Asked, about: Payment | Request, records: Records, now: Instant) -> str | None:
    """Why this caller may not come in, in the contract's words (section 12, "Who you are"), or None."""
    access = records.get(_access_key(asked))
    if isinstance(access, ApiKey) and access.application == about.application:
        return None
    if isinstance(access, Session) and access.application == about.application:
        return access.trouble(now)
    return "Session is invalid"


def _rejected(about: Payment | Request, code: str, text: str) -> RequestRejected:
    return RequestRejected(
        about.reply_to, code, text, about.conversation_id, about.operation, about.third_party_conversation_id
    )


def _admit_payment(asked: RequestPayment, application: Application, now: Instant) -> Sequence[Event]:
    payment = asked.payment
    if now >= payment.deadline:
        return (PaymentFailed(payment, reasons.TIMED_OUT, "the deadline passed before admission", status="Expired"),)
    breach = refusal(application.configuration, payment)
    if breach is not None:
        return (PaymentFailed(payment, breach[0], breach[1], status="Declined"),)
    script = _script(application, payment)
    admitted = PaymentAdmitted(
        replace(payment, reply_to=None) if payment.asynchronous else payment,
        asked.session,
        application.version,
        HANDSET if script else asked.approval,
        script=script,
        forced=asked.forced,
        purpose=asked.purpose,
        reservation_ms=asked.reservation_ms,
        voucher_code=asked.voucher_code,
        reply_to=payment.reply_to if payment.asynchronous else None,
    )
    return (admitted,)


def _script(application: Application, payment: Payment) -> str:
    """What a registered test handset does when it is asked; only the sandbox has any, which opens accounts by touch."""
    if not payment.opens_accounts or payment.operation not in CUSTOMER_PAYS:
        return ""
    return application.configuration.test_msisdns.get(payment.customer, "")


def _admit_request(asked: MakeRequest, application: Application, now: Instant) -> Sequence[Event]:
    request = asked.request
    if now >= request.deadline:
        return (refused(request, reasons.TIMED_OUT, "the deadline passed before admission", "Expired"),)
    reply_to = request.reply_to if request.asynchronous else None
    kept = replace(request, reply_to=None) if request.asynchronous else request
    return (RequestAdmitted(kept, asked.session, application.version, asked.forced, reply_to),)


def _open_session(command: OpenSession, records: Records, now: Instant) -> Sequence[Event]:
    if session_key(command.session) in records:
        return ()
    application = records.get(application_key(command.application))
    if not isinstance(application, Application) or application.configuration.removed:
        return (SessionRefused(command.reply_to, reasons.BAD_SESSION, "Session Creation Failed"),)
    configuration = application.configuration
    delay = configuration.activation_delay_ms
    live_from = Instant(now + delay) if delay else ALWAYS
    expires_at = Instant(now + delay + configuration.session_lifetime_ms)
    return (SessionOpened(command.application, command.session, live_from, expires_at, command.reply_to),)


def _configure(command: ConfigureApplication, records: Records) -> Sequence[Event]:
    current = records.get(application_key(command.application))
    version = current.version if isinstance(current, Application) else 0
    if isinstance(current, Application) and current.configuration == command.configuration:
        return (ConfigurationUnchanged(command.reply_to, reasons.OK, "nothing to change", version),)
    if not all(is_name(name) for name in _names(command)):
        return (ConfigurationRejected(command.reply_to, "INVALID", "a name holds what no name may hold", version),)
    if command.expected is not None and command.expected != version:
        return (ConfigurationRejected(command.reply_to, "CONFLICT", "the application was changed meanwhile", version),)
    return (ApplicationChanged(command.application, version + 1, command.configuration, command.reply_to),)


def _names(command: ConfigureApplication) -> Sequence[str]:
    """What of it becomes part of keys: of references, wallets and tills."""
    configuration = command.configuration
    organisation = (configuration.organisation,) if configuration.organisation else ()
    return (command.application, *organisation, *configuration.shortcodes)


def _forget_session(session: Record | None, now: Instant) -> Sequence[Event]:
    if not isinstance(session, Session) or now < _forget_at(session):
        return ()
    return (SessionRevoked(session.application, session.session, "expired"),)


def _forget_at(session: Session) -> Instant:
    """A day past its end nobody asks any more why the session does not work."""
    return Instant(session.expires_at + DAY_MS)


def evolve(records: Records, event: Event) -> Changes:
    match event:
        case PaymentAdmitted(payment=payment) | PaymentFailed(payment=payment):
            return {reference_key(payment): Reference(payment)}
        case RequestAdmitted(request=request) | RequestAnswered(request=request):
            return {reference_key(request): Reference(request)}
        case SessionOpened():
            session = Session(event.application, event.session, event.live_from, event.expires_at)
            return {session_key(event.session): session}
        case SessionRevoked():
            return {session_key(event.session): None}
        case ApplicationChanged():
            return _changed(records, event)
        case _:
            raise TypeError(f"admission does not know {type(event).__name__}")


def _changed(records: Records, event: ApplicationChanged) -> Changes:
    before = records.get(application_key(event.application))
    changes: Changes = {}
    if isinstance(before, Application):
        changes[api_key_key(before.configuration.api_key_hash)] = None
    changes[application_key(event.application)] = Application(event.application, event.version, event.configuration)
    if not event.configuration.removed:
        changes[api_key_key(event.configuration.api_key_hash)] = ApiKey(event.application)
    return changes


def react(event: Event) -> Sequence[Send]:
    match event:
        case PaymentAdmitted(forced=None, purpose=Collection(key=mandate)):
            return (Send("mandates", mandate.partition_key),)
        case PaymentAdmitted(forced=None, purpose=ReversalOf(original=original)):
            return (Send("reversals", original.payment_id),)
        case PaymentAdmitted(payment=payment):
            return (Send("ledger", payment.debited),)
        case RequestAdmitted(request=request):
            return (_answering(request),)
        case _:
            return ()


def _answering(request: Request) -> Send:
    """Who carries the order out."""
    match request.order:
        case DecideReservation(account=account):
            return Send("ledger", account)
        case CreateMandate(key=mandate) | CancelMandate(key=mandate) | FindMandate(key=mandate):
            return Send("mandates", mandate.partition_key)
        case Ask():
            raise TypeError(f"{request.operation} is answered by whoever reads")


def due(record: Record) -> Instant | None:
    return _forget_at(record) if isinstance(record, Session) else None


def give_up(message: Message, reason: str) -> Sequence[Event]:
    """Nothing is parked here: it would hold up every payment of its application."""
    match message:
        case RequestPayment(payment=payment):
            return (PaymentFailed(payment, reasons.INTERNAL, reason),)
        case MakeRequest(request=request):
            return (refused(request, reasons.INTERNAL, reason, "Failed"),)
        case OpenSession():
            return (SessionRefused(message.reply_to, reasons.INTERNAL, "Session Creation Failed"),)
        case ConfigureApplication():
            return (ConfigurationRejected(message.reply_to, reasons.INTERNAL, reason, message.expected or 0),)
        case _:
            return ()
