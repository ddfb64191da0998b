"""A service request: it uses up a ThirdPartyConversationID but moves no money by itself, and has one answer.

Pure. Deciding a two-step payment, and creating, cancelling or asking about a direct debit: admission turns MakeRequest
into RequestAdmitted, whose `order` says which decider answers it with RequestAnswered. Read next: admission/.
"""

import msgspec

from mkondo.domain import reasons
from mkondo.domain.decider import Rejection, ReplyTo, Send
from mkondo.domain.hours import Closed
from mkondo.domain.ids import AccountId, ApplicationId, Instant, PaymentId, RecordKey, SessionHash, TransactionId
from mkondo.domain.limits import Breach
from mkondo.domain.mandate import CancelMandate, CreateMandate, FindMandate
from mkondo.domain.payment import Forced, Payment, after_answer

OK_CODES = (reasons.OK, reasons.DECIDED)

Outputs = dict[str, str | bool]
"""Keys of the wire and what they say; `output_SufficientBalance` may be a JSON boolean (contract section 4)."""


class DecideReservation(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Commit or give up a two-step payment: the hold `payment_id` on the debited account (contract section 4)."""

    payment_id: PaymentId
    transaction_id: str
    account: AccountId
    commits: bool
    voucher_code: str


class Ask(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """A read whose answer goes out by callback: nobody decides it, `RequestAnswered.outputs` is its result."""


Order = DecideReservation | CreateMandate | CancelMandate | FindMandate | Ask


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything later stages need to know of a service request. `request_id` is the wire's ConversationID.

    `transaction_id` names it as a payment's does: a status query finds it by that, by `request_id` and by the
    merchant's own id. Past `deadline` nobody acts on it.
    """

    request_id: PaymentId
    transaction_id: TransactionId
    application: ApplicationId
    organisation: str
    operation: str
    market: str
    third_party_conversation_id: str
    asked_at: Instant
    deadline: Instant
    order: Order
    customer: str = ""
    reply_to: ReplyTo | None = None
    asynchronous: bool = False
    response_url: str = ""
    opens_accounts: bool = False
    sufficient_balance_as_text: bool = False
    profile: str = ""
    market_day: str = ""
    buckets: tuple[RecordKey, ...] = ()
    """Where room was reserved for it when it was admitted, and in which day of its market."""
    faults: tuple[str, ...] = ()
    """As of a payment."""

    @property
    def conversation_id(self) -> PaymentId:
        """The wire's name of this request."""
        return self.request_id


class MakeRequest(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The ingress wishes a service request on behalf of a session. `forced`: a sandbox trigger's answer."""

    request: Request
    session: SessionHash
    forced: Forced | None = None
    by_api_key: bool = False


class RequestAdmitted(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The application may ask this. `reply_to` as in PaymentAdmitted: the answer follows by callback."""

    request: Request
    session: SessionHash
    configuration: int
    forced: Forced | None = None
    reply_to: ReplyTo | None = None


class RequestAnswered(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The answer. Final. `status` is what a status query says; `outputs` are the keys of a success."""

    request: Request
    code: str
    reason: str = ""
    status: str = "Completed"
    outputs: Outputs = {}
    breaches: tuple[Breach, ...] = ()
    """The limits that it would have passed."""

    @property
    def buckets(self) -> tuple[RecordKey, ...]:
        return self.request.buckets

    @property
    def market_day(self) -> str:
        return self.request.market_day

    @property
    def succeeded(self) -> bool:
        return self.code in OK_CODES


class RequestRejected(Rejection, frozen=True, tag=True):
    """The request was not taken: no event, no reference (rule 12; contract section 12, duplicates)."""

    request_id: PaymentId
    operation: str
    third_party_conversation_id: str
    closed: Closed | None = None
    """Why it may not be asked at this time of the day."""


class Reference(msgspec.Struct, frozen=True):
    """Record `reference/APPLICATION/THIRD_PARTY_CONVERSATION_ID`, an immutable fact of admission (rule 8).

    It proves duplicates, and a status query finds by it a request that has not been answered yet.
    """

    about: Payment | Request


def refused(request: Request, code: str, reason: str, status: str = "Declined") -> RequestAnswered:
    return RequestAnswered(request, code, reason, status)


def forced_answer(request: Request, forced: Forced) -> RequestAnswered:
    """What a test value asks for: nothing is looked up, nothing moves."""
    return RequestAnswered(request, forced.code, forced.text, forced.status, forced.outputs)


def after_answered(answered: RequestAnswered) -> tuple[Send, ...]:
    request = answered.request
    sends = (Send("admission", request.application),) if request.buckets else ()
    return (*sends, *after_answer(request.application, request.asynchronous))
