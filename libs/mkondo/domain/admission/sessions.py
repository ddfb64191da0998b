"""Sessions: opened by whoever showed the API key, forgotten a day past their end."""

from collections.abc import Sequence

from mkondo.domain import reasons
from mkondo.domain.admission.keys import application_key, session_key
from mkondo.domain.application import Application
from mkondo.domain.decider import Event, Record, Records
from mkondo.domain.ids import Instant
from mkondo.domain.markets import DAY_MS
from mkondo.domain.session import ALWAYS, OpenSession, Session, SessionOpened, SessionRefused, SessionRevoked


def open_session(command: OpenSession, records: Records, now: Instant) -> Sequence[Event]:
    if session_key(command.session) in records:
        return ()
    application = records.get(application_key(command.application))
    if not isinstance(application, Application) or not application.accepts_key(command.api_key_hash, now):
        return (SessionRefused(command.reply_to, reasons.BAD_SESSION, "Session Creation Failed"),)
    configuration = application.configuration
    delay = configuration.activation_delay_ms
    return (
        SessionOpened(
            command.application,
            command.session,
            Instant(now + delay) if delay else ALWAYS,
            Instant(now + delay + configuration.session_lifetime_ms),
            command.reply_to,
            command.api_key_hash,
            application.version,
        ),
    )


def forget_session(session: Record | None, now: Instant) -> Sequence[Event]:
    if not isinstance(session, Session) or now < forget_at(session):
        return ()
    return (SessionRevoked(session.application, session.session, "expired"),)


def forget_at(session: Session) -> Instant:
    """A day past its end nobody asks any more why the session does not work."""
    return Instant(session.expires_at + DAY_MS)
