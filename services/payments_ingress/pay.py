"""A payment from request to answer: one command to admission, then whatever the ending event says.

The caller is told "try again" only when certainly nothing was sent, and "not known, query" when nobody can say yet
(architecture rule 10). Which accounts an operation moves money between is parties.py's. Read next: domain/payment.py.
"""

import asyncio
from contextlib import suppress

from mkondo.adapters.http.request import Request
from mkondo.contracts.journal import Partition
from mkondo.contracts.records import decode_event
from mkondo.domain import admission
from mkondo.domain.decider import Message, ReplyTo
from mkondo.domain.environments import LIVE
from mkondo.domain.ids import Instant, PaymentId, partition_of
from mkondo.domain.ledger.keys import account_key
from mkondo.domain.money import Money
from mkondo.domain.payment import (
    Forced,
    Payment,
    PaymentCompleted,
    PaymentFailed,
    PaymentRejected,
    RequestPayment,
)
from mkondo.openapi import render
from mkondo.openapi.operations import OPERATIONS
from mkondo.openapi.render import Answer
from mkondo.openapi.routing import Miss
from mkondo.openapi.triggers import trigger
from mkondo.ports.clock import Clock
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.ports.ids import Ids
from mkondo.ports.log import Log
from mkondo.ports.store import Facts
from mkondo.runtime.replies import ReplyDesk
from services.payments_ingress.checks import Checked, Checks
from services.payments_ingress.parties import CUSTOMER_FIELD, PARTIES
from services.payments_ingress.settings import Settings

TIMED_OUT = "INS-9"


class Payments:
    """Makes the payments of one environment."""

    def __init__(
        self,
        checks: Checks,
        facts: Facts,
        log: Log,
        desk: ReplyDesk,
        clock: Clock,
        ids: Ids,
        settings: Settings,
    ) -> None:
        self._checks = checks
        self._facts = facts
        self._log = log
        self._desk = desk
        self._clock = clock
        self._ids = ids
        self._settings = settings

    async def pay(self, request: Request) -> Answer | Miss:
        """Any operation of PARTIES. May raise TryLater: nothing was sent."""
        checked = await self._checks.check(request)
        if not isinstance(checked, Checked):
            return checked
        with self._desk.ask(self._ids.payment_id()) as question:
            payment = self._payment(request, checked, question.reply_to)
            unknown = await self._unknown(payment)
            if unknown:
                return _refusal(payment, unknown)
            command = RequestPayment(payment, checked.caller.session, forced=_forced(request, checked))
            owner = Partition(admission.NAME, partition_of(payment.application))
            try:
                async with asyncio.timeout((self._settings.deadline_ms + self._settings.grace_ms) / 1_000):
                    with suppress(CommitUnknown):  # it may have been sent: only a reply or the outcome tells
                        await self._log.send_command(owner, command)
                    reply = await question.answer()
            except TimeoutError:
                return await self._unheard(payment)
        return _answer(payment, reply)

    def _payment(self, request: Request, checked: Checked, reply_to: ReplyTo) -> Payment:
        live = request.match.environment == LIVE
        application, configuration = checked.caller.application, checked.caller.application.configuration
        fields, currency = checked.fields, checked.market.currency
        parties = PARTIES[request.match.operation.name]
        scope = "" if live else application.application
        asked_at = self._clock.now()
        return Payment(
            payment_id=PaymentId(reply_to.asked),
            transaction_id=self._ids.transaction_id(),
            application=application.application,
            organisation=configuration.organisation,
            operation=request.match.operation.name,
            market=checked.market.path,
            amount=Money(fields.amount_minor, currency),
            debited=parties.debited.account(scope, fields, currency),
            credited=parties.credited.account(scope, fields, currency),
            third_party_conversation_id=fields["input_ThirdPartyConversationID"],
            transaction_reference=fields["input_TransactionReference"],
            description=fields[parties.description],
            asked_at=asked_at,
            deadline=Instant(asked_at + self._settings.deadline_ms),
            customer=fields.get(CUSTOMER_FIELD, ""),
            reply_to=reply_to,
            response_url=fields.get("input_ResponseURL", ""),
            opens_accounts=not live,
        )

    async def _unknown(self, payment: Payment) -> str:
        """The code for a credited party without an account, or nothing. An account once opened stays, so this holds."""
        code = PARTIES[payment.operation].credited.unknown
        if not code or payment.opens_accounts:
            return ""
        return code if await self._facts.record(account_key(payment.credited)) is None else ""

    async def _unheard(self, payment: Payment) -> Answer:
        """No reply came. The outcome row is the truth; while there is none, nobody knows (rule 10)."""
        try:
            async with asyncio.timeout(self._settings.look_ms / 1_000):
                outcome = await self._facts.outcome(payment.payment_id)
        except (TryLater, TimeoutError):
            outcome = None
        return _not_known(payment) if outcome is None else _answer(payment, decode_event(outcome.data))


def _forced(request: Request, checked: Checked) -> Forced | None:
    asked = trigger(request.match.operation.name, request.match.environment, checked.fields)
    return None if asked is None else Forced(asked.code, asked.text)


def _answer(payment: Payment, reply: Message) -> Answer:
    match reply:
        case PaymentCompleted() | PaymentFailed():
            return render.payment_ended(reply)
        case PaymentRejected(code=code, text=text):
            return _refusal(payment, code, text if code == admission.BAD_SESSION else None)
        case _:
            raise TypeError(f"{type(reply).__name__} is no answer to a payment")


def _not_known(payment: Payment) -> Answer:
    return _refusal(payment, TIMED_OUT)


def _refusal(payment: Payment, code: str, text: str | None = None) -> Answer:
    return render.refusal(
        OPERATIONS[payment.operation],
        code,
        text=text,
        conversation_id=payment.payment_id,
        third_party_conversation_id=payment.third_party_conversation_id,
    )
