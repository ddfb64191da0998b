"""Queries right after an answer: every kind of request must be found as it was answered (G10).

They read the rows that services/payments_ingress/query.py reads. Read next: checks.py.
"""

from collections.abc import Iterator

from mkondo.adapters.memory.store import MemoryStore
from mkondo.contracts.records import decode_event
from mkondo.domain.decider import Event
from mkondo.domain.facts import names_of, outcome_of
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import DecideReservation, Request, RequestAdmitted, RequestAnswered
from mkondo.testing.simulation.ingress import Attempt
from mkondo.testing.simulation.loop import at_once

Answer = PaymentCompleted | PaymentFailed | PaymentReserved | PaymentAdmitted | RequestAdmitted | RequestAnswered
"""What a client may be told that is not a rejection; an admission is the acceptance of an asynchronous request."""


def is_known(store: MemoryStore, answer: Answer) -> bool:
    """Whether the immutable rows say the same, under every name of the answer; of an acceptance, its reference does."""
    names = names_of(answer)
    if not names:
        return _referred(store, answer, _about(answer).conversation_id) == answer
    return all(fact(store, name) == answer for name in names)


def fact(store: MemoryStore, name: str) -> Event | None:
    stored = at_once(store.outcome(name))
    return decode_event(stored.data) if stored is not None else None


def disagreements(store: MemoryStore, attempt: Attempt) -> Iterator[str]:
    """By each of its three names, and what a decision says of the payment that it decided. Above all where the answer
    was decided and not given: for this a merchant queries."""
    answer = attempt.decided
    if not isinstance(answer, Answer):
        return
    about = attempt.about
    for text in (about.conversation_id, about.transaction_id, about.third_party_conversation_id):
        if _referred(store, answer, text) is None or not is_known(store, answer):
            yield f"G10: {about.conversation_id} was answered {answer}, a query by {text} does not say so"
    if isinstance(answer, RequestAnswered) and not _was_done(store, answer):
        yield f"G10: {about.conversation_id} was answered {answer}, the payment does not say so"


def _referred(store: MemoryStore, answer: Answer, text: str) -> Event | None:
    stored = at_once(store.reference(_about(answer).application, text))
    return decode_event(stored.data) if stored is not None else None


def _about(answer: Answer) -> Payment | Request:
    return answer.request if isinstance(answer, RequestAdmitted | RequestAnswered) else answer.payment


def _was_done(store: MemoryStore, answered: RequestAnswered) -> bool:
    """A decision that succeeded has ended the payment, by then and in that way."""
    order = answered.request.order
    if not isinstance(order, DecideReservation) or not answered.succeeded:
        return True
    ended = fact(store, outcome_of(order.payment_id))
    if order.commits:
        return isinstance(ended, PaymentCompleted)
    return isinstance(ended, PaymentFailed) and ended.status == "Cancelled"
