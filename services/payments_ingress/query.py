"""Query transaction status and beneficiary name: read from the immutable facts, so a query knows of a payment as soon
as anybody was answered (G10).

Neither touches the log, but to have its result pushed; both find the caller's own payments only (contract section 12,
"Whose data").
"""

import asyncio
from collections.abc import Callable, Sequence

from mkondo.adapters.http.request import Request
from mkondo.domain import reasons
from mkondo.domain.account import AccountOpened, wallet
from mkondo.domain.customer import sandbox_name
from mkondo.domain.decider import Event
from mkondo.domain.delivery import QueueCallback
from mkondo.domain.environments import LIVE
from mkondo.domain.facts import holder_of, outcome_of, reservation_of, reversal_of
from mkondo.domain.ids import ApplicationId
from mkondo.domain.payment import Payment, PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import Ask, DecideReservation, Outputs, RequestAnswered
from mkondo.domain.request import Request as ServiceRequest
from mkondo.openapi import render
from mkondo.openapi.render import Answer, Standing
from mkondo.openapi.routing import Miss
from mkondo.openapi.triggers import trigger
from mkondo.ports.store import Facts
from mkondo.runtime.facts import read_fact
from services.payments_ingress.asking import Asking, Envelope
from services.payments_ingress.checks import Checked, Checks
from services.payments_ingress.conversations import Conversations
from services.payments_ingress.parties import CUSTOMER_FIELD
from services.payments_ingress.reading import asked_by
from services.payments_ingress.requests import service_request

IN_PROGRESS, PENDING, COMPLETED = "In Progress", "Pending", "Completed"


Name = tuple[str, str]
TellName = Callable[[str, Name], Sequence[str]]
"""(MSISDN, first and last name) -> what an answer says of them, in the order of the operation's outputs."""


def whole_name(_: str, name: Name) -> Sequence[str]:
    """Both names, as the M-Pesa OpenAPI answers them."""
    return name


class Queries:
    """Answers questions about the payments and customers of one environment. Its methods may raise TryLater."""

    def __init__(
        self,
        checks: Checks,
        asking: Asking,
        facts: Facts,
        conversations: Conversations,
        tell: TellName,
    ) -> None:
        self._checks = checks
        self._asking = asking
        self._facts = facts
        self._conversations = conversations
        self._tell = tell

    async def status(self, request: Request) -> Answer | Miss:
        checked = await self._checks.check(request)
        if not isinstance(checked, Checked):
            return checked
        operation = request.match.operation
        scripted = trigger(operation.name, request.match.environment, checked.fields, operation.test_shortcodes)
        if scripted is not None and not scripted.succeeds:
            return self._checks.refuse(request, request.values(), scripted.code, scripted.text)
        reference = checked.fields["input_QueryReference"]
        if scripted is not None:
            return await self._standing(request, checked, Standing(COMPLETED, reference, scripted.reversed))
        about = await self._about(checked.caller.application.application, reference)
        if about is None:
            return self._checks.refuse(request, request.values(), reasons.NOT_FOUND)
        return await self._standing(request, checked, await self._stands(about))

    async def beneficiary(self, request: Request) -> Answer | Miss:
        checked = await self._checks.check(request)
        if not isinstance(checked, Checked):
            return checked
        customer = checked.fields[CUSTOMER_FIELD]
        live = request.match.environment == LIVE
        name = await self._holder(customer, checked.market.currency) if live else sandbox_name(customer)
        if name is None:
            return self._checks.refuse(request, request.values(), reasons.NO_SUCH_CUSTOMER)
        operation, told = request.match.operation, self._tell(customer, name)
        if self._asking.pushes(request, checked):
            return await self._push(request, checked, dict(zip(operation.outputs, told, strict=True)))
        return render.found(
            operation,
            told,
            self._conversations.begin(request.match),
            checked.fields[operation.id_field],
        )

    async def _push(self, request: Request, checked: Checked, outputs: Outputs) -> Answer:
        """The result was found already; the caller is told it by callback, as it asked to be."""

        def command(envelope: Envelope) -> QueueCallback:
            answered = RequestAnswered(service_request(envelope, Ask()), reasons.OK, outputs=outputs)
            return QueueCallback(answered, envelope.reply_to)

        return await self._asking.ask(request, checked, command)

    async def _standing(self, request: Request, checked: Checked, standing: Standing) -> Answer:
        as_boolean = checked.caller.application.configuration.switches.reversed_as_boolean
        if self._asking.pushes(request, checked):
            outputs: Outputs = {
                "output_TransactionID": standing.transaction_id,
                "output_OriginalTransactionID": standing.transaction_id,
                "output_Reversed": standing.reversed if as_boolean else str(standing.reversed),
            }
            return await self._push(request, checked, outputs)
        return render.status(
            Standing(standing.word, standing.transaction_id, standing.reversed, as_boolean),
            conversation_id=self._conversations.begin(request.match),
            third_party_conversation_id=checked.fields[request.match.operation.id_field],
            operation=request.match.operation,
        )

    async def _about(self, application: ApplicationId, reference: str) -> Payment | ServiceRequest | None:
        return asked_by(await self._facts.reference(application, reference))

    async def _stands(self, about: Payment | ServiceRequest) -> Standing:
        name = about.conversation_id
        ended, reserved, reversed_whole = await asyncio.gather(
            *(read_fact(self._facts, fact) for fact in (outcome_of(name), reservation_of(name), reversal_of(name)))
        )
        word = _word(ended if ended is not None else reserved)
        return Standing(word, _named(about, ended), reversed_whole is not None)

    async def _holder(self, msisdn: str, currency: str) -> tuple[str, str] | None:
        opened = await read_fact(self._facts, holder_of(wallet("", msisdn, currency)))
        return opened.holder if isinstance(opened, AccountOpened) else None


def _named(about: Payment | ServiceRequest, ended: Event | None) -> str:
    """As its answer names it (G5), which for a decision about a two-step payment is that payment: the decision's own
    TransactionID nobody is ever told. Before it is answered, and where it was refused, its order says the same."""
    match ended, about:
        case RequestAnswered(outputs={"output_TransactionID": str(told)}), _:
            return told
        case _, ServiceRequest(order=DecideReservation(transaction_id=decided)):
            return decided
        case _:
            return about.transaction_id


def _word(fact: Event | None) -> str:
    match fact:
        case PaymentCompleted():
            return COMPLETED
        case PaymentFailed(status=status) | RequestAnswered(status=status):
            return status
        case PaymentReserved():
            return PENDING
        case _:
            return IN_PROGRESS
