"""Every message that crosses a process boundary, as one table: its type, its version, and its public topic.

A new message is one line here. A message that changes in any way but a new optional field gets a higher version and an
upcaster in codec.py. Names are the classes' own, and never reused. Read next: codec.py.
"""

import msgspec

from mkondo.contracts.parking import DiscardParked, RetryParked
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
    OpenAccount,
    SetAccountStatus,
)
from mkondo.domain.application import (
    ApiKeyEnded,
    ApplicationChanged,
    ConfigurationRejected,
    ConfigurationUnchanged,
    ConfigureApplication,
)
from mkondo.domain.approval import (
    AnswerApproval,
    ApprovalAsked,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRefused,
)
from mkondo.domain.decider import Message
from mkondo.domain.delivery import (
    CallbackAbandoned,
    CallbackDelivered,
    CallbackDue,
    CallbackQueued,
    CallbackRetryScheduled,
    GiveAttemptBack,
    QueueCallback,
    RecordAttempt,
    ReplayCallback,
    ReplayRefused,
)
from mkondo.domain.endpoint import EnableEndpoint, EndpointDisabled, EndpointEnabled, EndpointUnchanged
from mkondo.domain.mandate import AnswerMandate
from mkondo.domain.mandates import (
    CollectionAdmitted,
    CollectionReturned,
    MandateApproved,
    MandateCancelled,
    MandateCreated,
    MandateExpired,
    MandateFound,
)
from mkondo.domain.organisation import (
    ConfigureOrganisation,
    OrganisationChanged,
    OrganisationRejected,
    OrganisationUnchanged,
)
from mkondo.domain.payment import (
    PaymentAdmitted,
    PaymentCompleted,
    PaymentFailed,
    PaymentReserved,
    RequestPayment,
)
from mkondo.domain.request import MakeRequest, RequestAdmitted, RequestAnswered, RequestRejected
from mkondo.domain.reversals import PaymentReversed, ReversalAdmitted, ReversalDeclined
from mkondo.domain.room import RoomConfirmed, RoomGivenBack
from mkondo.domain.session import (
    OpenSession,
    SessionOpened,
    SessionRefused,
    SessionRevoked,
)

PAYMENT, LEDGER, LIMIT, MANDATE, APPLICATION, CALLBACK = (
    "payment-events",
    "ledger-events",
    "limit-events",
    "mandate-events",
    "application-events",
    "callback-events",
)
PUBLIC_TOPICS = (PAYMENT, LEDGER, LIMIT, MANDATE, APPLICATION, CALLBACK)
"""The families of public event topics (interfaces.md, "Event topics"); a log puts `mkondo.ENVIRONMENT.` before them."""


class MessageType(msgspec.Struct, frozen=True):
    """One line of the table. Commands and rejections have no topic: they are nobody's business but the two who talk."""

    struct: type[Message]
    version: int = 1
    topic: str | None = None

    @property
    def name(self) -> str:
        return self.struct.__name__


MESSAGES: tuple[MessageType, ...] = (
    # Commands: to admission, to the ledger, to mandates.
    MessageType(ConfigureApplication),
    MessageType(ConfigureOrganisation),
    MessageType(OpenSession),
    MessageType(RequestPayment),
    MessageType(MakeRequest),
    MessageType(OpenAccount),
    MessageType(AnswerApproval),
    MessageType(SetAccountStatus),
    MessageType(AnswerMandate),
    MessageType(QueueCallback),
    MessageType(RecordAttempt),
    MessageType(GiveAttemptBack),
    MessageType(ReplayCallback),
    MessageType(EnableEndpoint),
    # An operator's word about parked messages, to any decider's partition (rule 14).
    MessageType(RetryParked),
    MessageType(DiscardParked),
    # Rejections: answers that are never stored (rule 12).
    MessageType(ConfigurationRejected),
    MessageType(ConfigurationUnchanged),
    MessageType(OrganisationUnchanged),
    MessageType(OrganisationRejected),
    MessageType(SessionRefused),
    MessageType(RequestRejected),
    MessageType(ReplayRefused),
    MessageType(EndpointUnchanged),
    # Admission's events.
    MessageType(ApplicationChanged, topic=APPLICATION),
    MessageType(ApiKeyEnded, topic=APPLICATION),
    MessageType(OrganisationChanged, topic=APPLICATION),
    MessageType(SessionOpened, topic=APPLICATION),
    MessageType(SessionRevoked, topic=APPLICATION),
    MessageType(PaymentAdmitted, topic=PAYMENT),
    MessageType(RequestAdmitted, topic=PAYMENT),
    MessageType(RoomConfirmed, topic=LIMIT),
    MessageType(RoomGivenBack, topic=LIMIT),
    # The ledger's events: approvals, accounts, entries, holds.
    MessageType(ApprovalAsked, topic=PAYMENT),
    MessageType(ApprovalGranted, topic=PAYMENT),
    MessageType(ApprovalRefused, topic=PAYMENT),
    MessageType(ApprovalExpired, topic=PAYMENT),
    MessageType(AccountOpened, topic=LEDGER),
    MessageType(AccountStatusChanged, topic=LEDGER),
    MessageType(JournalEntryPosted, topic=LEDGER),
    MessageType(CreditApplied, topic=LEDGER),
    MessageType(CreditSuspended, topic=LEDGER),
    MessageType(HoldPlaced, topic=LEDGER),
    MessageType(HoldCaptured, topic=LEDGER),
    MessageType(HoldReleased, topic=LEDGER),
    MessageType(HoldExpired, topic=LEDGER),
    # Direct debits.
    MessageType(MandateCreated, topic=MANDATE),
    MessageType(MandateApproved, topic=MANDATE),
    MessageType(MandateCancelled, topic=MANDATE),
    MessageType(MandateExpired, topic=MANDATE),
    MessageType(MandateFound, topic=MANDATE),
    MessageType(CollectionAdmitted, topic=MANDATE),
    MessageType(CollectionReturned, topic=MANDATE),
    # Reversals.
    MessageType(ReversalAdmitted, topic=PAYMENT),
    MessageType(ReversalDeclined, topic=PAYMENT),
    MessageType(PaymentReversed, topic=PAYMENT),
    # Deliveries to merchants.
    MessageType(CallbackQueued, topic=CALLBACK),
    MessageType(CallbackDue, topic=CALLBACK),
    MessageType(CallbackDelivered, topic=CALLBACK),
    MessageType(CallbackRetryScheduled, topic=CALLBACK),
    MessageType(CallbackAbandoned, topic=CALLBACK),
    MessageType(EndpointDisabled, topic=CALLBACK),
    MessageType(EndpointEnabled, topic=CALLBACK),
    # Answers and endings, by whichever processor gives them.
    MessageType(PaymentReserved, topic=PAYMENT),
    MessageType(RequestAnswered, topic=PAYMENT),
    MessageType(PaymentCompleted, topic=PAYMENT),
    MessageType(PaymentFailed, topic=PAYMENT),
)

BY_NAME: dict[str, MessageType] = {message.name: message for message in MESSAGES}
BY_STRUCT: dict[type[Message], MessageType] = {message.struct: message for message in MESSAGES}
