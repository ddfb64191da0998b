"""C2B in one or two steps, B2C and B2B: one command to admission, then whatever the ending event says.

Which accounts an operation moves money between is parties.py's. Read next: asking.py, domain/payment.py.
"""

from collections.abc import Collection

from mkondo.adapters.http.request import Request
from mkondo.domain.admission import CUSTOMER_PAYS
from mkondo.domain.approval import HANDSET, IMPLICIT
from mkondo.domain.environments import LIVE
from mkondo.domain.ids import AccountId
from mkondo.domain.ledger.keys import account_key
from mkondo.domain.money import Money
from mkondo.domain.payment import Payment, RequestPayment
from mkondo.openapi.render import Answer
from mkondo.openapi.routing import Miss
from mkondo.ports.ids import Ids
from mkondo.ports.store import Facts
from services.payments_ingress.asking import Asking, Envelope
from services.payments_ingress.checks import UNKNOWN, Checked, Checks
from services.payments_ingress.parties import CUSTOMER_FIELD, PARTIES

TWO_STEP = "c2b_multi_stage"


class Payments:
    """Makes the payments of one environment."""

    def __init__(
        self, checks: Checks, asking: Asking, facts: Facts, ids: Ids, ussd_markets: Collection[str] = ()
    ) -> None:
        self._checks = checks
        self._ussd_markets = ussd_markets
        self._asking = asking
        self._facts = facts
        self._ids = ids

    async def pay(self, request: Request) -> Answer | Miss:
        """Any operation of PARTIES. May raise TryLater: nothing was sent."""
        checked = await self._checks.check(request)
        if not isinstance(checked, Checked):
            return checked
        unknown = await self._unknown(request, checked)
        if unknown:
            return self._checks.refuse(request, request.values(), unknown, circumstance=UNKNOWN)
        return await self._asking.ask(request, checked, self._command)

    def _command(self, envelope: Envelope) -> RequestPayment:
        two_step = envelope.operation == TWO_STEP
        voucher = self._ids.voucher_code() if two_step else ""
        shown = two_step and envelope.application.configuration.switches.voucher_in_answer
        return RequestPayment(
            payment_of(envelope, {"output_VoucherCode": voucher} if shown else {}),
            envelope.session,
            self._approval(envelope),
            envelope.forced(),
            reservation_ms=envelope.market.reservation_ms if two_step else 0,
            voucher_code=voucher,
            by_api_key=envelope.by_api_key,
        )

    def _approval(self, envelope: Envelope) -> str:
        """In live a paying customer is asked wherever there is a way to ask; test handsets are admission's business."""
        asks = envelope.live and envelope.market.path in self._ussd_markets and envelope.operation in CUSTOMER_PAYS
        return HANDSET if asks else IMPLICIT

    async def _unknown(self, request: Request, checked: Checked) -> str:
        """The code for a credited party without an account, or nothing. An account once opened stays, so this holds."""
        credited = PARTIES[request.match.operation.name].credited
        if not credited.unknown or request.match.environment != LIVE:
            return ""
        account = credited.account("", checked.fields, checked.market.currency)
        return credited.unknown if await self._facts.record(account_key(account)) is None else ""


def payment_of(envelope: Envelope, outputs: dict[str, str]) -> Payment:
    """The payment that a request of PARTIES asks for."""
    parties, fields, currency = PARTIES[envelope.operation], envelope.fields, envelope.market.currency
    return payment(
        envelope,
        Money(fields.amount_minor, currency),
        parties.debited.account(envelope.scope, fields, currency),
        parties.credited.account(envelope.scope, fields, currency),
        reference=fields["input_TransactionReference"],
        description=fields.get(parties.description, ""),
        customer=fields.get(CUSTOMER_FIELD, ""),
        outputs=outputs,
    )


def payment(
    envelope: Envelope,
    amount: Money,
    debited: AccountId,
    credited: AccountId,
    *,
    reference: str = "",
    description: str = "",
    customer: str = "",
    outputs: dict[str, str] | None = None,
) -> Payment:
    """A payment between two accounts on behalf of whoever asks."""
    return Payment(
        payment_id=envelope.id,
        transaction_id=envelope.transaction_id,
        application=envelope.application_id,
        organisation=envelope.organisation,
        operation=envelope.operation,
        market=envelope.market.path,
        amount=amount,
        debited=debited,
        credited=credited,
        third_party_conversation_id=envelope.third_party_conversation_id,
        transaction_reference=reference,
        description=description,
        asked_at=envelope.asked_at,
        deadline=envelope.deadline,
        customer=customer,
        reply_to=envelope.reply_to,
        asynchronous=envelope.asynchronous,
        response_url=envelope.response_url,
        opens_accounts=not envelope.live,
        outputs=outputs or {},
        profile=envelope.profile,
        faults=envelope.faults,
    )
