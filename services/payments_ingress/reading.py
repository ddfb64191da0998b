"""Immutable facts, as the ingress reads them: events instead of rows.

Read next: domain/facts.py for their names, ports/store.py for what is promised of them.
"""

from mkondo.contracts.journal import StoredReference
from mkondo.contracts.records import decode_event
from mkondo.domain.decider import Event
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentFailed
from mkondo.domain.request import Request, RequestAdmitted, RequestAnswered
from mkondo.ports.store import Facts


async def read_fact(facts: Facts, name: str) -> Event | None:
    """The event of that name. May raise TryLater."""
    stored = await facts.outcome(name)
    return decode_event(stored.data) if stored is not None else None


def asked_by(stored: StoredReference | None) -> Payment | Request | None:
    """The request that a reference row is about."""
    match decode_event(stored.data) if stored is not None else None:
        case PaymentAdmitted(payment=payment) | PaymentFailed(payment=payment):
            return payment
        case RequestAdmitted(request=request) | RequestAnswered(request=request):
            return request
        case _:
            return None


def payment_in(stored: StoredReference | None) -> Payment | None:
    """The payment that a reference row is about, if it is about one."""
    about = asked_by(stored)
    return about if isinstance(about, Payment) else None
