"""Results about one payment go to an address one at a time, in the order in which they were queued, and hold up no
others. Retries come when they come: test_deliveries.py."""

import asyncio
import random
from collections import Counter, defaultdict

import pytest

from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.journal import Partition
from mkondo.domain.decider import Message
from mkondo.domain.delivery import CallbackDue, CallbackQueued, Delivery, Receipt, RecordAttempt, Result, payment_of
from mkondo.domain.ids import PaymentId
from mkondo.domain.payment import PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import DecideReservation, RequestAnswered
from mkondo.domain.reversal import Original, ReversalOf
from mkondo.ports.callback_sender import Callback
from mkondo.runtime.deliverer import Deliverer
from mkondo.runtime.places import AT_FIRST_TO_ONE_TARGET, WAITING_FOR_SILENT_TARGET
from mkondo.runtime.queues import WAITING_FOR_ONE_HOST
from mkondo.testing.builders import APPLICATION, C2B, CUSTOMER, MARKET, MULTI, NOW, SHOP, VOUCHER, later, payment
from mkondo.testing.builders import service_request as request
from tests.unit.runtime.deliverer_world import GOOD, OWNER, UNANSWERED, Merchants, World, silence
from tests.unit.runtime.deliverer_world import world as world

REFUSED = Receipt(False, 500, "answered HTTP 500", milliseconds=1)
RESERVED, DECIDED, REVERSED = "reserved", "decided", "reversed"


def result(name: str, step: str = RESERVED) -> Result:
    """What is told of the payment `name`; `step` may have anything behind it that makes it another one."""
    p, mine = payment(name), payment(f"{step}-{name}")
    original = Original(p.payment_id, C2B, MARKET, 60_00, "TZS", CUSTOMER, SHOP, NOW, True, True, NOW)
    match step.partition(" ")[0]:
        case "reserved":
            return PaymentReserved(p, later(1))
        case "decided":
            order = DecideReservation(p.payment_id, p.transaction_id, CUSTOMER, True, VOUCHER)
            return RequestAnswered(request(f"{step}-{name}", MULTI, order), "INS-0")
        case "reversed":
            return PaymentCompleted(mine, purpose=ReversalOf(original))
        case _:
            return PaymentFailed(mine, "INS-996", "there is too little left", purpose=ReversalOf(original))


def delivery(name: str, step: str = RESERVED, host: str = "quick.example", attempt: int = 1) -> Delivery:
    known = PaymentId(name if step == RESERVED else f"{step}-{name}")
    return Delivery(known, APPLICATION, f"https://{host}/mpesa", result(name, step), attempt, later(60_000))


def queue(world: World, name: str, step: str = RESERVED, host: str = "slow.example") -> None:
    world.deliverer.heard(CallbackQueued(delivery(name, step, host)))


@pytest.mark.parametrize("step", [RESERVED, DECIDED, REVERSED, "not reversed"])
def test_each_result_tells_a_step_of_one_payment(step: str) -> None:
    assert payment_of(result("p1", step)) == "p1"


async def test_a_later_result_of_a_payment_waits_for_the_one_before_and_another_payments_does_not(
    world: World,
) -> None:
    for step in (RESERVED, DECIDED, REVERSED):
        queue(world, "p1", step)
    queue(world, "p2")
    queue(world, "p1", "not reversed", host="quick.example")
    await world.quiet()
    assert world.merchants.called == ["p1", "p2", "not reversed-p1"], "elsewhere nobody has to wait"
    world.merchants.let.set()
    await world.told(5)
    assert world.merchants.called[3:] == ["decided-p1", "reversed-p1"]


async def test_it_goes_when_the_decider_has_been_told_of_the_one_before_however_that_went(world: World) -> None:
    world.log.hears_of_attempts.clear()
    for step in (RESERVED, DECIDED):
        queue(world, "p1", step, host="silent.example")
    world.merchants.let.set()
    await world.quiet()
    assert world.merchants.called == ["p1"]
    world.log.hears_of_attempts.set()
    assert [told.delivery for told in await world.told(2)] == ["p1", "decided-p1"]


async def test_a_retry_waits_for_a_later_result_that_is_being_sent(world: World) -> None:
    queue(world, "p1", DECIDED)
    world.deliverer.heard(CallbackDue(delivery("p1", host="slow.example", attempt=2)))
    await world.quiet()
    assert world.merchants.called == ["decided-p1"]
    world.merchants.let.set()
    assert [told.delivery for told in await world.told(2)] == ["decided-p1", "p1"]


async def test_those_that_wait_for_an_earlier_one_take_room_and_are_given_back_before_a_stop(world: World) -> None:
    steps = [f"{REVERSED} {number}" for number in range(WAITING_FOR_ONE_HOST + 9)]
    for step in steps:
        queue(world, "p1", step)
    await world.quiet()
    assert len(world.merchants.called) == 1
    await world.deliverer.finish(lambda: True, 0.01)
    assert world.owner.given_back == [f"{step}-p1" for step in steps[: 1 + WAITING_FOR_ONE_HOST]]


async def test_a_payment_with_many_results_holds_up_no_other_payment(world: World) -> None:
    queue(world, "p0", host="silent.example")
    for number in range(20):
        queue(world, "p0", f"{REVERSED} {number}", host="silent.example")
    for number in range(1, 5):
        queue(world, f"p{number}", host="silent.example")
    world.merchants.let.set()
    await world.told(25)
    assert set(world.merchants.called[:5]) == {"p0", "p1", "p2", "p3", "p4"}


async def test_of_many_results_of_one_payment_no_more_wait_for_a_silent_target_as_well(world: World) -> None:
    """They would fill the queue of its host, at one attempt in eleven seconds."""
    await silence(world)
    queue(world, "p1", host="silent.example")
    for number in range(100):
        queue(world, "p1", f"{REVERSED} {number}", host="silent.example")
    told = await world.told(100 - WAITING_FOR_SILENT_TARGET)
    assert all(one.unsent for one in told)
    await world.quiet()
    world.merchants.let.set()
    await world.told(101)
    tried = ["p1", *(f"{REVERSED} {number}-p1" for number in range(WAITING_FOR_SILENT_TARGET))]
    assert world.merchants.called[-len(tried) :] == tried


async def test_one_that_found_no_room_may_be_overtaken_and_comes_by_its_lease(world: World) -> None:
    """What the documentation says of a burst; nobody remembers the order of what was not taken."""
    for number in range(AT_FIRST_TO_ONE_TARGET + WAITING_FOR_ONE_HOST):
        queue(world, f"s{number}")
    queue(world, "p1")
    world.merchants.let.set()
    await world.told(AT_FIRST_TO_ONE_TARGET + WAITING_FOR_ONE_HOST)
    queue(world, "p1", DECIDED)
    world.deliverer.heard(CallbackDue(delivery("p1", host="slow.example")))
    told = await world.told(AT_FIRST_TO_ONE_TARGET + WAITING_FOR_ONE_HOST + 2)
    assert [one.delivery for one in told[-2:]] == ["decided-p1", "p1"]


class DeafLog(MemoryLog):
    """What came of one delivery is long in being told."""

    def __init__(self, deaf_to: str) -> None:
        super().__init__()
        self.deaf_to, self.hears = deaf_to, asyncio.Event()

    async def send_command(self, partition: Partition, command: Message) -> None:
        if isinstance(command, RecordAttempt) and command.delivery == self.deaf_to:
            await self.hears.wait()
        await super().send_command(partition, command)


async def test_it_goes_after_one_that_was_not_tried_too_though_nothing_else_is_sent_there_by_then(world: World) -> None:
    log = DeafLog("p5")
    await log.attach(OWNER, world.owner)
    world.deliverer = Deliverer(world.merchants, log, world.clock, SystemIds())
    await silence(world)
    for name in ("p0", "p1", "p2", "p3", "p4", "p5"):
        queue(world, name, host="silent.example")
    world.merchants.let.set()
    await world.told(5)
    queue(world, "p5", DECIDED, host="silent.example")
    await world.quiet()
    assert world.merchants.called[-5:] == ["p0", "p1", "p2", "p3", "p4"]
    log.hears.set()
    assert [(told.delivery, told.unsent) for told in (await world.told(7))[5:]] == [("p5", True), ("decided-p5", False)]


class Unhurried(Merchants):
    """Answers after a while, well or badly, as the dice fall."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.dice = random.Random(seed)

    async def send(self, callback: Callback) -> Receipt:
        self.called.append(callback.id)
        for _ in range(self.dice.randrange(40)):
            await asyncio.sleep(0)
        return self.dice.choice((GOOD, GOOD, GOOD, REFUSED, UNANSWERED))


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_comes_of_them_results_of_a_payment_are_told_of_in_their_order(world: World, seed: int) -> None:
    world.merchants = merchants = Unhurried(seed)
    world.deliverer = Deliverer(merchants, world.log, world.clock, SystemIds())
    left = Counter(
        {(f"p{number}", f"shop{number % 3}.example"): merchants.dice.randrange(1, 5) for number in range(30)}
    )
    queued: dict[str, list[str]] = defaultdict(list)
    payments: dict[str, str] = {}
    while left := +left:
        name, host = merchants.dice.choice(sorted(left))
        step = f"{REVERSED} {left[name, host]}"
        left[name, host] -= 1
        queued[name].append(f"{step}-{name}")
        payments[f"{step}-{name}"] = name
        queue(world, name, step, host=host)
        for _ in range(merchants.dice.randrange(10)):
            await asyncio.sleep(0)
    told: dict[str, list[str]] = defaultdict(list)
    spared = {one.delivery for one in await world.told(len(payments)) if one.unsent}
    for one in world.owner.told:
        if not one.unsent:
            told[payments[one.delivery]].append(one.delivery)
    await world.quiet()
    assert told == {name: [one for one in steps if one not in spared] for name, steps in queued.items()}
    queues = world.deliverer._queues
    assert not queues._later and not queues._turns, "nothing is kept of what is done with"
