"""Direct debits: create a mandate, collect under it, ask about it, cancel it (contract sections 4 and 12).

Tokens and mandate ids are looked up among immutable facts; everything else about a mandate is its owner's to say.
Read next: domain/mandates.py.
"""

import msgspec

from mkondo.adapters.http.request import Request
from mkondo.domain import reasons
from mkondo.domain.account import till, wallet
from mkondo.domain.environments import LIVE
from mkondo.domain.facts import mandate_of, token_of
from mkondo.domain.mandate import CancelMandate, Collection, CreateMandate, FindMandate, Mandate, MandateKey, Terms
from mkondo.domain.mandates import MandateCreated
from mkondo.domain.money import Money, parse_amount
from mkondo.domain.payment import Forced, RequestPayment
from mkondo.domain.request import MakeRequest
from mkondo.openapi.render import NOTHING, Answer
from mkondo.openapi.routing import Miss
from mkondo.openapi.triggers import SUFFICIENT_UP_TO_MINOR, scripted_mandate, trigger
from mkondo.ports.ids import Ids
from mkondo.ports.store import Facts
from mkondo.runtime.facts import read_fact
from services.payments_ingress.asking import Asking, Envelope
from services.payments_ingress.checks import Checked, Checks
from services.payments_ingress.parties import CUSTOMER_FIELD, SHOP_FIELD
from services.payments_ingress.pay import payment
from services.payments_ingress.requests import service_request

REFERENCE_FIELD, TOKEN_FIELD, MANDATE_FIELD = "input_ThirdPartyReference", "input_MsisdnToken", "input_MandateID"
BALANCE_FIELD, ASKS_FIELD = "input_BalanceAmount", "input_QueryBalanceAmount"

UNKNOWN_TOKEN = {"query_direct_debit": reasons.UNKNOWN_PAYER}
"""The other operations have no code for a token that nobody was given: it matches nobody."""


class Found(msgspec.Struct, frozen=True):
    """Whose mandate a request is about. `mandate_id` is empty where the request names none."""

    key: MandateKey
    mandate_id: str = ""


class DirectDebits:
    """The direct debits of one environment. Every method may raise TryLater: nothing was sent."""

    def __init__(self, checks: Checks, asking: Asking, facts: Facts, ids: Ids) -> None:
        self._checks = checks
        self._asking = asking
        self._facts = facts
        self._ids = ids

    async def create(self, request: Request) -> Answer | Miss:
        checked = await self._checks.check(request)
        if not isinstance(checked, Checked):
            return checked

        def command(envelope: Envelope) -> MakeRequest:
            fields = envelope.fields
            customer = fields[CUSTOMER_FIELD]
            order = CreateMandate(
                _key(request, checked, customer),
                self._ids.msisdn_token(),
                fields[SHOP_FIELD],
                _terms(envelope),
                fields["input_AgreedTC"] == "1",
            )
            return MakeRequest(service_request(envelope, order, customer), envelope.session, envelope.forced())

        return await self._asking.ask(request, checked, command)

    async def pay(self, request: Request) -> Answer | Miss:
        checked = await self._checks.check(request)
        if not isinstance(checked, Checked):
            return checked
        if _triggered(request, checked):
            return await self._asking.ask(request, checked, lambda envelope: _collect(envelope, None))
        found = await self._found(request, checked)
        if isinstance(found, str):
            return self._checks.refuse(request, request.values(), found)
        return await self._asking.ask(request, checked, lambda envelope: _collect(envelope, found))

    async def cancel(self, request: Request) -> Answer | Miss:
        checked = await self._checks.check(request)
        if not isinstance(checked, Checked):
            return checked
        scripted = _triggered(request, checked)
        found = _unlooked(request, checked) if scripted else await self._found(request, checked)
        if isinstance(found, str):
            return self._checks.refuse(request, request.values(), found)

        def command(envelope: Envelope) -> MakeRequest:
            order = CancelMandate(found.key, found.mandate_id)
            asked = service_request(envelope, order, found.key.customer)
            return MakeRequest(asked, envelope.session, _scripted_cancellation(envelope))

        return await self._asking.ask(request, checked, command)

    async def query(self, request: Request) -> Answer | Miss:
        checked = await self._checks.check(request)
        if not isinstance(checked, Checked):
            return checked
        scripted = scripted_mandate(request.match.environment, checked.fields)
        found = _unlooked(request, checked) if scripted else await self._found(request, checked)
        if isinstance(found, str):
            return self._checks.refuse(request, request.values(), found)

        def command(envelope: Envelope) -> MakeRequest:
            account = wallet(envelope.scope, found.key.customer, envelope.market.currency)
            order = FindMandate(found.key, found.mandate_id, account, _balance(envelope))
            asked = service_request(envelope, order, found.key.customer)
            return MakeRequest(asked, envelope.session, _scripted_query(envelope))

        return await self._asking.ask(request, checked, command)

    async def _found(self, request: Request, checked: Checked) -> Found | str:
        """Whose mandate it is, or the code of what does not fit together."""
        fields, scope = checked.fields, scope_of(request, checked)
        customer, token = fields.get(CUSTOMER_FIELD, ""), fields.get(TOKEN_FIELD, "")
        if token:
            known = await self._mandate(token_of(scope, token), checked)
            if known is None:
                return UNKNOWN_TOKEN.get(request.match.operation.name, reasons.NO_MATCH)
            if customer not in ("", known.key.customer):
                return reasons.NO_MATCH
            customer = known.key.customer
        mandate_id = fields.get(MANDATE_FIELD, "")
        if mandate_id:
            known = await self._mandate(mandate_of(scope, mandate_id), checked)
            if known is None:
                return reasons.NO_SUCH_MANDATE_ID
            if known.key.reference != fields[REFERENCE_FIELD]:
                return reasons.OTHER_REFERENCE
        return Found(_key(request, checked, customer), mandate_id)

    async def _mandate(self, name: str, checked: Checked) -> Mandate | None:
        """The mandate of that name, if it was made in this market."""
        event = await read_fact(self._facts, name)
        if not isinstance(event, MandateCreated) or event.mandate.key.market != checked.market.path:
            return None
        return event.mandate


def scope_of(request: Request, checked: Checked) -> str:
    """Whose mandates: in live the organisation's, whichever of its applications asks (contract section 12)."""
    application = checked.caller.application
    organisation = application.configuration.organisation
    return organisation if request.match.environment == LIVE and organisation else application.application


def _key(request: Request, checked: Checked, customer: str) -> MandateKey:
    return MandateKey(scope_of(request, checked), checked.market.path, checked.fields[REFERENCE_FIELD], customer)


def _triggered(request: Request, checked: Checked) -> bool:
    operation = request.match.operation
    return trigger(operation.name, request.match.environment, checked.fields, operation.test_shortcodes) is not None


def _unlooked(request: Request, checked: Checked) -> Found:
    """For test values nothing is looked up: their customers and mandates need not exist."""
    return Found(_key(request, checked, checked.fields.get(CUSTOMER_FIELD, "")))


def _terms(envelope: Envelope) -> Terms:
    names = (
        "input_FirstPaymentDate",
        "input_Frequency",
        "input_StartRangeOfDays",
        "input_EndRangeOfDays",
        "input_ExpiryDate",
    )
    return Terms(*(envelope.fields.get(name, "") for name in names))


def _collect(envelope: Envelope, found: Found | None) -> RequestPayment:
    """Without a mandate only for a test value: its success is a payment of a funded test wallet (section 12)."""
    fields, currency = envelope.fields, envelope.market.currency
    customer = found.key.customer if found else fields[CUSTOMER_FIELD]
    collected = payment(
        envelope,
        Money(fields.amount_minor, currency),
        wallet(envelope.scope, customer, currency),
        till(envelope.scope, fields[SHOP_FIELD], currency),
        reference=fields[REFERENCE_FIELD],
        description="Direct debit",
        customer=customer,
        outputs={} if found else {"output_MsisdnToken": NOTHING},
    )
    purpose = Collection(found.key, found.mandate_id) if found else None
    return RequestPayment(collected, envelope.session, forced=envelope.forced(), purpose=purpose)


def _scripted_cancellation(envelope: Envelope) -> Forced | None:
    asked = envelope.trigger
    if asked is None or not asked.succeeds:
        return envelope.forced()
    outputs: dict[str, str | bool] = {"output_TransactionReference": envelope.transaction_id}
    return Forced(asked.code, asked.text, asked.word, outputs)


def _balance(envelope: Envelope) -> int | None:
    """What the customer's balance is compared with, or None where nobody asks."""
    fields = envelope.fields
    if fields[ASKS_FIELD] != "True":
        return None
    return parse_amount(fields[BALANCE_FIELD], envelope.market.decimals)


def _scripted_query(envelope: Envelope) -> Forced | None:
    failure = envelope.forced()
    if failure is not None:
        return failure
    said = scripted_mandate(envelope.environment, envelope.fields)
    if said is None:
        return None
    balance = _balance(envelope)
    enough = balance is not None and balance <= SUFFICIENT_UP_TO_MINOR
    as_text = envelope.application.configuration.switches.sufficient_balance_as_text
    outputs: dict[str, str | bool] = {
        "output_TransactionReference": envelope.transaction_id,
        "output_SufficientBalance": NOTHING if balance is None else str(enough) if as_text else enough,
        "output_MandateID": envelope.fields.get(MANDATE_FIELD, NOTHING),
        **said,
    }
    return Forced(reasons.OK, "", "Completed", outputs)
