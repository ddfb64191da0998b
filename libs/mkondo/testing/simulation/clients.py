"""Those who ask: merchants that pay, query and try again; customers that answer their handsets; holders of funds.

They stand outside the system: a crash is a dropped connection to them. Everything they were told is kept, and compared
with the ledger at the end. Read next: checks.py.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol, TypeVar

from mkondo.adapters.memory.store import MemoryStore
from mkondo.contracts.journal import Partition
from mkondo.contracts.records import decode_event
from mkondo.domain import admission, ledger
from mkondo.domain.application import ConfigureApplication
from mkondo.domain.approval import AnswerApproval
from mkondo.domain.decider import Message
from mkondo.domain.ids import AccountId, ApplicationId, Instant, PaymentId, SessionHash, partition_of
from mkondo.domain.money import Money
from mkondo.domain.payment import Payment, PaymentCompleted, PaymentFailed, RequestPayment
from mkondo.domain.session import OpenSession, SessionOpened
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.testing.simulation.ingress import ANSWERED, BUSY, DROPPED, Attempt
from mkondo.testing.simulation.loop import at_once
from mkondo.testing.simulation.orders import (
    CURRENCY,
    MARKET,
    OPERATION,
    Order,
    configuration,
)
from mkondo.testing.simulation.process import Process
from mkondo.testing.simulation.weather import SimulatedIds, Weather

T = TypeVar("T")
NO_SESSION = SessionHash("none")


class Doors(Protocol):
    """What clients see of the world."""

    weather: Weather
    ids: SimulatedIds
    store: MemoryStore
    attempts: list[Attempt]

    async def door(self) -> Process:
        """A living process that takes requests."""
        ...

    def is_stopped(self, application: ApplicationId) -> bool:
        """Whether its commands were deleted, so that its partition waits for a human."""
        ...

    def report(self, trouble: str) -> None: ...


class Clients:
    """All of them."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._sessions: dict[ApplicationId, SessionHash] = {}

    # Applications and sessions ------------------------------------------------------------------------------------

    async def set_up(self, application: ApplicationId) -> None:
        """Configure the application and open its first session, however often it takes."""
        wanted = configuration(application)
        command = partial(ConfigureApplication, application, wanted, None)
        while await self._ask(application, application, command) is None and not self._doors.is_stopped(application):
            await asyncio.sleep(0.1)
        await self.open_session(application)

    async def open_session(self, application: ApplicationId) -> None:
        while not self._doors.is_stopped(application):
            session = SessionHash(self._doors.ids.session_id())
            command = partial(OpenSession, application, session)
            if isinstance(await self._ask(application, session, command), SessionOpened):
                self._sessions[application] = session
                return
            await asyncio.sleep(0.1)

    async def _ask(self, application: ApplicationId, asked: str, command: Callable[..., Message]) -> Message | None:
        process = await self._doors.door()
        owner = Partition(admission.NAME, partition_of(application))
        return await _through(process, process.ingress.ask(owner, asked, command))

    # Payments -----------------------------------------------------------------------------------------------------

    async def pay(self, order: Order) -> Attempt:
        """Until somebody knows, or nobody will: 503 and dropped connections are tried again."""
        chance = self._doors.weather.random
        payment_id = self._doors.ids.payment_id()
        for _ in range(25):
            attempt = await self._try(order, payment_id)
            self._query(attempt)
            if attempt.told not in (BUSY, DROPPED):
                break
            if attempt.told == DROPPED or chance.random() < 0.5:
                payment_id = self._doors.ids.payment_id()
            await asyncio.sleep(0.05 + chance.random() * 0.4)
        return attempt

    async def _try(self, order: Order, payment_id: PaymentId) -> Attempt:
        process = await self._doors.door()
        attempt = Attempt(self._payment(order, payment_id, process.life.now()), process.life)
        self._doors.attempts.append(attempt)
        session = self._sessions.get(order.application, NO_SESSION)
        answering = asyncio.create_task(self._handset(order, attempt)) if order.handset else None

        def request(payment: Payment) -> RequestPayment:
            return RequestPayment(payment, session, order.approval, order.forced)

        await _through(process, process.ingress.pay(attempt, request))
        if answering is not None:
            await answering
        return attempt

    def _payment(self, order: Order, payment_id: PaymentId, now: Instant) -> Payment:
        return Payment(
            payment_id=payment_id,
            transaction_id=self._doors.ids.transaction_id(),
            application=order.application,
            organisation=order.shortcode,
            operation=OPERATION,
            market=MARKET,
            amount=Money(order.minor, CURRENCY),
            debited=order.debited,
            credited=order.credited,
            third_party_conversation_id=order.reference,
            transaction_reference="T1",
            description="goods",
            asked_at=now,
            deadline=Instant(now + order.deadline_ms),
            customer=order.customer,
            opens_accounts=order.opens_accounts,
        )

    def _query(self, attempt: Attempt) -> None:
        """A status query right after any answer finds the payment as answered (G10)."""
        answer = attempt.answer
        if attempt.told != ANSWERED or not isinstance(answer, PaymentCompleted | PaymentFailed):
            return
        payment = answer.payment
        texts = (payment.payment_id, payment.transaction_id, payment.third_party_conversation_id)
        store = self._doors.store
        for text in texts:
            reference = at_once(store.reference(payment.application, text))
            outcome = None if reference is None else at_once(store.outcome(reference.payment_id))
            if outcome is None or decode_event(outcome.data) != answer:
                self._doors.report(
                    f"G10: {payment.payment_id} was answered {answer}, a query by {text} finds {reference} {outcome}"
                )

    # Handsets and holds -------------------------------------------------------------------------------------------

    async def _handset(self, order: Order, attempt: Attempt) -> None:
        """What the customer does. It is sent again and again, because nobody answers the answer."""
        chance = self._doors.weather.random
        seconds = order.deadline_ms / 1000
        wait = seconds * (1.1 if order.handset == "late" else 0.5 * chance.random())
        await asyncio.sleep(wait)
        if order.handset == "never":
            return
        code = "INS-0" if order.handset != "refuse" else "INS-5"
        answer = AnswerApproval(
            attempt.payment.payment_id, order.debited, code, "Cancelled by the customer", "Cancelled"
        )
        for _ in range(3):
            await self.command(order.debited, answer)
            await asyncio.sleep(0.2 * seconds)

    async def command(self, account: AccountId, command: Message) -> None:
        """To the ledger, until certainly or perhaps sent."""
        owner = Partition(ledger.NAME, partition_of(account))

        async def send(process: Process) -> bool:
            try:
                await process.log.send_command(owner, command)
            except TryLater:
                return False
            except CommitUnknown:
                return True
            return True

        for _ in range(40):
            process = await self._doors.door()
            if await _through(process, send(process)) is not False:
                return
            await asyncio.sleep(0.1)


async def _through(process: Process, work: Coroutine[Any, Any, T]) -> T | None:
    """Let a process do something; None when it dies meanwhile."""
    task = process.life.spawn(work)
    await asyncio.wait({task})
    return None if task.cancelled() else task.result()
