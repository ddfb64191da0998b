"""The reply desk: where a process that asked waits for answers.

A question is registered before its command is sent. Replies are hints (architecture rule 10): they may be lost,
repeated or meant for an earlier life of this process; the first one that fits wins, and whoever gets none reads the
outcome row. Read next: services/payments_ingress/asking.py.
"""

import asyncio
from types import TracebackType
from typing import Self

from mkondo.domain.application import ApplicationChanged
from mkondo.domain.decider import Message, Rejection, ReplyTo
from mkondo.domain.delivery import CallbackQueued
from mkondo.domain.endpoint import EndpointEnabled
from mkondo.domain.organisation import OrganisationChanged
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import RequestAdmitted, RequestAnswered
from mkondo.domain.session import SessionOpened
from mkondo.ports.errors import TryLater
from mkondo.ports.ids import Ids
from mkondo.ports.log import Log


def asker(message: Message) -> ReplyTo | None:
    """Who waits for this message, if anybody does."""
    match message:
        case PaymentCompleted() | PaymentFailed() | PaymentReserved():
            return message.payment.reply_to
        case RequestAnswered():
            return message.request.reply_to
        case PaymentAdmitted() | RequestAdmitted() | CallbackQueued():
            return message.reply_to
        case SessionOpened() | ApplicationChanged() | OrganisationChanged() | EndpointEnabled() | Rejection():
            return message.reply_to
        case _:
            return None


class Question:
    """One open question. Use it as a context: leaving it forgets the question, answered or not."""

    def __init__(self, desk: "ReplyDesk", reply_to: ReplyTo) -> None:
        self._desk = desk
        self._answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.reply_to = reply_to

    def __enter__(self) -> Self:
        self._desk.open(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._desk.forget(self)

    def give(self, message: Message) -> None:
        if not self._answer.done():
            self._answer.set_result(message)

    async def answer(self) -> Message:
        """The first reply. It may never come: wait under `asyncio.timeout`."""
        return await self._answer


class ReplyDesk:
    """All open questions of one life of one process. `most` bounds them: past it callers are told to try later."""

    def __init__(self, incarnation: str, most: int = 20_000) -> None:
        self._incarnation = incarnation
        self._most = most
        self._partition = 0
        self._questions: dict[str, Question] = {}

    @classmethod
    async def listening(cls, log: Log, ids: Ids, most: int = 20_000) -> Self:
        """A desk that hears the log's replies."""
        desk = cls(ids.incarnation(), most)
        desk._partition = await log.listen(desk.deliver)
        return desk

    def ask(self, asked: str) -> Question:
        """The question whose answer will name `asked`: a payment id, session hash or application id."""
        return Question(self, ReplyTo(self._partition, self._incarnation, asked))

    def deliver(self, incarnation: str, message: Message) -> None:
        """Take a reply in. One that nobody here waits for is dropped."""
        reply_to = asker(message) if incarnation == self._incarnation else None
        question = self._questions.get(reply_to.asked) if reply_to else None
        if question is not None:
            question.give(message)

    def open(self, question: Question) -> None:
        if len(self._questions) >= self._most:
            raise TryLater(f"{self._most} answers are awaited already")
        self._questions[question.reply_to.asked] = question

    def forget(self, question: Question) -> None:
        if self._questions.get(question.reply_to.asked) is question:
            del self._questions[question.reply_to.asked]

    def __len__(self) -> int:
        return len(self._questions)
