"""Every message that crosses a process boundary, as one table: its type, its version, and its public topic.

A new message is one line here. A message that changes in any way but a new optional field gets a higher version and an
upcaster in codec.py. Names are the classes' own, and never reused. Read next: codec.py.
"""

import msgspec

from mkondo.contracts.parking import DiscardParked, RetryParked
from mkondo.domain.account import (
    AccountOpened,
    CaptureHold,
    CreditApplied,
    CreditSuspended,
    HoldCaptured,
    HoldDeclined,
    HoldExpired,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
    OpenAccount,
    PlaceHold,
    ReleaseHold,
)
from mkondo.domain.application import (
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
from mkondo.domain.payment import (
    PaymentAdmitted,
    PaymentCompleted,
    PaymentFailed,
    PaymentRejected,
    RequestPayment,
)
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
    # Commands: to admission, then to the ledger.
    MessageType(ConfigureApplication),
    MessageType(OpenSession),
    MessageType(RequestPayment),
    MessageType(OpenAccount),
    MessageType(AnswerApproval),
    MessageType(PlaceHold),
    MessageType(CaptureHold),
    MessageType(ReleaseHold),
    # An operator's word about parked messages, to any decider's partition (rule 14).
    MessageType(RetryParked),
    MessageType(DiscardParked),
    # Rejections: answers that are never stored (rule 12).
    MessageType(ConfigurationRejected),
    MessageType(ConfigurationUnchanged),
    MessageType(SessionRefused),
    MessageType(PaymentRejected),
    # Admission's events.
    MessageType(ApplicationChanged, topic=APPLICATION),
    MessageType(SessionOpened, topic=APPLICATION),
    MessageType(SessionRevoked, topic=APPLICATION),
    MessageType(PaymentAdmitted, topic=PAYMENT),
    # The ledger's events: approvals, accounts, entries, holds.
    MessageType(ApprovalAsked, topic=PAYMENT),
    MessageType(ApprovalGranted, topic=PAYMENT),
    MessageType(ApprovalRefused, topic=PAYMENT),
    MessageType(ApprovalExpired, topic=PAYMENT),
    MessageType(AccountOpened, topic=LEDGER),
    MessageType(JournalEntryPosted, topic=LEDGER),
    MessageType(CreditApplied, topic=LEDGER),
    MessageType(CreditSuspended, topic=LEDGER),
    MessageType(HoldPlaced, topic=LEDGER),
    MessageType(HoldDeclined, topic=LEDGER),
    MessageType(HoldCaptured, topic=LEDGER),
    MessageType(HoldReleased, topic=LEDGER),
    MessageType(HoldExpired, topic=LEDGER),
    # Endings, by whichever processor ends the payment.
    MessageType(PaymentCompleted, topic=PAYMENT),
    MessageType(PaymentFailed, topic=PAYMENT),
)

BY_NAME: dict[str, MessageType] = {message.name: message for message in MESSAGES}
BY_STRUCT: dict[type[Message], MessageType] = {message.struct: message for message in MESSAGES}
