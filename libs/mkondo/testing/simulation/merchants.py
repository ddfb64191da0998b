"""What merchants and their customers do: pay, reserve and decide, give back, collect; answer handsets.

Each story of orders.py and stories.py is told here through the clients. What is known of a payment that a later request
is about is looked up among the immutable rows, as the real ingress does. Read next: clients.py.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from functools import partial
from typing import Any

from mkondo.domain import ledger, mandates
from mkondo.domain.account import till, wallet
from mkondo.domain.facts import outcome_of, reservation_of
from mkondo.domain.handset import ANSWERS, APPROVE, command
from mkondo.domain.ids import AccountId, ApplicationId, Instant
from mkondo.domain.mandate import AnswerMandate, CancelMandate, Collection, CreateMandate, FindMandate, MandateKey
from mkondo.domain.money import Money
from mkondo.domain.payment import Payment, PaymentReserved, RequestPayment
from mkondo.domain.request import DecideReservation, MakeRequest, Request, RequestAnswered
from mkondo.domain.request import Order as ServiceOrder
from mkondo.domain.reversal import ReversalOf
from mkondo.domain.reversals import original_of
from mkondo.testing.simulation.clients import Beside, Clients, Envelope
from mkondo.testing.simulation.ingress import Attempt
from mkondo.testing.simulation.life import now
from mkondo.testing.simulation.orders import (
    B2B,
    CANCEL_MANDATE,
    COLLECT,
    CREATE,
    CURRENCY,
    FIND,
    LATE,
    MARKET,
    NEVER,
    REVERSE,
    SHORTCODE,
    UPDATE,
    Order,
    configuration,
)
from mkondo.testing.simulation.stories import (
    Back,
    Decision,
    DirectDebit,
    Does,
    Reversal,
    Step,
    TwoStep,
)
from mkondo.testing.simulation.weather import SimulatedIds, Weather

SERVICE_MS = 4_000
"""The deadline of requests that move no money."""


class Merchants:
    """All of them, and their customers."""

    def __init__(self, clients: Clients, weather: Weather, ids: SimulatedIds) -> None:
        self._clients, self._weather, self._ids = clients, weather, ids

    # Payments in one step, and handsets ---------------------------------------------------------------------------

    async def pay(self, order: Order, reservation_ms: int = 0, voucher: str = "") -> Attempt:
        def made(envelope: Envelope) -> RequestPayment:
            return RequestPayment(
                _payment(envelope, order),
                envelope.session,
                order.approval,
                order.forced,
                reservation_ms=reservation_ms,
                voucher_code=voucher,
            )

        beside: Beside | None = partial(self._by_hand, order) if order.handset else None
        return await self._clients.request(order.application, made, beside)

    async def _by_hand(self, order: Order, attempt: Attempt) -> None:
        """What the customer does. It is sent again and again, because nobody answers the answer."""
        if order.handset == NEVER:
            return
        seconds, chance = order.deadline_ms / 1000, self._weather.random.random()
        if order.handset == LATE:
            await asyncio.sleep(seconds - 0.04 * chance)
            return await self._answers(order, attempt, APPROVE, times=6, pause=0.01)
        await asyncio.sleep(seconds * 0.5 * chance)
        await self._answers(order, attempt, order.handset, times=3, pause=0.2 * seconds)

    async def _answers(self, order: Order, attempt: Attempt, does: str, times: int, pause: float) -> None:
        answer = ANSWERS[does]
        if answer is None:
            return
        for _ in range(times):
            await self._clients.tell(ledger.NAME, order.debited, command(attempt.id, order.debited, answer))
            await asyncio.sleep(pause)

    # Two-step payments --------------------------------------------------------------------------------------------

    async def reserve(self, story: TwoStep) -> None:
        """The first step, and whatever was decided of it, whoever has heard of it by then."""
        order, voucher = story.order, self._ids.voucher_code()
        await self.pay(order, story.lasts_ms, voucher)
        reserved = self._clients.known(order.application, order.reference)
        if isinstance(reserved, Payment):
            await _all(
                self._decide(reserved, number, decision, voucher) for number, decision in enumerate(story.decisions)
            )

    async def _decide(self, reserved: Payment, number: int, decision: Decision, voucher: str) -> None:
        await asyncio.sleep(self._until_end(reserved) + decision.after if decision.at_the_end else decision.after)
        about = DecideReservation(
            reserved.payment_id,
            reserved.transaction_id,
            reserved.debited,
            decision.commits,
            voucher if decision.right else "WRONG1",
        )
        await self._ask(reserved.application, UPDATE, f"{reserved.third_party_conversation_id}-{number}", about)

    def _until_end(self, reserved: Payment) -> float:
        """Seconds to the expiry of a reservation; if there is none, to nothing in particular."""
        made = self._clients.fact(reservation_of(reserved.payment_id))
        return (made.expires_at - now()) / 1_000 if isinstance(made, PaymentReserved) else 1.0

    # Reversals ----------------------------------------------------------------------------------------------------

    async def pay_and_give_back(self, story: Reversal) -> None:
        order = story.order
        await self.pay(order)
        paid = self._clients.known(order.application, order.reference)
        if not isinstance(paid, Payment):
            return
        names = [f"{order.reference}-back-{number}" for number in range(len(story.backs))]
        await _all(self._reverse(paid, name, back) for name, back in zip(names, story.backs, strict=True))
        given_back = self._clients.known(order.application, names[0])
        if story.and_that_too and isinstance(given_back, Payment):
            await self._reverse(given_back, f"{names[0]}-back", Back(0.0))

    async def _reverse(self, paid: Payment, reference: str, back: Back) -> None:
        await asyncio.sleep(back.after)
        original = original_of(paid, self._clients.fact(outcome_of(paid.payment_id)))
        share = round(original.minor * back.share)

        def made(envelope: Envelope) -> RequestPayment:
            moved = _moving(
                envelope,
                paid.application,
                REVERSE,
                reference,
                share,
                original.credited,
                original.debited,
                back.deadline_ms,
            )
            return RequestPayment(moved, envelope.session, purpose=ReversalOf(original))

        await self._clients.request(paid.application, made)

    # Direct debits ------------------------------------------------------------------------------------------------

    async def direct_debit(self, story: DirectDebit) -> None:
        """Its steps wait for nobody but the creation: some find no mandate, or one that has changed."""
        key = MandateKey(story.application, MARKET, story.reference, story.customer)
        name = f"{story.reference}-{self._ids.incarnation()}"
        mandate_id = await self._create(story, key, f"{name}-create")
        await _all(
            self._step(story, key, f"{name}-{number}", step, mandate_id) for number, step in enumerate(story.steps)
        )

    async def _create(self, story: DirectDebit, key: MandateKey, name: str) -> str:
        about = CreateMandate(key, self._ids.msisdn_token(), SHORTCODE, story.terms, story.agreed)
        answer = (await self._ask(story.application, CREATE, name, about, story.customer)).answer
        return str(answer.outputs.get("output_MandateID", "")) if isinstance(answer, RequestAnswered) else ""

    async def _step(self, story: DirectDebit, key: MandateKey, name: str, step: Step, mandate_id: str) -> None:
        """Half of the requests name the mandate that they mean, the others mean whichever is alive."""
        await asyncio.sleep(step.after)
        named = mandate_id if self._weather.random.random() < 0.5 else ""
        match step.does:
            case Does.COLLECTS:
                await self._collect(story, key, name, step, named)
            case Does.ASKS:
                account = wallet(story.application, story.customer, CURRENCY)
                await self._ask(story.application, FIND, name, FindMandate(key, named, account, step.minor))
            case Does.CANCELS:
                cancel = CancelMandate(key, named)
                await self._ask(story.application, CANCEL_MANDATE, name, cancel, story.customer)
            case Does.REPLACES:
                await self._create(story, key, name)
            case Does.AGREES | Does.REFUSES:
                answer = AnswerMandate(key, step.does is Does.AGREES)
                await self._clients.tell(mandates.NAME, key.partition_key, answer)

    async def _collect(self, story: DirectDebit, key: MandateKey, name: str, step: Step, named: str) -> None:
        debited = wallet(story.application, story.customer, CURRENCY)
        credited = till(story.application, SHORTCODE, CURRENCY)

        def made(envelope: Envelope) -> RequestPayment:
            moved = _moving(
                envelope,
                story.application,
                COLLECT,
                name,
                step.minor,
                debited,
                credited,
                step.deadline_ms,
                customer=story.customer,
            )
            return RequestPayment(moved, envelope.session, purpose=Collection(key, named))

        await self._clients.request(story.application, made)

    # Any service request ------------------------------------------------------------------------------------------

    async def _ask(
        self, application: ApplicationId, operation: str, reference: str, order: ServiceOrder, customer: str = ""
    ) -> Attempt:
        asked_for = configuration(application)

        def made(envelope: Envelope) -> MakeRequest:
            request = Request(
                request_id=envelope.id,
                transaction_id=envelope.transaction_id,
                application=application,
                organisation=SHORTCODE,
                operation=operation,
                market=MARKET,
                third_party_conversation_id=reference,
                asked_at=envelope.now,
                deadline=Instant(envelope.now + SERVICE_MS),
                order=order,
                customer=customer,
                asynchronous=asked_for.is_asynchronous(operation),
                response_url=asked_for.response_url,
                opens_accounts=True,
            )
            return MakeRequest(request, envelope.session)

        return await self._clients.request(application, made)


def _payment(envelope: Envelope, order: Order) -> Payment:
    return _moving(
        envelope,
        order.application,
        order.operation,
        order.reference,
        order.minor,
        order.debited,
        order.credited,
        order.deadline_ms,
        customer=order.customer if order.operation != B2B else "",
        opens_accounts=order.opens_accounts,
    )


def _moving(
    envelope: Envelope,
    application: ApplicationId,
    operation: str,
    reference: str,
    minor: int,
    debited: AccountId,
    credited: AccountId,
    deadline_ms: int,
    customer: str = "",
    opens_accounts: bool = True,
) -> Payment:
    asked_for = configuration(application)
    return Payment(
        payment_id=envelope.id,
        transaction_id=envelope.transaction_id,
        application=application,
        organisation=SHORTCODE,
        operation=operation,
        market=MARKET,
        amount=Money(minor, CURRENCY),
        debited=debited,
        credited=credited,
        third_party_conversation_id=reference,
        transaction_reference="T1",
        description="goods",
        asked_at=envelope.now,
        deadline=Instant(envelope.now + deadline_ms),
        customer=customer,
        asynchronous=asked_for.is_asynchronous(operation),
        response_url=asked_for.response_url,
        opens_accounts=opens_accounts,
    )


async def _all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(*work)
