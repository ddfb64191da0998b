"""Query transaction status: read from the immutable facts, so it knows of a payment as soon as anybody was answered
(G10).

It never touches the log, and finds the caller's own payments only (contract section 12, "Whose data").
"""

from mkondo.adapters.http.request import Request
from mkondo.contracts.records import decode_event
from mkondo.domain.ids import ApplicationId
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, PaymentEnded, PaymentFailed
from mkondo.openapi import render
from mkondo.openapi.render import Answer
from mkondo.openapi.routing import Miss
from mkondo.openapi.triggers import trigger
from mkondo.ports.ids import Ids
from mkondo.ports.store import Facts
from services.payments_ingress.checks import Checked, Checks


class Queries:
    """Answers questions about the payments of one environment."""

    def __init__(self, checks: Checks, facts: Facts, ids: Ids) -> None:
        self._checks = checks
        self._facts = facts
        self._ids = ids

    async def status(self, request: Request) -> Answer | Miss:
        """May raise TryLater."""
        checked = await self._checks.check(request)
        if not isinstance(checked, Checked):
            return checked
        reference, echo = checked.fields["input_QueryReference"], checked.fields["input_ThirdPartyConversationID"]
        conversation = self._ids.payment_id()
        scripted = trigger(request.match.operation.name, request.match.environment, checked.fields)
        if scripted is not None:
            return render.status_triggered(
                scripted, reference, conversation_id=conversation, third_party_conversation_id=echo
            )
        payment = await self._payment(checked.caller.application.application, reference)
        if payment is None:
            return render.status_not_found(conversation_id=conversation, third_party_conversation_id=echo)
        ended = await self._ended(payment)
        return render.payment_status(payment, ended, conversation_id=conversation, third_party_conversation_id=echo)

    async def _payment(self, application: ApplicationId, reference: str) -> Payment | None:
        stored = await self._facts.reference(application, reference)
        event = decode_event(stored.data) if stored is not None else None
        return event.payment if isinstance(event, PaymentAdmitted | PaymentFailed) else None

    async def _ended(self, payment: Payment) -> PaymentEnded | None:
        stored = await self._facts.outcome(payment.payment_id)
        event = decode_event(stored.data) if stored is not None else None
        return event if isinstance(event, PaymentCompleted | PaymentFailed) else None
