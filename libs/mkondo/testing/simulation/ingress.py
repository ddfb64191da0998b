"""The ingress without HTTP: one command, then the reply, or the outcome row 3 s after the deadline (rule 10).

It keeps the promises of services/payments_ingress/asking.py, fault switches too, and writes down what it told whom.
Read next: clients.py.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from mkondo.contracts.journal import Partition
from mkondo.contracts.records import decode_event
from mkondo.domain import admission
from mkondo.domain.admission import Asked
from mkondo.domain.decider import Message, Rejection, ReplyTo
from mkondo.domain.facts import outcome_of
from mkondo.domain.faults import ANSWER_LOST, GATEWAY_TIMEOUT, Faults, hits
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
SPOILED = {ANSWER_LOST: DROPPED, GATEWAY_TIMEOUT: UNKNOWN}
"""What is told instead of an answer that a fault switch hits; where both do, it is lost."""


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
    withheld: Message | None = None
    """The answer that it was not given, because a fault switch of the sandbox says so."""

    @property
    def decided(self) -> Message | None:
        """What was decided and committed, as far as the front knew, whatever the client was told."""
        return self.withheld if self.answer is None else self.answer

    @property
    def id(self) -> PaymentId:
        return self.about.conversation_id

    @property
    def application(self) -> ApplicationId:
        return self.about.application


class Ingress:
    """One process's front."""

    def __init__(
        self, log: Log, facts: Facts, desk: ReplyDesk, clock: Clock, faults: Mapping[ApplicationId, Faults]
    ) -> None:
        self._log, self._facts, self._desk, self._clock, self._faults = log, facts, desk, clock, faults

    async def request(self, attempt: Attempt, asked: Asked) -> None:
        """Whatever uses up a ThirdPartyConversationID."""
        with self._desk.ask(attempt.id) as question:
            command = self._envelope(asked, question.reply_to)
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
                    answer: Message | None = await question.answer()
            except TimeoutError:
                answer = await self._unheard(about)
        _tell(attempt, answer)

    def _envelope(self, asked: Asked, reply_to: ReplyTo) -> Asked:
        """What the front says of every request: who asks, and which fault switches of its application hit it."""
        about = about_of(asked)
        faults = hits(self._faults[about.application], about.third_party_conversation_id)
        if isinstance(asked, RequestPayment):
            return replace(asked, payment=replace(asked.payment, reply_to=reply_to, faults=faults))
        return replace(asked, request=replace(asked.request, reply_to=reply_to, faults=faults))

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


def _tell(attempt: Attempt, answer: Message | None) -> None:
    """What was rejected is nothing that could be looked up later: no fault switch hits it."""
    attempt.told = UNKNOWN if answer is None else ANSWERED
    spoiled = None if isinstance(answer, Rejection) else _spoiled(attempt.about.faults)
    if answer is None or spoiled is None:
        attempt.answer = answer
    else:
        attempt.told, attempt.withheld = spoiled, answer


def _spoiled(faults: tuple[str, ...]) -> str | None:
    return next((told for fault, told in SPOILED.items() if fault in faults), None)
