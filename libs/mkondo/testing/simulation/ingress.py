"""The ingress without HTTP: one command, then the reply, or the outcome row 3 s after the deadline (rule 10).

It keeps the promises of services/payments_ingress/asking.py, and writes down what it told whom. Read next: clients.py.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from mkondo.contracts.journal import Partition
from mkondo.contracts.records import decode_event
from mkondo.domain import admission
from mkondo.domain.admission import Asked
from mkondo.domain.decider import Message, ReplyTo
from mkondo.domain.facts import outcome_of
from mkondo.domain.ids import ApplicationId, PaymentId, SessionHash, partition_of
from mkondo.domain.payment import Payment, RequestPayment
from mkondo.domain.request import Request
from mkondo.ports.clock import Clock
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.ports.log import Log
from mkondo.ports.store import Facts
from mkondo.runtime.replies import ReplyDesk
from mkondo.testing.simulation.life import Life

GRACE_SECONDS = 3.0

BUSY, UNKNOWN, DROPPED, ANSWERED = "busy", "unknown", "dropped", "answered"


@dataclass
class Attempt:
    """One request of a client, and what it was told. `told` is BUSY (503), UNKNOWN (408), DROPPED or ANSWERED."""

    about: Payment | Request
    session: SessionHash
    life: Life
    sent_at: float | None = None
    """When the command was accepted; None: it is not certain that it was."""
    told: str = DROPPED
    answer: Message | None = None

    @property
    def id(self) -> PaymentId:
        return self.about.conversation_id

    @property
    def application(self) -> ApplicationId:
        return self.about.application


class Ingress:
    """One process's front."""

    def __init__(self, log: Log, facts: Facts, desk: ReplyDesk, clock: Clock) -> None:
        self._log, self._facts, self._desk, self._clock = log, facts, desk, clock

    async def request(self, attempt: Attempt, asked: Asked) -> None:
        """Whatever uses up a ThirdPartyConversationID."""
        with self._desk.ask(attempt.id) as question:
            command = _asked_by(asked, question.reply_to)
            about = attempt.about = about_of(command)
            try:
                await self._log.send_command(owner_of(about.application), command)
                attempt.sent_at = asyncio.get_running_loop().time()
            except CommitUnknown:
                pass
            except TryLater:
                attempt.told = BUSY
                return
            try:
                async with asyncio.timeout((about.deadline - self._clock.now()) / 1000 + GRACE_SECONDS):
                    attempt.answer = await question.answer()
            except TimeoutError:
                attempt.answer = await self._unheard(about)
        attempt.told = UNKNOWN if attempt.answer is None else ANSWERED

    async def _unheard(self, about: Payment | Request) -> Message | None:
        try:
            outcome = await self._facts.outcome(outcome_of(about.conversation_id))
        except TryLater:
            return None
        return None if outcome is None else decode_event(outcome.data)

    async def ask(self, partition: Partition, asked: str, command: Callable[[ReplyTo], Message]) -> Message | None:
        """Any other question. None: nobody knows, ask again."""
        try:
            with self._desk.ask(asked) as question:
                async with asyncio.timeout(4.0):
                    await self._log.send_command(partition, command(question.reply_to))
                    return await question.answer()
        except (TryLater, CommitUnknown, TimeoutError):
            return None


def about_of(asked: Asked) -> Payment | Request:
    return asked.payment if isinstance(asked, RequestPayment) else asked.request


def owner_of(application: ApplicationId) -> Partition:
    return Partition(admission.NAME, partition_of(application))


def _asked_by(asked: Asked, reply_to: ReplyTo) -> Asked:
    if isinstance(asked, RequestPayment):
        return replace(asked, payment=replace(asked.payment, reply_to=reply_to))
    return replace(asked, request=replace(asked.request, reply_to=reply_to))
