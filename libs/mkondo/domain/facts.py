"""Immutable facts: which events anybody may read later, and by which names (architecture rule 8).

Pure. A fact row is written in the transaction of the event and never changes. Status queries, and the look-ups behind
two-step decisions, reversals and direct debits, read these rows and never the views. Read next: contracts/records.py.
"""

from collections.abc import Callable
from typing import Any

from mkondo.domain.account import AccountOpened
from mkondo.domain.decider import Event
from mkondo.domain.mandates import MandateCreated
from mkondo.domain.payment import PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import RequestAnswered
from mkondo.domain.reversal import ReversalOf
from mkondo.domain.reversals import PaymentReversed


def outcome_of(conversation_id: str) -> str:
    """How a payment ended, or what a service request was answered."""
    return conversation_id


def reservation_of(payment_id: str) -> str:
    """That a two-step payment has taken its first step."""
    return f"reserved/{payment_id}"


def reversal_of(payment_id: str) -> str:
    """That nothing of a payment remains to be reversed."""
    return f"reversed/{payment_id}"


def mandate_of(scope: str, mandate_id: str) -> str:
    """Under which reference and for whom a mandate was made."""
    return f"mandate/{scope}/{mandate_id}"


def token_of(scope: str, token: str) -> str:
    """Whose number a token stands for."""
    return f"token/{scope}/{token}"


def holder_of(account: str) -> str:
    """Whose account it is."""
    return f"holder/{account}"


def _of_mandate(event: MandateCreated) -> tuple[str, ...]:
    mandate = event.mandate
    return mandate_of(mandate.key.scope, mandate.mandate_id), token_of(mandate.key.scope, mandate.token)


def _of_completion(event: PaymentCompleted) -> tuple[str, ...]:
    outcome = outcome_of(event.payment.payment_id)
    match event.purpose:
        case ReversalOf(original=original, closes=True):
            return outcome, reversal_of(original.payment_id)
        case _:
            return (outcome,)


_NAMES: dict[type[Event], Callable[[Any], tuple[str, ...]]] = {
    PaymentCompleted: _of_completion,
    PaymentFailed: lambda event: (outcome_of(event.payment.payment_id),),
    RequestAnswered: lambda event: (outcome_of(event.request.request_id),),
    PaymentReserved: lambda event: (reservation_of(event.payment.payment_id),),
    PaymentReversed: lambda event: () if event.remaining or event.told else (reversal_of(event.original),),
    MandateCreated: _of_mandate,
    AccountOpened: lambda event: (holder_of(event.account),) if event.holder else (),
}


def names_of(event: Event) -> tuple[str, ...]:
    """The names under which this event is a fact; none for most."""
    names = _NAMES.get(type(event))
    return names(event) if names is not None else ()
