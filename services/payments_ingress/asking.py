"""A question and its answer: whatever uses up a ThirdPartyConversationID goes this way, to admission; and a read whose
result is to be pushed, to callbacks.

The caller is told "try again" only when certainly nothing was sent, and "not known, query" when nobody can say yet
(architecture rule 10). Read next: pay.py, reservations.py, reverse.py, direct_debit.py, which make the commands.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import msgspec
from msgspec.structs import replace

from mkondo.adapters.http.request import Request as HttpRequest
from mkondo.contracts.journal import Partition
from mkondo.contracts.records import decode_event
from mkondo.domain import admission, deliveries, reasons
from mkondo.domain.admission import Asked
from mkondo.domain.application import Application
from mkondo.domain.decider import Message, Rejection, ReplyTo
from mkondo.domain.delivery import CallbackQueued, QueueCallback
from mkondo.domain.environments import LIVE, SANDBOX
from mkondo.domain.facts import outcome_of, reservation_of
from mkondo.domain.faults import ANSWER_LOST, GATEWAY_TIMEOUT, hits
from mkondo.domain.hours import Closed
from mkondo.domain.ids import ApplicationId, Instant, PaymentId, SessionHash, TransactionId, partition_of
from mkondo.domain.markets import Market
from mkondo.domain.payment import (
    Forced,
    Payment,
    PaymentAdmitted,
    PaymentCompleted,
    PaymentFailed,
    PaymentReserved,
    RequestPayment,
)
from mkondo.domain.request import MakeRequest, Request, RequestAdmitted, RequestAnswered, RequestRejected
from mkondo.openapi import render
from mkondo.openapi.explain import explain_hours, explain_limits
from mkondo.openapi.operations import Operation
from mkondo.openapi.parse import Fields
from mkondo.openapi.profiles import operation_of
from mkondo.openapi.render import Answer
from mkondo.openapi.triggers import Trigger, trigger
from mkondo.ports.clock import Clock
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.ports.ids import Ids
from mkondo.ports.log import Log
from mkondo.ports.store import Facts
from mkondo.runtime.replies import ReplyDesk
from services.payments_ingress.checks import Checked
from services.payments_ingress.conversations import Conversations
from services.payments_ingress.settings import Settings


class Envelope(msgspec.Struct, frozen=True):
    """What every command to admission says of its request, whatever it is for. `scope` is whose accounts it touches:
    the application's in the sandbox, everybody's in live."""

    reply_to: ReplyTo
    transaction_id: TransactionId
    application: Application
    session: SessionHash
    operation: str
    market: Market
    fields: Fields
    asked_at: Instant
    deadline: Instant
    live: bool
    asynchronous: bool
    response_url: str
    profile: str = ""
    by_api_key: bool = False

    @property
    def id(self) -> PaymentId:
        return PaymentId(self.reply_to.asked)

    @property
    def application_id(self) -> ApplicationId:
        return self.application.application

    @property
    def organisation(self) -> str:
        return self.application.configuration.organisation

    @property
    def third_party_conversation_id(self) -> str:
        return self.fields[self._row.id_field]

    @property
    def environment(self) -> str:
        return LIVE if self.live else SANDBOX

    @property
    def scope(self) -> str:
        return "" if self.live else self.application_id

    @property
    def faults(self) -> tuple[str, ...]:
        """The fault switches of the application that hit this request; live has none."""
        faults = self.application.configuration.faults
        return () if self.live else hits(faults, self.third_party_conversation_id)

    @property
    def trigger(self) -> Trigger | None:
        """The sandbox's test value among the fields, if there is one."""
        return trigger(self.operation, self.environment, self.fields, self._row.test_shortcodes)

    @property
    def _row(self) -> Operation:
        return operation_of(self.operation, self.profile)

    def forced(self) -> Forced | None:
        """The failure that a test value asks for."""
        asked = self.trigger
        return None if asked is None or asked.succeeds else Forced(asked.code, asked.text, asked.word)


Command = Callable[[Envelope], Asked | QueueCallback]


class Asking:
    """Asks admission on behalf of the callers of one environment."""

    def __init__(
        self,
        facts: Facts,
        log: Log,
        desk: ReplyDesk,
        clock: Clock,
        ids: Ids,
        conversations: Conversations,
        settings: Settings,
    ) -> None:
        self._facts = facts
        self._log = log
        self._desk = desk
        self._clock = clock
        self._ids = ids
        self._conversations = conversations
        self._settings = settings

    async def ask(self, request: HttpRequest, checked: Checked, command: Command) -> Answer:
        """The answer to what `command` makes of the request. May raise TryLater: nothing was sent."""
        response_url = self._response_url(request, checked)
        with self._desk.ask(self._conversations.begin(request.match, asynchronous=bool(response_url))) as question:
            asked = command(self._envelope(request, checked, question.reply_to, response_url))
            about = _about(asked)
            decider = deliveries.NAME if isinstance(asked, QueueCallback) else admission.NAME
            owner = Partition(decider, partition_of(about.application))
            try:
                async with asyncio.timeout((self._settings.deadline_ms + self._settings.grace_ms) / 1_000):
                    with suppress(CommitUnknown):  # it may have been sent: only a reply or the outcome tells
                        await self._log.send_command(owner, asked)
                    reply = await question.answer()
            except TimeoutError:
                return await self._unheard(about)
        return answer(about, reply)

    def pushes(self, request: HttpRequest, checked: Checked) -> bool:
        """Whether the caller is told the result by callback."""
        return bool(self._response_url(request, checked))

    def _response_url(self, request: HttpRequest, checked: Checked) -> str:
        """Where the result goes, or nothing where the caller waits for it."""
        configuration = checked.caller.application.configuration
        if not configuration.is_asynchronous(request.match.operation.name):
            return ""
        url = checked.fields.get("input_ResponseURL", "") if configuration.response_url_override else ""
        return url or configuration.response_url

    def _envelope(self, request: HttpRequest, checked: Checked, reply_to: ReplyTo, response_url: str) -> Envelope:
        asked_at, operation = self._clock.now(), request.match.operation
        return Envelope(
            reply_to,
            self._ids.transaction_id(),
            checked.caller.application,
            checked.caller.session,
            operation.name,
            checked.market,
            checked.fields,
            asked_at,
            Instant(asked_at + self._settings.deadline_ms),
            request.match.environment == LIVE,
            bool(response_url),
            response_url,
            operation.profile,
            checked.caller.by_api_key,
        )

    async def _unheard(self, about: Payment | Request) -> Answer:
        """No reply came. The facts are the truth: an outcome, or that the funds are reserved; while there is neither,
        nobody knows (rule 10)."""
        names = (outcome_of(about.conversation_id), reservation_of(about.conversation_id))
        try:
            async with asyncio.timeout(self._settings.look_ms / 1_000):
                found = await asyncio.gather(*(self._facts.outcome(name) for name in names))
        except (TryLater, TimeoutError):
            return refusal(about, reasons.TIMED_OUT)
        told = next((fact for fact in found if fact is not None), None)
        return refusal(about, reasons.TIMED_OUT) if told is None else answer(about, decode_event(told.data))


def _about(asked: Asked | QueueCallback) -> Payment | Request:
    match asked:
        case RequestPayment(payment=payment):
            return payment
        case MakeRequest(request=request):
            return request
        case QueueCallback(answered=answered):
            return answered.request


def answer(about: Payment | Request, reply: Message) -> Answer:
    """The wire's answer to what admission, or whoever ended the request, says; in the sandbox explained."""
    told = _told(about, reply)
    explanation = _explanation(about, reply) if about.opens_accounts else ""
    return _spoiled(about, reply, replace(told, explanation=explanation) if explanation else told)


def _told(about: Payment | Request, reply: Message) -> Answer:
    match reply:
        case PaymentCompleted() | PaymentFailed():
            return render.payment_ended(reply)
        case PaymentReserved():
            return render.payment_reserved(reply)
        case RequestAnswered():
            return render.request_answered(reply)
        case PaymentAdmitted(payment=admitted):
            return render.accepted(admitted)
        case RequestAdmitted(request=admitted):
            return render.accepted(admitted)
        case CallbackQueued():
            return render.accepted(about)
        case RequestRejected(code=code, text=text):
            return refusal(about, code, text if code == reasons.BAD_SESSION else None)
        case _:
            raise TypeError(f"{type(reply).__name__} is no answer to a request")


def _spoiled(about: Payment | Request, reply: Message, told: Answer) -> Answer:
    """What the fault switches leave of an answer. What was rejected is nothing that could be looked up later."""
    if not about.faults or isinstance(reply, Rejection):
        return told
    if ANSWER_LOST in about.faults:
        return replace(told, lost=True)
    return refusal(about, reasons.TIMED_OUT) if GATEWAY_TIMEOUT in about.faults else told


def _explanation(about: Payment | Request, reply: Message) -> str:
    """Which limits stood in the way, and their figures, under the codes of whoever asked."""
    codes = operation_of(about.operation, about.profile).codes
    match reply:
        case PaymentFailed(breaches=found) | RequestAnswered(breaches=found) if found:
            return explain_limits(found, codes)
        case RequestRejected(closed=Closed() as shut):
            return explain_hours(shut, codes)
        case _:
            return ""


def refusal(about: Payment | Request, code: str, text: str | None = None) -> Answer:
    return render.refusal(
        operation_of(about.operation, about.profile),
        code,
        text=text,
        conversation_id=about.conversation_id,
        third_party_conversation_id=about.third_party_conversation_id,
    )
