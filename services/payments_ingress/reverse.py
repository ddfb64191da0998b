"""Reversal: give a completed payment back, whole or in part (contract sections 4 and 12).

What is known of the original, by its immutable rows, travels with the command; whether so much of it remains is decided
by the owner of its reversals. Read next: domain/reversals.py.
"""

from mkondo.adapters.http.request import Request
from mkondo.domain import reasons
from mkondo.domain.account import till, wallet
from mkondo.domain.environments import LIVE
from mkondo.domain.facts import outcome_of
from mkondo.domain.ids import Instant, PaymentId
from mkondo.domain.money import Money
from mkondo.domain.payment import Payment, RequestPayment
from mkondo.domain.reversal import Original, ReversalOf
from mkondo.domain.reversals import original_of
from mkondo.openapi.render import Answer
from mkondo.openapi.routing import Miss
from mkondo.openapi.triggers import trigger
from mkondo.ports.store import Facts
from mkondo.runtime.facts import read_fact
from services.payments_ingress.asking import Asking, Envelope
from services.payments_ingress.checks import UNKNOWN, Checked, Checks
from services.payments_ingress.parties import SHOP_FIELD
from services.payments_ingress.pay import payment
from services.payments_ingress.reading import payment_in

TEST_CUSTOMER = "000000000001"
TEST_AMOUNT_MINOR = 10_00
"""What a reversal of the sandbox's test value gives back when it names no amount: there is no original to ask."""


class Reversals:
    """Reverses the payments of one environment."""

    def __init__(self, checks: Checks, asking: Asking, facts: Facts) -> None:
        self._checks = checks
        self._asking = asking
        self._facts = facts

    async def reverse(self, request: Request) -> Answer | Miss:
        """May raise TryLater: nothing was sent."""
        checked = await self._checks.check(request)
        if not isinstance(checked, Checked):
            return checked
        operation = request.match.operation
        if trigger(operation.name, request.match.environment, checked.fields, operation.test_shortcodes) is not None:
            return await self._asking.ask(request, checked, _test_reversal)
        original = await self._original(request, checked)
        if original is None:
            return self._checks.refuse(request, request.values(), reasons.NO_SUCH_TRANSACTION, circumstance=UNKNOWN)

        def command(envelope: Envelope) -> RequestPayment:
            return _reversal(envelope, original)

        return await self._asking.ask(request, checked, command)

    async def _original(self, request: Request, checked: Checked) -> Original | None:
        """The payment of that TransactionID in this market. Of somebody else's only that it is somebody else's."""
        found = payment_in(await self._facts.transaction(checked.fields["input_TransactionID"]))
        if found is None or found.market != checked.market.path:
            return None
        if not _owned(found, request, checked):
            return _foreign(request, checked)
        return original_of(found, await read_fact(self._facts, outcome_of(found.payment_id)))


def _owned(found: Payment, request: Request, checked: Checked) -> bool:
    """The application's own; in live any of its organisation's."""
    application = checked.caller.application
    if found.application == application.application:
        return True
    organisation = application.configuration.organisation
    return request.match.environment == LIVE and bool(organisation) and found.organisation == organisation


def _foreign(request: Request, checked: Checked) -> Original:
    """The refusal is a payment of the caller's own that failed, and others read its events: they name nothing of the
    payment that the caller may not know, neither its id nor its amount nor whose accounts it was between."""
    fields, market = checked.fields, checked.market
    scope = "" if request.match.environment == LIVE else checked.caller.application.application
    own = till(scope, fields[SHOP_FIELD], market.currency)
    asked = PaymentId(fields["input_TransactionID"])
    return Original(asked, "", market.path, 0, market.currency, own, own, Instant(0), completed=False, owned=False)


def _reversal(envelope: Envelope, original: Original) -> RequestPayment:
    """Amount 0: all that remains, which only the owner of the reversals knows."""
    reversal = payment(
        envelope,
        Money(envelope.fields.amount_minor, original.currency),
        original.credited,
        original.debited,
        description=f"Reversal of {envelope.fields['input_TransactionID']}",
    )
    return RequestPayment(reversal, envelope.session, purpose=ReversalOf(original), by_api_key=envelope.by_api_key)


def _test_reversal(envelope: Envelope) -> RequestPayment:
    """A test value has no original: its success is a payment between funded test accounts (section 12, "Triggers")."""
    fields, currency = envelope.fields, envelope.market.currency
    reversal = payment(
        envelope,
        Money(fields.amount_minor or TEST_AMOUNT_MINOR, currency),
        till(envelope.scope, fields[SHOP_FIELD], currency),
        wallet(envelope.scope, TEST_CUSTOMER, currency),
        description=f"Reversal of {fields['input_TransactionID']}",
    )
    return RequestPayment(reversal, envelope.session, forced=envelope.forced(), by_api_key=envelope.by_api_key)
