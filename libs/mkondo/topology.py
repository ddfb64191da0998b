"""The system as one table: which service hosts which decider, keyed by what, speaking on which topics.

Topics, documentation and tests are made from it; splitting or joining services is an edit of this table.
Read next: domain/admission, domain/ledger, runtime/processor.py.
"""

import msgspec

from mkondo.domain import admission, deliveries, ledger, mandates, reversals
from mkondo.domain.decider import Decider
from mkondo.domain.environments import ENVIRONMENTS as ENVIRONMENTS

REPLY_PARTITIONS = 64


class Row(msgspec.Struct, frozen=True):
    """One service. `hosts` says what for people; `decider` is the name under which its journal and topics go.

    `hears` names the deciders whose events may be routed to this one: the channels that its partitions listen to.
    `built` False: its place is kept, the service is still to come.
    """

    service: str
    hosts: str
    key: str = ""
    decider: str = ""
    hears: tuple[str, ...] = ()
    built: bool = True
    emits: tuple[str, ...] = ()


TOPOLOGY: tuple[Row, ...] = (
    Row("edge_auth", "HTTP getSession, public key"),
    Row(
        "payments_ingress",
        "HTTP operations: authentication, market, product, fields; one command per request",
    ),
    Row(
        "admission",
        "applications, sessions, duplicates, limits",
        key="application",
        decider=admission.NAME,
        hears=(ledger.NAME, mandates.NAME, reversals.NAME),
        emits=(
            "ApplicationChanged",
            "ApiKeyEnded",
            "OrganisationChanged",
            "SessionOpened",
            "SessionRevoked",
            "PaymentAdmitted",
            "RoomConfirmed",
            "RoomGivenBack",
            "PaymentFailed",
            "RequestAdmitted",
            "RequestAnswered",
        ),
    ),
    Row(
        "ledger",
        "approvals, double entry, holds",
        key="debited account",
        decider=ledger.NAME,
        hears=(admission.NAME, ledger.NAME, mandates.NAME, reversals.NAME),
        emits=(
            "AccountOpened",
            "AccountStatusChanged",
            "ApprovalAsked",
            "ApprovalGranted",
            "ApprovalRefused",
            "ApprovalExpired",
            "JournalEntryPosted",
            "CreditApplied",
            "CreditSuspended",
            "HoldPlaced",
            "HoldCaptured",
            "HoldReleased",
            "HoldExpired",
            "PaymentReserved",
            "PaymentCompleted",
            "PaymentFailed",
            "RequestAnswered",
        ),
    ),
    Row(
        "mandates",
        "direct debits",
        key="organisation + third-party reference",
        decider=mandates.NAME,
        hears=(admission.NAME, ledger.NAME),
        emits=(
            "MandateCreated",
            "MandateApproved",
            "MandateCancelled",
            "MandateExpired",
            "MandateFound",
            "CollectionAdmitted",
            "CollectionReturned",
            "PaymentFailed",
            "RequestAnswered",
        ),
    ),
    Row(
        "reversals",
        "what of a payment may still be given back",
        key="original payment",
        decider=reversals.NAME,
        hears=(admission.NAME, ledger.NAME),
        emits=("ReversalAdmitted", "ReversalDeclined", "PaymentReversed", "PaymentFailed"),
    ),
    Row(
        "callbacks",
        "deliveries to merchants",
        key="application",
        decider=deliveries.NAME,
        hears=(ledger.NAME, mandates.NAME, reversals.NAME),
        emits=(
            "CallbackQueued",
            "CallbackDue",
            "CallbackDelivered",
            "CallbackRetryScheduled",
            "CallbackAbandoned",
            "EndpointDisabled",
            "EndpointEnabled",
        ),
    ),
    Row("projector", "views in Postgres", key="per view"),
    Row("portal", "the management API; people, over HTML, are to come"),
    Row(
        "insights",
        "windowed operator figures, by Faust",
        key="market, product, minute",
        built=False,
    ),
)

DECIDERS: dict[str, Decider] = {
    admission.NAME: admission,
    ledger.NAME: ledger,
    mandates.NAME: mandates,
    reversals.NAME: reversals,
    deliveries.NAME: deliveries,
}
"""The deciders that are built, by the names of their rows."""

_BY_DECIDER = {row.decider: row for row in TOPOLOGY if row.decider}


def sources_of(decider: str) -> tuple[str, ...]:
    """The deciders that this one hears. Raises KeyError for a name that is not in the table."""
    return _BY_DECIDER[decider].hears


def commands_topic(environment: str, decider: str) -> str:
    return f"mkondo.{environment}.commands.{decider}"


def inbox_topic(environment: str, decider: str) -> str:
    return f"mkondo.{environment}.inbox.{decider}"


def replies_topic(environment: str) -> str:
    return f"mkondo.{environment}.replies"


def public_topic(environment: str, family: str) -> str:
    """The topic of a family of events (contracts/events.py): `mkondo.{environment}.payment-events` and its like."""
    return f"mkondo.{environment}.{family}"
