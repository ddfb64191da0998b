"""A payment: one request of a merchant that moves money, and its single outcome.

Pure. The command and the three events here are the spine of the platform: admission turns RequestPayment into
PaymentAdmitted or PaymentFailed, the ledger turns PaymentAdmitted into PaymentCompleted or PaymentFailed
(architecture rule 9). Reply, callback, query and view are all rendered from the ending event.
Read next: admission.py, ledger/.
"""

import msgspec

from mkondo.domain.decider import Rejection, ReplyTo
from mkondo.domain.ids import AccountId, ApplicationId, Instant, PaymentId, SessionHash, TransactionId
from mkondo.domain.money import Money


class Payment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything later stages need to know of a payment, so that none of them has to look anything up (rule 9).

    `customer` is the MSISDN as digits, empty where the operation has none. `deadline` is the instant after which no
    processor moves this payment's money (rule 10). `organisation` is the party the payment belongs to.
    """

    payment_id: PaymentId
    transaction_id: TransactionId
    application: ApplicationId
    organisation: str
    operation: str
    market: str
    amount: Money
    debited: AccountId
    credited: AccountId
    third_party_conversation_id: str
    transaction_reference: str
    description: str
    asked_at: Instant
    deadline: Instant
    customer: str = ""
    reply_to: ReplyTo | None = None
    asynchronous: bool = False
    response_url: str = ""
    opens_accounts: bool = False
    """Sandbox: an account that is not there yet is opened with the market pack's balance (contract section 12)."""


class Forced(msgspec.Struct, frozen=True):
    """The outcome that a sandbox trigger asks for (contract section 7): the payment is declined with it."""

    code: str
    text: str


class RequestPayment(msgspec.Struct, frozen=True, tag=True):
    """The ingress wishes a payment on behalf of a session. `approval` is how the payer agrees (see approval.py)."""

    payment: Payment
    session: SessionHash
    approval: str = "implicit"
    forced: Forced | None = None


class PaymentRejected(Rejection, frozen=True, tag=True):
    """The request is not a payment: no event, no reference taken (rule 12; contract section 12, duplicates)."""

    payment_id: PaymentId
    operation: str
    third_party_conversation_id: str


class PaymentAdmitted(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The application may make this payment; its room is reserved under every limit named in `buckets`.

    `configuration` is the version of the application's configuration that was applied. `market_day` is the ISO date
    of the market in whose buckets room was reserved.
    """

    payment: Payment
    session: SessionHash
    configuration: int
    approval: str = "implicit"
    market_day: str = ""
    buckets: tuple[str, ...] = ()


class PaymentCompleted(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The payment's journal entry is posted. Final."""

    payment: Payment
    code: str = "INS-0"
    market_day: str = ""
    buckets: tuple[str, ...] = ()


class PaymentFailed(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The payment moved no money and never will. `code` is the reason code, `reason` says it in words. Final.

    `status` is what a status query calls it: Failed, Declined, Cancelled or Expired (contract section 4).
    """

    payment: Payment
    code: str
    reason: str
    status: str = "Failed"
    market_day: str = ""
    buckets: tuple[str, ...] = ()


PaymentEnded = PaymentCompleted | PaymentFailed


class Reference(msgspec.Struct, frozen=True):
    """Record `reference/APPLICATION/THIRD_PARTY_CONVERSATION_ID`, an immutable fact of admission (rule 8).

    It proves duplicates, and a status query finds by it a payment that has not ended yet.
    """

    payment: Payment
