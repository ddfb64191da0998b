"""The system as one table: which service hosts which decider, keyed by what, speaking on which topics.

Topics, documentation and tests are made from it; splitting or joining services is an edit of this table.
Read next: domain/admission.py, domain/ledger, runtime/processor.py.
"""

import msgspec

from mkondo.domain import admission, ledger
from mkondo.domain.decider import Decider

ENVIRONMENTS = ("sandbox", "openapi")
"""Sandbox and live, by the first segment of the path. They share code and nothing else (G9)."""

REPLY_PARTITIONS = 64


class Row(msgspec.Struct, frozen=True):
    """One service. `hosts` says what for people; `decider` is the name under which its journal and topics go.

    `public_topic` is the suffix of the event topic that other systems subscribe to. `built` False: its place is kept, the
    service comes with a later issue.
    """

    service: str
    hosts: str
    key: str = ""
    decider: str = ""
    public_topic: str = ""
    built: bool = True
    emits: tuple[str, ...] = ()


TOPOLOGY: tuple[Row, ...] = (
    Row("edge_auth", "HTTP getSession, public key"),
    Row(
        "payments_ingress",
        "HTTP operations: authentication, market, product, fields; one command per payment",
    ),
    Row(
        "admission",
        "applications, sessions, duplicates, limits",
        key="application",
        decider=admission.NAME,
        public_topic="application-events",
        emits=(
            "ApplicationChanged",
            "SessionOpened",
            "SessionRevoked",
            "PaymentAdmitted",
            "PaymentFailed",
        ),
    ),
    Row(
        "ledger",
        "approvals, double entry, holds",
        key="debited account",
        decider=ledger.NAME,
        public_topic="ledger-events",
        emits=(
            "AccountOpened",
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
            "HoldDeclined",
            "PaymentCompleted",
            "PaymentFailed",
        ),
    ),
    Row(
        "mandates",
        "mandates",
        key="organisation + third-party reference",
        decider="mandates",
        public_topic="mandate-events",
        built=False,
    ),
    Row(
        "reversals",
        "reversals",
        key="original payment",
        decider="reversals",
        built=False,
    ),
    Row(
        "callbacks",
        "deliveries to merchants",
        key="application",
        decider="callbacks",
        public_topic="callback-events",
        built=False,
    ),
    Row("projector", "views in Postgres", key="per view"),
    Row("portal", "people, over HTML", built=False),
    Row(
        "insights",
        "windowed operator figures, by Faust",
        key="market, product, minute",
        built=False,
    ),
)

DECIDERS: dict[str, Decider] = {admission.NAME: admission, ledger.NAME: ledger}

PUBLIC_TOPIC_OF_EVENT: dict[str, str] = {
    "PaymentAdmitted": "payment-events",
    "PaymentCompleted": "payment-events",
    "PaymentFailed": "payment-events",
}
"""Events that go to another public topic than their decider's: a payment's whole story stands in one place."""


def row_of(decider: str) -> Row:
    """The row of a decider, by its name. Raises KeyError for a name that is not in the table."""
    for row in TOPOLOGY:
        if row.decider == decider:
            return row
    raise KeyError(decider)


def commands_topic(environment: str, decider: str) -> str:
    return f"mkondo.{environment}.commands.{decider}"


def inbox_topic(environment: str, decider: str) -> str:
    return f"mkondo.{environment}.inbox.{decider}"


def replies_topic(environment: str) -> str:
    return f"mkondo.{environment}.replies"


def public_topic(environment: str, decider: str, event_type: str) -> str:
    """The event topic of an event, by interfaces.md: `mkondo.{environment}.payment-events` and its like."""
    return f"mkondo.{environment}.{PUBLIC_TOPIC_OF_EVENT.get(event_type) or row_of(decider).public_topic}"
