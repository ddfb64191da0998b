"""Whose owner decides a message, and which records it needs.

Whether an application has limits is known only when it is decided, so the rooms of session and customer are always
among the records: they are found, or proved absent, by the query that proves a reference absent.
"""

from collections.abc import Sequence

from mkondo.domain.application import ApiKeyEnded, ApplicationChanged, ConfigureApplication
from mkondo.domain.decider import Message, TimerDue, record_key
from mkondo.domain.ids import ApplicationId, RecordKey, SessionHash, partition_of
from mkondo.domain.organisation import ConfigureOrganisation, OrganisationChanged, key_of
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, PaymentFailed, RequestPayment
from mkondo.domain.request import MakeRequest, Request, RequestAdmitted, RequestAnswered
from mkondo.domain.room import RoomConfirmed, RoomGivenBack, customer_room, session_room
from mkondo.domain.session import OpenSession, SessionOpened, SessionRevoked

Asked = RequestPayment | MakeRequest
"""What uses up a ThirdPartyConversationID."""


def application_key(application: ApplicationId) -> RecordKey:
    return RecordKey(f"application/{application}")  # record_key, in line: these are made for every payment


def session_key(session: SessionHash) -> RecordKey:
    return RecordKey(f"session/{session}")


def api_key_key(api_key_hash: str) -> RecordKey:
    return RecordKey(f"api-key/{api_key_hash}")


def organisation_key(organisation: str, application: ApplicationId) -> RecordKey:
    """The organisation's record in the partition of one of its applications."""
    return RecordKey(f"organisation/{key_of(organisation, partition_of(application))}")


def reference_key(about: Payment | Request) -> RecordKey:
    return RecordKey(f"reference/{about.application}/{about.third_party_conversation_id}")


def about(asked: Asked) -> Payment | Request:
    return asked.payment if isinstance(asked, RequestPayment) else asked.request


def access_key(asked: Asked) -> RecordKey:
    """The record that lets the caller in: its session, or its API key where that is shown with every call."""
    return api_key_key(asked.session) if asked.by_api_key else session_key(asked.session)


def customer_bucket(of: Payment | Request) -> RecordKey | None:
    return customer_room(of.application, of.customer) if of.customer else None


def key(message: Message) -> str:
    match message:
        case RequestPayment(payment=payment) | PaymentCompleted(payment=payment) | PaymentFailed(payment=payment):
            return payment.application
        case PaymentAdmitted(payment=payment):
            return payment.application
        case MakeRequest(request=request) | RequestAdmitted(request=request) | RequestAnswered(request=request):
            return request.application
        case OpenSession() | SessionOpened() | SessionRevoked():
            return message.application
        case ConfigureApplication() | ApplicationChanged() | ApiKeyEnded():
            return message.application
        case ConfigureOrganisation() | OrganisationChanged():
            return message.key
        case RoomConfirmed() | RoomGivenBack():
            return message.application
        case _:
            raise TypeError(f"admission has no key for {type(message).__name__}")


def reads(message: Message) -> Sequence[RecordKey]:
    match message:
        case RequestPayment() | MakeRequest():
            return _reads_of(message)
        case PaymentCompleted() | PaymentFailed() | RequestAnswered():
            return message.buckets
        case OpenSession():
            return (application_key(message.application), session_key(message.session))
        case ConfigureApplication():
            return (application_key(message.application),)
        case ConfigureOrganisation():
            return (record_key("organisation", message.key),)
        case TimerDue():
            return (message.record,)
        case _:
            return ()


def _reads_of(asked: Asked) -> Sequence[RecordKey]:
    it = about(asked)
    keys = [application_key(it.application), access_key(asked), reference_key(it), session_room(asked.session)]
    if it.organisation:
        keys.append(organisation_key(it.organisation, it.application))
    customer = customer_bucket(it)
    return keys if customer is None else [*keys, customer]
