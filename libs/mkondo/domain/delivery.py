"""A delivery: one result on its way to a merchant, until it has arrived or is given up.

Pure. What is delivered is the ending event itself: the body is rendered from it at every attempt, so that callback,
answer and query can't disagree (architecture rule 9). Read next: endpoint.py, then deliveries.py, the decider.
"""

import msgspec

from mkondo.domain.decider import Rejection, ReplyTo
from mkondo.domain.ids import ApplicationId, Instant, PaymentId
from mkondo.domain.payment import Payment, PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import DecideReservation, Request, RequestAnswered
from mkondo.domain.reversal import ReversalOf

Result = PaymentCompleted | PaymentFailed | PaymentReserved | RequestAnswered

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000
DELAYS_MS = (
    5 * SECOND_MS,
    MINUTE_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    20 * HOUR_MS,
    24 * HOUR_MS,
)
"""How long after the first attempt, the second and so on the next one is made: over 72 hours in all."""

JITTER_PERMILLE = 200
"""A delay is made longer by so much of it at most: a merchant who comes back is not met by everything at once."""

LEASE_MS = 60 * SECOND_MS
"""An attempt of which nothing was heard for so long is made again: the process that made it may have died."""

RETRY_AFTER_MAX_MS = 24 * HOUR_MS
"""A merchant who asks for more time gets it, up to this: what is asked for longer would never be tried."""

GIVEN_BACK_MS = 5 * SECOND_MS
"""When an attempt that was given back is made again. A process that stops needs a moment to be gone."""

REASON_MAX = 200
"""Characters of the one line that says why an attempt failed."""


def about(result: Result) -> Payment | Request:
    """The request whose result it is."""
    return result.request if isinstance(result, RequestAnswered) else result.payment


def payment_of(result: Result) -> PaymentId:
    """The payment of which it tells a step. Who decides a reservation or reverses a payment makes a request of its own,
    with a ConversationID and a result of its own."""
    match result:
        case RequestAnswered(request=Request(order=DecideReservation(payment_id=reserved))):
            return reserved
        case (
            PaymentCompleted(purpose=ReversalOf(original=original))
            | PaymentFailed(purpose=ReversalOf(original=original))
        ):
            return original.payment_id
        case _:
            return about(result).conversation_id


class Delivery(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record `delivery/ID`, deleted when it has arrived or is given up. The id is the request's ConversationID.

    `attempt` counts from 1; 0: none is made, the endpoint is disabled. `next_at` is when it is made, again if nothing
    was heard of it. `replay` names the replay that this is, so that what is still told of an earlier round of attempts
    counts for nothing in this one; empty for the first. `arrived`: a fault switch of the sandbox has it
    sent once more, which ends it whatever comes of that.
    """

    delivery: PaymentId
    application: ApplicationId
    url: str
    result: Result
    attempt: int
    next_at: Instant
    replay: str = ""
    arrived: bool = False


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one attempt. `status` 0: there was no answer. `reason`: what went wrong, in a line; where it was
    delivered, why its answer broke off. `acknowledged`: the body was the one of contract section 6; any 2xx counts as
    delivered, with or without it. `answer` is its first 1 KiB. `retry_after_ms`: how long a 429 or 503 asked us to
    wait; 0: it did not say."""

    delivered: bool
    status: int = 0
    reason: str = ""
    answer: str = ""
    milliseconds: int = 0
    acknowledged: bool = False
    retry_after_ms: int = 0


class QueueCallback(msgspec.Struct, frozen=True, tag=True):
    """The ingress has the result of a read that is to be pushed; it answers when this is committed."""

    answered: RequestAnswered
    reply_to: ReplyTo | None = None


class ReplayCallback(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Somebody wants a result pushed again, to `url`: `by` says who. `replay` is a new name for it."""

    result: Result
    url: str
    replay: str
    by: str
    reply_to: ReplyTo | None = None


class ReplayRefused(Rejection, frozen=True, tag=True):
    """It is on its way already: a replay would change nothing."""


class RecordAttempt(msgspec.Struct, frozen=True, tag=True):
    """The sender has tried. `jitter_permille` is drawn by it: a decider has no chance. `url`: where it tried.

    `unsent`: nothing was sent, for a reason of our own or because of earlier attempts, so it says nothing new of the
    endpoint."""

    delivery: PaymentId
    application: ApplicationId
    attempt: int
    receipt: Receipt
    jitter_permille: int = 0
    url: str = ""
    replay: str = ""
    unsent: bool = False


class GiveAttemptBack(msgspec.Struct, frozen=True, tag=True):
    """Whoever had this attempt in hand stops, and will not say what came of it: it was not made, or not to its end."""

    delivery: PaymentId
    application: ApplicationId
    attempt: int
    replay: str = ""


class CallbackQueued(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The result is to be delivered; the first attempt is made now. `by`: who wants it again; empty the first time.

    `held_back`: a fault switch of the sandbox has it made at `delivery.next_at`, or never (delivery_faults.py)."""

    delivery: Delivery
    reply_to: ReplyTo | None = None
    by: str = ""
    held_back: str = ""


class CallbackDue(msgspec.Struct, frozen=True, tag=True):
    """The next attempt is made now, or by `delivery.next_at` where whoever had it in hand has given it back."""

    delivery: Delivery


class CallbackDelivered(msgspec.Struct, frozen=True, tag=True):
    """The merchant has the result: `receipt` is what its endpoint answered; where a fault switch of the sandbox had it
    sent once more, what came of that, good or bad."""

    delivery: PaymentId
    application: ApplicationId
    attempt: int
    receipt: Receipt


class CallbackRetryScheduled(msgspec.Struct, frozen=True, tag=True):
    """The attempt failed, the next one is made at `next_at`; or, delivered, it is sent once more by a fault switch of
    the sandbox. `failed_at`: when its endpoint failed it; 0: the endpoint is not to blame, or nobody said when."""

    delivery: PaymentId
    application: ApplicationId
    attempt: int
    receipt: Receipt
    next_at: Instant
    failed_at: Instant = Instant(0)


class CallbackAbandoned(msgspec.Struct, frozen=True, tag=True):
    """It is not tried any more, for this `reason`. `attempt` 0: it was not tried at all."""

    delivery: PaymentId
    application: ApplicationId
    attempt: int
    receipt: Receipt
    reason: str = ""
