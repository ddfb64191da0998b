"""Admission: may this application, in this session, make this request? Applications, sessions, duplicates, limits.

Pure. A decider keyed by application. Commands: application.py, organisation.py, session.py, payment.py, request.py.
Reading order: keys, applications, sessions, requests, rooms, state; this file joins them into the decider. Read next:
domain/ledger, which moves the money.
"""

from collections.abc import Sequence

from mkondo.domain import reasons
from mkondo.domain.admission.applications import change_organisation, configure, end_api_key
from mkondo.domain.admission.keys import (
    Asked,
    api_key_key,
    application_key,
    key,
    organisation_key,
    reads,
    reference_key,
    session_key,
)
from mkondo.domain.admission.requests import CUSTOMER_PAYS, take
from mkondo.domain.admission.rooms import settle
from mkondo.domain.admission.sessions import forget_session, open_session
from mkondo.domain.admission.state import due, evolve
from mkondo.domain.application import ApiKey, ConfigurationRejected, ConfigureApplication
from mkondo.domain.decider import Event, Message, Records, Send, TimerDue
from mkondo.domain.ids import Instant
from mkondo.domain.mandate import CancelMandate, Collection, CreateMandate, FindMandate
from mkondo.domain.organisation import ConfigureOrganisation, OrganisationRejected
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed, RequestPayment
from mkondo.domain.request import (
    Ask,
    DecideReservation,
    MakeRequest,
    Request,
    RequestAdmitted,
    RequestAnswered,
    refused,
)
from mkondo.domain.reversal import ReversalOf
from mkondo.domain.session import OpenSession, SessionRefused

NAME = "admission"

__all__ = [
    "CUSTOMER_PAYS",
    "NAME",
    "Asked",
    "api_key_key",
    "application_key",
    "decide",
    "due",
    "evolve",
    "give_up",
    "key",
    "organisation_key",
    "react",
    "reads",
    "reference_key",
    "session_key",
]


def decide(message: Message, records: Records, now: Instant) -> Sequence[Event]:
    match message:
        case RequestPayment() | MakeRequest():
            return take(message, records, now)
        case PaymentCompleted() | PaymentFailed() | RequestAnswered():
            return settle(message)
        case OpenSession():
            return open_session(message, records, now)
        case ConfigureApplication():
            return configure(message, records, now)
        case ConfigureOrganisation():
            return change_organisation(message, records)
        case TimerDue():
            return _time_is_up(message, records, now)
        case _:
            raise TypeError(f"admission cannot decide {type(message).__name__}")


def _time_is_up(timer: TimerDue, records: Records, now: Instant) -> Sequence[Event]:
    record = records.get(timer.record)
    if isinstance(record, ApiKey):
        return end_api_key(timer.record, record, now)
    return forget_session(record, now)


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


def give_up(message: Message, reason: str) -> Sequence[Event]:
    """What somebody waits for is answered: parking it would hold up every payment of its application."""
    match message:
        case RequestPayment(payment=payment):
            return (PaymentFailed(payment, reasons.INTERNAL, reason),)
        case MakeRequest(request=request):
            return (refused(request, reasons.INTERNAL, reason, "Failed"),)
        case OpenSession():
            return (SessionRefused(message.reply_to, reasons.INTERNAL, "Session Creation Failed"),)
        case ConfigureApplication():
            return (ConfigurationRejected(message.reply_to, reasons.INTERNAL, reason, message.expected or 0),)
        case ConfigureOrganisation():
            return (OrganisationRejected(message.reply_to, reasons.INTERNAL, reason),)
        case _:
            return ()
