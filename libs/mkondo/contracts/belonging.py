"""Whose event is it: the application that a public event names, for those who may read only their own.

Only what the event itself says for certain counts; what says nothing belongs to nobody and is for operators. In the
sandbox an account's and a mandate's scope is the application (contract section 12, "Whose data"); in live it is not.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from mkondo.domain.account import (
    AccountOpened,
    AccountStatusChanged,
    CreditApplied,
    CreditSuspended,
    HoldCaptured,
    HoldExpired,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
)
from mkondo.domain.application import ApiKeyEnded, ApplicationChanged
from mkondo.domain.approval import ApprovalAsked, ApprovalExpired, ApprovalGranted, ApprovalRefused
from mkondo.domain.decider import Event
from mkondo.domain.delivery import (
    CallbackAbandoned,
    CallbackDelivered,
    CallbackDue,
    CallbackQueued,
    CallbackRetryScheduled,
)
from mkondo.domain.endpoint import EndpointDisabled, EndpointEnabled
from mkondo.domain.environments import SANDBOX
from mkondo.domain.mandates import (
    CollectionAdmitted,
    CollectionReturned,
    MandateApproved,
    MandateCancelled,
    MandateCreated,
    MandateExpired,
    MandateFound,
)
from mkondo.domain.organisation import OrganisationChanged
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import RequestAdmitted, RequestAnswered
from mkondo.domain.reversals import PaymentReversed, ReversalAdmitted, ReversalDeclined
from mkondo.domain.room import RoomConfirmed, RoomGivenBack
from mkondo.domain.session import SessionOpened, SessionRevoked

Told = Callable[[Any], str]
NOBODY = ""

_OWN: Told = attrgetter("application")
_PAYMENT: Told = attrgetter("payment.application")
_REQUEST: Told = attrgetter("request.application")
_ADMITTED: Told = attrgetter("admitted.payment.application")
_DELIVERY: Told = attrgetter("delivery.application")


def _unsaid(event: Event) -> str:
    return NOBODY


def scope_of(account: str) -> str:
    """Of `wallet/SCOPE/…` and `till/SCOPE/…`; the platform's own accounts are in none."""
    kind, _, rest = account.partition("/")
    return rest.partition("/")[0] if kind in ("wallet", "till") else NOBODY


def _scope_of_entry(event: JournalEntryPosted) -> str:
    """Of both accounts, or of the one that has any."""
    scopes = {scope for posting in event.postings if (scope := scope_of(posting.account))}
    return scopes.pop() if len(scopes) == 1 else NOBODY


NAMED: Mapping[type[Event], Told] = {
    **dict.fromkeys(
        (ApplicationChanged, ApiKeyEnded, SessionOpened, SessionRevoked, RoomConfirmed, RoomGivenBack), _OWN
    ),
    **dict.fromkeys((ReversalDeclined, PaymentReversed), _OWN),
    **dict.fromkeys(
        (CallbackDelivered, CallbackRetryScheduled, CallbackAbandoned, EndpointDisabled, EndpointEnabled), _OWN
    ),
    **dict.fromkeys((PaymentAdmitted, PaymentReserved, PaymentCompleted, PaymentFailed), _PAYMENT),
    **dict.fromkeys((RequestAdmitted, RequestAnswered, MandateFound), _REQUEST),
    **dict.fromkeys((ApprovalAsked, CollectionAdmitted, ReversalAdmitted), _ADMITTED),
    **dict.fromkeys((CallbackQueued, CallbackDue), _DELIVERY),
    HoldPlaced: attrgetter("hold.admitted.payment.application"),
    OrganisationChanged: _unsaid,
}
"""What names its application in so many words, and what never does."""

SCOPED: Mapping[type[Event], Told] = {
    **dict.fromkeys((ApprovalGranted, ApprovalRefused, ApprovalExpired), lambda event: scope_of(event.debited)),
    **dict.fromkeys(
        (
            AccountOpened,
            AccountStatusChanged,
            CreditApplied,
            CreditSuspended,
            HoldCaptured,
            HoldReleased,
            HoldExpired,
        ),
        lambda event: scope_of(event.account),
    ),
    JournalEntryPosted: _scope_of_entry,
    MandateCreated: attrgetter("mandate.key.scope"),
    **dict.fromkeys((MandateApproved, MandateCancelled, MandateExpired, CollectionReturned), attrgetter("key.scope")),
}
"""What says it by the scope of an account or mandate: in the sandbox only."""


def application_of(environment: str, event: Event) -> str:
    """The application's id, or NOBODY. A KeyError is a bug: somebody forgot a line above."""
    told = NAMED.get(type(event))
    if told is not None:
        return told(event)
    return SCOPED[type(event)](event) if environment == SANDBOX else NOBODY
