"""Merchants, an owner and a clock that stands still around one deliverer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.journal import Partition
from mkondo.domain.decider import Message
from mkondo.domain.delivery import (
    CallbackQueued,
    Delivery,
    GiveAttemptBack,
    Receipt,
    RecordAttempt,
)
from mkondo.domain.ids import PaymentId, partition_of
from mkondo.domain.payment import PaymentCompleted
from mkondo.ports.callback_sender import Callback
from mkondo.ports.log import Received
from mkondo.runtime.deliverer import Deliverer
from mkondo.runtime.places import AT_FIRST_TO_ONE_TARGET
from mkondo.testing.builders import APPLICATION, later, payment
from tests.unit.runtime.still_clock import StillClock

OWNER = Partition("callbacks", partition_of(APPLICATION))
GOOD = Receipt(True, 200, acknowledged=True)
UNANSWERED = Receipt(False, reason="no answer within 10 s")


class Owner:
    """The inbox of the application's owner."""

    def __init__(self) -> None:
        self.told: list[RecordAttempt] = []
        self.given_back: list[str] = []

    def offer(self, received: Received) -> bool:
        match received.message:
            case RecordAttempt():
                self.told.append(received.message)
            case GiveAttemptBack(delivery=delivery, attempt=1):
                self.given_back.append(delivery)
            case _:
                raise AssertionError(received.message)
        return True

    def command_position(self) -> int:
        return 0


class TroubledLog(MemoryLog):
    """Raises these first, one for each command; what came of an attempt it may keep waiting."""

    def __init__(self, troubles: Sequence[Exception] = ()) -> None:
        super().__init__()
        self.troubles = list(troubles)
        self.hears_of_attempts = asyncio.Event()
        self.hears_of_attempts.set()

    async def send_command(self, partition: Partition, command: Message) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        if isinstance(command, RecordAttempt):
            await self.hears_of_attempts.wait()
        await super().send_command(partition, command)


class Merchants:
    """Every merchant's endpoint: `slow` hosts answer when they are let, attempts to `silent` ones are given up
    then, `broken` ones find a bug in the sender."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.open = self.most = 0
        self.closed = False
        self.let = asyncio.Event()

    async def send(self, callback: Callback) -> Receipt:
        self.called.append(callback.id)
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            if "broken" in callback.url:
                raise ZeroDivisionError
            if "slow" in callback.url or "silent" in callback.url:
                await self.let.wait()
            await asyncio.sleep(0)
            return UNANSWERED if "silent" in callback.url else GOOD
        finally:
            self.open -= 1

    async def close(self) -> None:
        self.closed = True


class World:
    def __init__(self) -> None:
        self.clock, self.log, self.owner, self.merchants = StillClock(), TroubledLog(), Owner(), Merchants()
        self.deliverer = Deliverer(self.merchants, self.log, self.clock, SystemIds())

    def queue(self, name: str, host: str = "quick.example", attempt: int = 1) -> None:
        self.deliverer.heard(CallbackQueued(delivery(name, host, attempt)))

    async def told(self, number: int) -> list[RecordAttempt]:
        await self.until(lambda: len(self.owner.told) >= number)
        return self.owner.told

    async def until(self, moment: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not moment():
                await asyncio.sleep(0)

    async def quiet(self) -> None:
        """Every task that could run has run."""
        for _ in range(50):
            await asyncio.sleep(0)


def delivery(name: str, host: str = "quick.example", attempt: int = 1) -> Delivery:
    url = f"https://{host}/mpesa"
    result = PaymentCompleted(payment(name, asynchronous=True, response_url=url, reply_to=None))
    return Delivery(PaymentId(name), APPLICATION, url, result, attempt, later(60_000))


async def silence(world: World) -> None:
    """A host has left its first attempts unanswered; what comes now waits until it is let."""
    for number in range(AT_FIRST_TO_ONE_TARGET):
        world.queue(f"s{number}", "silent.example")
    await world.until(lambda: world.merchants.open == AT_FIRST_TO_ONE_TARGET)
    world.merchants.let.set()
    await world.told(AT_FIRST_TO_ONE_TARGET)
    await world.quiet()
    world.merchants.let.clear()
    world.owner.told.clear()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.log.attach(OWNER, world.owner)
    yield world
    await world.deliverer.stop()
    assert world.merchants.closed and not world.merchants.open
