"""A service request as admission is asked it: everything but what it is for. Read next: domain/request.py."""

from mkondo.domain.request import Order, Request
from services.payments_ingress.asking import Envelope


def service_request(envelope: Envelope, order: Order, customer: str = "") -> Request:
    """The request of whoever asks, with this order."""
    return Request(
        request_id=envelope.id,
        transaction_id=envelope.transaction_id,
        application=envelope.application_id,
        organisation=envelope.organisation,
        operation=envelope.operation,
        market=envelope.market.path,
        third_party_conversation_id=envelope.third_party_conversation_id,
        asked_at=envelope.asked_at,
        deadline=envelope.deadline,
        order=order,
        customer=customer,
        reply_to=envelope.reply_to,
        asynchronous=envelope.asynchronous,
        response_url=envelope.response_url,
        opens_accounts=not envelope.live,
        profile=envelope.profile,
        faults=envelope.faults,
        sufficient_balance_as_text=envelope.application.configuration.switches.sufficient_balance_as_text,
    )
