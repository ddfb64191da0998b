"""What a reference row is about, as the ingress reads it: a payment or a request instead of an event.

Read next: runtime/facts.py for facts, ports/store.py for what is promised of both.
"""

from mkondo.contracts.journal import StoredReference
from mkondo.contracts.records import decode_event
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentFailed
from mkondo.domain.request import Request, RequestAdmitted, RequestAnswered


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
