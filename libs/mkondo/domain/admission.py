"""Admission: may this application, in this session, make this payment? Applications, sessions, duplicates, limits.

Pure. A decider keyed by application. Commands: application.py, session.py, payment.py. Refusals first, in the order of
the contract's section 5; the admitted payment is the last line. Read next: ledger/, which moves the money.
"""

from collections.abc import Sequence

from mkondo.domain.application import (
    ApiKey,
    Application,
    ApplicationChanged,
    ConfigurationRejected,
    ConfigurationUnchanged,
    ConfigureApplication,
)
from mkondo.domain.decider import Changes, Event, Message, Record, Records, Send, TimerDue, record_key
from mkondo.domain.ids import ApplicationId, Instant, RecordKey, SessionHash, is_name
from mkondo.domain.limits import NOT_ENABLED, refusal
from mkondo.domain.markets import DAY_MS
from mkondo.domain.payment import (
    Payment,
    PaymentAdmitted,
    PaymentCompleted,
    PaymentFailed,
    PaymentRejected,
    Reference,
    RequestPayment,
)
from mkondo.domain.session import ALWAYS, OpenSession, Session, SessionOpened, SessionRefused, SessionRevoked

NAME = "admission"

DUPLICATE = "INS-10"
TIMED_OUT = "INS-9"
BAD_SESSION = "INS-989"
INTERNAL = "INS-1"


def application_key(application: ApplicationId) -> RecordKey:
    return record_key("application", application)


def session_key(session: SessionHash) -> RecordKey:
    return record_key("session", session)


def api_key_key(api_key_hash: str) -> RecordKey:
    return record_key("api-key", api_key_hash)


def reference_key(payment: Payment) -> RecordKey:
    return record_key("reference", payment.application, payment.third_party_conversation_id)


def key(message: Message) -> str:
    match message:
        case RequestPayment(payment=payment) | PaymentCompleted(payment=payment) | PaymentFailed(payment=payment):
            return payment.application
        case OpenSession() | ConfigureApplication() | ApplicationChanged() | SessionOpened() | SessionRevoked():
            return message.application
        case PaymentAdmitted(payment=payment):
            return payment.application
        case _:
            raise TypeError(f"admission has no key for {type(message).__name__}")


def reads(message: Message) -> Sequence[RecordKey]:
    match message:
        case RequestPayment():
            payment = message.payment
            return (application_key(payment.application), session_key(message.session), reference_key(payment))
        case OpenSession():
            return (application_key(message.application), session_key(message.session))
        case ConfigureApplication():
            return (application_key(message.application),)
        case TimerDue():
            return (message.record,)
        case _:
            return ()


def decide(message: Message, records: Records, now: Instant) -> Sequence[Event]:
    match message:
        case RequestPayment():
            return _admit(message, records, now)
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


def _admit(command: RequestPayment, records: Records, now: Instant) -> Sequence[Event]:
    payment = command.payment
    reference = records.get(reference_key(payment))
    if isinstance(reference, Reference) and reference.payment.payment_id == payment.payment_id:
        return ()  # a redelivery: decided before, answered before
    application = records.get(application_key(payment.application))
    if not isinstance(application, Application) or application.configuration.removed:
        return (_rejected(payment, BAD_SESSION, "Session is invalid"),)
    session = records.get(session_key(command.session))
    if not isinstance(session, Session) or session.application != payment.application:
        return (_rejected(payment, BAD_SESSION, "Session is invalid"),)
    trouble = session.trouble(now)
    if trouble is not None:
        return (_rejected(payment, BAD_SESSION, trouble),)
    if payment.operation not in application.configuration.products:
        return (_rejected(payment, NOT_ENABLED, "API Not Enabled"),)
    if reference is not None:
        return (_rejected(payment, DUPLICATE, "Duplicate Transaction"),)
    if now >= payment.deadline:
        return (PaymentFailed(payment, TIMED_OUT, "the deadline passed before admission", status="Expired"),)
    breach = refusal(application.configuration, payment)
    if breach is not None:
        return (PaymentFailed(payment, breach[0], breach[1], status="Declined"),)
    if command.forced is not None:
        return (PaymentFailed(payment, command.forced.code, command.forced.text, status="Declined"),)
    return (PaymentAdmitted(payment, command.session, application.version, command.approval),)


def _rejected(payment: Payment, code: str, text: str) -> PaymentRejected:
    return PaymentRejected(
        payment.reply_to, code, text, payment.payment_id, payment.operation, payment.third_party_conversation_id
    )


def _open_session(command: OpenSession, records: Records, now: Instant) -> Sequence[Event]:
    if session_key(command.session) in records:
        return ()
    application = records.get(application_key(command.application))
    if not isinstance(application, Application) or application.configuration.removed:
        return (SessionRefused(command.reply_to, BAD_SESSION, "Session Creation Failed"),)
    configuration = application.configuration
    delay = configuration.activation_delay_ms
    live_from = Instant(now + delay) if delay else ALWAYS
    expires_at = Instant(now + delay + configuration.session_lifetime_ms)
    return (SessionOpened(command.application, command.session, live_from, expires_at, command.reply_to),)


def _configure(command: ConfigureApplication, records: Records) -> Sequence[Event]:
    current = records.get(application_key(command.application))
    version = current.version if isinstance(current, Application) else 0
    if isinstance(current, Application) and current.configuration == command.configuration:
        return (ConfigurationUnchanged(command.reply_to, "INS-0", "nothing to change", version),)
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
        case PaymentAdmitted(payment=payment):
            return (Send("ledger", payment.debited),)
        case _:
            return ()


def due(record: Record) -> Instant | None:
    return _forget_at(record) if isinstance(record, Session) else None


def give_up(message: Message, reason: str) -> Sequence[Event]:
    """Nothing is parked here: it would hold up every payment of its application."""
    match message:
        case RequestPayment(payment=payment):
            return (PaymentFailed(payment, INTERNAL, reason),)
        case OpenSession():
            return (SessionRefused(message.reply_to, INTERNAL, "Session Creation Failed"),)
        case ConfigureApplication():
            return (ConfigurationRejected(message.reply_to, INTERNAL, reason, message.expected or 0),)
        case _:
            return ()
