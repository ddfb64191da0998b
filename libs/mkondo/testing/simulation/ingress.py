"""The ingress without HTTP: one command, then the reply, or the outcome row 3 s after the deadline (rule 10).

It keeps the promises of services/payments_ingress/pay.py, and writes down what it told whom. Read next: clients.py.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from mkondo.contracts.journal import Partition
from mkondo.contracts.records import decode_event
from mkondo.domain import admission
from mkondo.domain.decider import Message, ReplyTo
from mkondo.domain.ids import partition_of
from mkondo.domain.payment import Payment, RequestPayment
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

    payment: Payment
    life: Life
    sent_at: float | None = None
    """When the command was accepted; None: it is not certain that it was."""
    told: str = DROPPED
    answer: Message | None = None


class Ingress:
    """One process's front."""

    def __init__(self, log: Log, facts: Facts, desk: ReplyDesk, clock: Clock) -> None:
        self._log, self._facts, self._desk, self._clock = log, facts, desk, clock

    async def pay(self, attempt: Attempt, request: Callable[[Payment], RequestPayment]) -> None:
        payment = attempt.payment
        with self._desk.ask(payment.payment_id) as question:
            command = request(_asked_by(payment, question.reply_to))
            attempt.payment = command.payment
            try:
                await self._log.send_command(owner_of(payment), command)
                attempt.sent_at = asyncio.get_running_loop().time()
            except CommitUnknown:
                pass
            except TryLater:
                attempt.told = BUSY
                return
            try:
                async with asyncio.timeout((payment.deadline - self._clock.now()) / 1000 + GRACE_SECONDS):
                    attempt.answer = await question.answer()
            except TimeoutError:
                attempt.answer = await self._unheard(payment)
        attempt.told = UNKNOWN if attempt.answer is None else ANSWERED

    async def _unheard(self, payment: Payment) -> Message | None:
        try:
            outcome = await self._facts.outcome(payment.payment_id)
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


def owner_of(payment: Payment) -> Partition:
    return Partition(admission.NAME, partition_of(payment.application))


def _asked_by(payment: Payment, reply_to: ReplyTo) -> Payment:
    return msgspec.structs.replace(payment, reply_to=reply_to)
