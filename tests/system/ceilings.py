"""Many clients against one ceiling at once: what was accepted, told by the answers.

One product is limited per session, another per customer over several sessions; some payments fail on the handset, so
that their room is given back while everybody reaches for it. Read next: test_exact_limits.py.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from mkondo.testing.platform import RunningPlatform
from tests.system.merchant import Answer, Fields, Merchant, merchant_of
from tests.system.test_management import Api

CLIENTS = 64
SESSIONS = 8
AMOUNTS = (1, 1, 2, 3, 5)
"""Whole units: what is left under a ceiling can always be filled."""
CANCELS = "255700000333"
ONE_CUSTOMER = "255700000334"


class Reached:
    """What came of one product's payments. `moved` in whole units."""

    def __init__(self, name: str, ceiling: int, code: str) -> None:
        self.name, self.ceiling, self.code = name, ceiling, code
        self.moved = 0
        self.answers: Counter[str] = Counter()

    def take(self, answer: Answer, units: int) -> None:
        self.answers[answer.code] += 1
        if answer.code == "INS-0":
            self.moved += units

    def check(self) -> None:
        """Exactly the ceiling, since more was asked for; nobody was told anything but yes, no or cancelled."""
        assert self.moved == self.ceiling, (self.name, self.moved, self.ceiling, self.answers)
        assert self.answers[self.code] > CLIENTS, f"{self.name}: not enough asked for more: {self.answers}"
        assert set(self.answers) <= {"INS-0", "INS-6", self.code}, (self.name, self.answers)


async def reach_for(
    platform: RunningPlatform, seconds: float, session_units: int, customer_units: int
) -> list[Reached]:
    """Half of the clients use one session, half pay one customer in several; until time is up and all is full."""
    api = Api(platform, "application")
    limits = {
        "c2b_single_stage": {"daily_value": {"TZS": f"{session_units}.00"}},
        "b2c_payment": {"customer_daily_value": {"TZS": f"{customer_units}.00"}},
    }
    await asyncio.to_thread(api.said, "PUT", f"handsets/{CANCELS}", {"behaviour": "cancel"})
    await asyncio.to_thread(api.said, "PATCH", "applications/demo", {"limits": limits})
    per_session = Reached("one session", session_units, "INS-994")
    per_customer = Reached("one customer", customer_units, "INS-990")
    until = time.monotonic() + seconds
    async with _merchants(platform) as (one, several):
        paying = (_pay_in(one, per_session, until, number) for number in range(CLIENTS // 2))
        paid = (_pay_to(several[number % SESSIONS], per_customer, until, number) for number in range(CLIENTS // 2))
        await asyncio.gather(*paying, *paid)
    return [per_session, per_customer]


@asynccontextmanager
async def _merchants(platform: RunningPlatform) -> AsyncIterator[tuple[Merchant, list[Merchant]]]:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(merchant_of(platform, connections=CLIENTS // 2))
        sessions = [await stack.enter_async_context(merchant_of(platform, connections=4)) for _ in range(SESSIONS)]
        yield one, sessions


async def _pay_in(merchant: Merchant, reached: Reached, until: float, number: int) -> None:
    """C2B. One in five is cancelled by its customer: the room that it held must come back."""
    chance = Random(number)

    def body(units: int) -> Fields:
        customer = CANCELS if chance.random() < 0.2 else f"2557111{number:05}"
        return merchant.c2b(CustomerMSISDN=customer, Amount=f"{units}.00")

    while time.monotonic() < until or reached.moved < reached.ceiling:
        units = chance.choice(AMOUNTS)
        reached.take(await merchant.pay(body(units)), units)


async def _pay_to(merchant: Merchant, reached: Reached, until: float, number: int) -> None:
    chance = Random(number)
    while time.monotonic() < until or reached.moved < reached.ceiling:
        units = chance.choice(AMOUNTS)
        body = merchant.b2c(CustomerMSISDN=ONE_CUSTOMER, Amount=f"{units}.00")
        reached.take(await merchant.pay_customer(body), units)
