"""Update transaction status: the merchant commits a two-step payment or gives it up (contract section 4).

The payment is found among the caller's own by its reference row; who decides is the owner of the debited account.
Read next: domain/ledger/reservations.py.
"""

from mkondo.adapters.http.request import Request
from mkondo.domain import reasons
from mkondo.domain.ids import AccountId, PaymentId
from mkondo.domain.payment import Forced, Payment
from mkondo.domain.request import DecideReservation, MakeRequest
from mkondo.domain.request import Request as ServiceRequest
from mkondo.openapi.render import Answer
from mkondo.openapi.routing import Miss
from mkondo.openapi.triggers import trigger
from mkondo.ports.store import Facts
from services.payments_ingress.asking import Asking, Envelope
from services.payments_ingress.checks import Checked, Checks
from services.payments_ingress.reading import payment_in
from services.payments_ingress.requests import service_request

COMMIT = "1"


class Reservations:
    """Decides the two-step payments of one environment."""

    def __init__(self, checks: Checks, asking: Asking, facts: Facts) -> None:
        self._checks = checks
        self._asking = asking
        self._facts = facts

    async def update(self, request: Request) -> Answer | Miss:
        """May raise TryLater: nothing was sent."""
        checked = await self._checks.check(request)
        if not isinstance(checked, Checked):
            return checked
        operation = request.match.operation
        scripted = trigger(operation.name, request.match.environment, checked.fields, operation.test_shortcodes)
        payment = None if scripted else await self._payment(request, checked)
        if payment is None and not scripted:
            return self._checks.refuse(request, request.values(), reasons.NO_SUCH_TRANSACTION)

        def command(envelope: Envelope) -> MakeRequest:
            return MakeRequest(_decision(envelope, payment), envelope.session, _scripted(envelope))

        return await self._asking.ask(request, checked, command)

    async def _payment(self, request: Request, checked: Checked) -> Payment | None:
        """The caller's own payment of that TransactionID, in this market."""
        transaction_id = checked.fields["input_TransactionID"]
        stored = await self._facts.reference(checked.caller.application.application, transaction_id)
        payment = payment_in(stored)
        if payment is None or payment.transaction_id != transaction_id or payment.market != checked.market.path:
            return None
        return payment


def _decision(envelope: Envelope, payment: Payment | None) -> ServiceRequest:
    fields = envelope.fields
    order = DecideReservation(
        payment.payment_id if payment else PaymentId(""),
        fields["input_TransactionID"],
        payment.debited if payment else AccountId(""),
        fields["input_CustomerMSISDN"] == COMMIT,
        fields["input_VoucherCode"],
    )
    return service_request(envelope, order, payment.customer if payment else "")


def _scripted(envelope: Envelope) -> Forced | None:
    """A test value's answer: there is no payment behind it, so its success is scripted too."""
    asked = envelope.trigger
    if asked is None or not asked.succeeds:
        return envelope.forced()
    return Forced(reasons.DECIDED, asked.text, asked.word, {"output_TransactionID": asked.value})
