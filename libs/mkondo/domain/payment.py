"""A payment: one request of a merchant that moves money, and its single outcome.

Pure. The command and the events here are the spine of the platform: admission turns RequestPayment into PaymentAdmitted
or PaymentFailed, the ledger turns PaymentAdmitted into PaymentCompleted or PaymentFailed (architecture rule 9), a
two-step payment by way of PaymentReserved. Reply, callback, query and view are all rendered from these events.
Read next: request.py for requests that move no money; then admission/, ledger/.
"""

import msgspec

from mkondo.domain import reasons
from mkondo.domain.decider import ReplyTo, Send
from mkondo.domain.ids import AccountId, ApplicationId, Instant, PaymentId, RecordKey, SessionHash, TransactionId
from mkondo.domain.limits import Breach
from mkondo.domain.mandate import Collection
from mkondo.domain.money import Money
from mkondo.domain.reversal import ReversalOf


class Payment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything later stages need to know of a payment, so that none of them has to look anything up (rule 9).

    `customer` is the MSISDN as digits, empty where the operation has none. `deadline` is the instant after which no
    processor moves this payment's money (rule 10). `organisation` is the party the payment belongs to. `outputs` are
    what a successful answer says beside the usual keys, by their names on the wire.
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
    outputs: dict[str, str] = {}
    profile: str = ""
    """Whose wire its answers speak: empty for the M-Pesa OpenAPI's own."""
    faults: tuple[str, ...] = ()
    """Sandbox: the fault switches that hit it (faults.py)."""

    @property
    def conversation_id(self) -> PaymentId:
        """The wire's name of this request."""
        return self.payment_id


class Forced(msgspec.Struct, frozen=True, omit_defaults=True):
    """The outcome that a sandbox trigger asks for (contract section 7), and what a status query will call it."""

    code: str
    text: str
    status: str = "Declined"
    outputs: dict[str, str | bool] = {}


Purpose = Collection | ReversalOf
"""What a payment is under: it passes by that decider between admission and the ledger."""


class RequestPayment(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The ingress wishes a payment on behalf of a session. `approval` is how the payer agrees (see approval.py).

    `reservation_ms` above 0 makes it a two-step payment: funds are held for that long under `voucher_code`.
    `by_api_key`: the caller showed its API key itself, whose hash stands in for the session (contract section 9).
    """

    payment: Payment
    session: SessionHash
    approval: str = "implicit"
    forced: Forced | None = None
    purpose: Purpose | None = None
    reservation_ms: int = 0
    voucher_code: str = ""
    by_api_key: bool = False


class PaymentAdmitted(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The application may make this payment; its room is reserved under every limit named in `buckets`.

    `configuration` is the version of the application's configuration that was applied. `market_day` is the ISO date
    of the market in whose buckets room was reserved. `reply_to` is there when this is all that the caller is told now:
    the result of an asynchronous payment follows by callback, and nobody waits for its ending any more.
    """

    payment: Payment
    session: SessionHash
    configuration: int
    approval: str = "implicit"
    market_day: str = ""
    buckets: tuple[RecordKey, ...] = ()
    script: str = ""
    """What the sandbox's handset will do when it is asked."""
    forced: Forced | None = None
    purpose: Purpose | None = None
    reservation_ms: int = 0
    voucher_code: str = ""
    reply_to: ReplyTo | None = None
    reserved: bool = False
    """Whether something was set aside under its purpose: then that decider must hear how the payment ends."""


class PaymentReserved(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The first step of a two-step payment: funds are held until `expires_at`. Answers the request, ends nothing."""

    payment: Payment
    expires_at: Instant


class PaymentCompleted(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The payment's journal entry is posted. Final.

    `completed_at`: when that was, by the time of the partition that posted it (rule 11). Windows are counted from it;
    0 in an event from before it was told.
    """

    payment: Payment
    code: str = reasons.OK
    market_day: str = ""
    buckets: tuple[RecordKey, ...] = ()
    purpose: Purpose | None = None
    reserved: bool = False
    completed_at: Instant = Instant(0)


class PaymentFailed(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The payment moved no money and never will. `code` is the reason code, `reason` says it in words. Final.

    `status` is what a status query calls it: Failed, Declined, Cancelled or Expired (contract section 4).
    """

    payment: Payment
    code: str
    reason: str
    status: str = "Failed"
    market_day: str = ""
    buckets: tuple[RecordKey, ...] = ()
    purpose: Purpose | None = None
    reserved: bool = False
    breaches: tuple[Breach, ...] = ()
    """The limits that it would have passed."""


PaymentEnded = PaymentCompleted | PaymentFailed


def completed(admitted: PaymentAdmitted, now: Instant) -> PaymentCompleted:
    return PaymentCompleted(
        admitted.payment,
        market_day=admitted.market_day,
        buckets=admitted.buckets,
        purpose=admitted.purpose,
        reserved=admitted.reserved,
        completed_at=now,
    )


def failed(admitted: PaymentAdmitted, code: str, reason: str, status: str) -> PaymentFailed:
    """The ending of an admitted payment: whoever reserved room for it hears of it."""
    return PaymentFailed(
        admitted.payment,
        code,
        reason,
        status,
        admitted.market_day,
        admitted.buckets,
        admitted.purpose,
        admitted.reserved,
    )


def after_ending(ended: PaymentEnded) -> tuple[Send, ...]:
    """Who must hear that an admitted payment has ended: who reserved something for it, and who tells the merchant."""
    payment = ended.payment
    sends = [Send("admission", payment.application)] if ended.buckets else []
    match ended.purpose if ended.reserved else None:
        case Collection(key=key) if isinstance(ended, PaymentFailed):
            sends.append(Send("mandates", key.partition_key))
        case ReversalOf(original=original):
            sends.append(Send("reversals", original.payment_id))
        case _:
            pass
    return (*sends, *after_answer(payment.application, payment.asynchronous))


def after_answer(application: ApplicationId, asynchronous: bool) -> tuple[Send, ...]:
    """The result of an asynchronous request goes out by callback."""
    return (Send("callbacks", application),) if asynchronous else ()
