"""Attempts are made beside the callbacks processor: each once, a few at a time to each host, and always told of."""

import asyncio
import logging
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.signature import Secret
from mkondo.domain.delivery import (
    CallbackDue,
    CallbackQueued,
    QueueCallback,
    RecordAttempt,
)
from mkondo.domain.ids import ApplicationId, PaymentId
from mkondo.domain.request import Ask, RequestAnswered
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.runtime.deliverer import Deliverer
from mkondo.runtime.places import (
    AT_FIRST_TO_ONE_TARGET,
    AT_ONCE_MAX,
    AT_ONCE_TO_ONE_HOST,
    AT_ONCE_TO_ONE_TARGET,
)
from mkondo.runtime.queues import WAITING_FOR_ONE_HOST
from mkondo.testing.builders import APPLICATION, service_request
from tests.unit.runtime.deliverer_world import (
    GOOD,
    World,
    delivery,
)
from tests.unit.runtime.deliverer_world import world as world
from tests.unit.runtime.house import house

AT_ONCE_TO_DOUBTFUL_MAX = AT_ONCE_MAX // 2


async def test_what_was_queued_is_tried_at_once_and_the_decider_is_told(world: World) -> None:
    world.queue("p1")
    (told,) = await world.told(1)
    assert replace(told, jitter_permille=0) == RecordAttempt(PaymentId("p1"), APPLICATION, 1, GOOD, url=told.url)
    assert 0 <= told.jitter_permille < 200


async def test_a_burst_to_one_host_goes_a_few_at_a_time_in_order_and_none_waits_for_its_lease(world: World) -> None:
    names = [f"p{number}" for number in range(200)]
    for name in names:
        world.queue(name)
    await world.told(200)
    assert world.merchants.called == names
    assert world.merchants.most == AT_ONCE_TO_ONE_TARGET


async def test_a_host_that_does_not_answer_holds_up_nobody_else(world: World) -> None:
    for number in range(100):
        world.queue(f"s{number}", "slow.example")
    world.queue("p1")
    assert [told.delivery for told in await world.told(1)] == ["p1"]
    assert world.merchants.open == AT_FIRST_TO_ONE_TARGET
    world.merchants.let.set()
    await world.told(101)


async def test_what_was_not_sent_for_a_reason_of_our_own_takes_no_places_from_its_endpoint(world: World) -> None:
    troubles = [TryLater("the store is away")] * 5

    async def secrets_of(application: ApplicationId) -> Sequence[Secret]:
        if troubles:
            raise troubles.pop()
        return ()

    world.deliverer = Deliverer(world.merchants, world.log, world.clock, SystemIds(), secrets_of)
    for number in range(5):
        world.queue(f"u{number}", "slow.example")
    assert all(told.unsent for told in await world.told(5))
    for number in range(AT_FIRST_TO_ONE_TARGET):
        world.queue(f"p{number}", "slow.example")
    await world.quiet()
    assert world.merchants.open == AT_FIRST_TO_ONE_TARGET
    world.merchants.let.set()
    await world.told(5 + AT_FIRST_TO_ONE_TARGET)


async def test_hosts_that_do_not_answer_leave_places_to_those_who_do(world: World) -> None:
    """However many they are, and whether or not anything is known of them."""
    world.queue("p0")
    await world.told(1)
    for number in range(AT_ONCE_MAX):
        world.queue(f"s{number}", f"slow{number}.example")
    await world.quiet()
    assert world.merchants.open == AT_ONCE_TO_DOUBTFUL_MAX
    for number in range(100):
        world.queue(f"p{number}")
    await world.told(101)
    world.merchants.let.set()
    await world.told(AT_ONCE_MAX + 101)


async def test_an_endpoint_that_hangs_holds_up_no_other_at_its_host(world: World) -> None:
    world.queue("p0", "shared.example/quick")
    await world.told(1)
    for number in range(100):
        world.queue(f"s{number}", f"shared.example/slow{number % 10}")
    await world.quiet()
    assert world.merchants.open == AT_ONCE_TO_ONE_HOST // 2
    for number in range(100):
        world.queue(f"p{number + 1}", "shared.example/quick")
    await world.told(101)
    world.merchants.let.set()
    await world.told(201)


async def test_a_host_is_not_called_too_often_at_once_however_many_endpoints_it_has(world: World) -> None:
    endpoints = 2 * AT_ONCE_TO_ONE_HOST // AT_ONCE_TO_ONE_TARGET
    for number in range(endpoints * 4 * AT_ONCE_TO_ONE_TARGET):
        world.queue(f"p{number}", f"shared.example/{number % endpoints}")
    await world.told(endpoints * 4 * AT_ONCE_TO_ONE_TARGET)
    assert world.merchants.most == AT_ONCE_TO_ONE_HOST


async def test_when_their_places_are_taken_the_next_goes_to_whoever_has_waited_longest(world: World) -> None:
    for number in range(AT_ONCE_TO_DOUBTFUL_MAX):
        world.queue(f"s{number}", f"slow{number}.example")
    world.queue("p1")
    for number in range(AT_ONCE_TO_DOUBTFUL_MAX):
        world.queue(f"t{number}", f"slow{number}.example")
    await world.quiet()
    assert (world.merchants.open, world.owner.told) == (AT_ONCE_TO_DOUBTFUL_MAX, [])
    world.merchants.let.set()
    await world.told(2 * AT_ONCE_TO_DOUBTFUL_MAX + 1)
    assert world.merchants.called[AT_ONCE_TO_DOUBTFUL_MAX] == "p1"


async def test_places_that_are_free_again_go_round(world: World) -> None:
    for number in range(AT_ONCE_TO_DOUBTFUL_MAX):
        world.queue(f"s{number}", f"slow{number}.example")
    for name in ("a0", "a1", "a2"):
        world.queue(name, "first.example")
    world.queue("b0", "second.example")
    world.merchants.let.set()
    await world.told(AT_ONCE_TO_DOUBTFUL_MAX + 4)
    assert world.merchants.called[AT_ONCE_TO_DOUBTFUL_MAX:] == ["a0", "b0", "a1", "a2"]


async def test_when_every_place_is_taken_the_next_goes_to_whoever_waits(world: World) -> None:
    answering = AT_ONCE_MAX // AT_ONCE_TO_ONE_TARGET + 1
    for host in range(answering):
        for number in range(4):
            world.queue(f"p{host}-{number}", f"then-slow{host}.example")
    world.merchants.let.set()
    await world.told(4 * answering)
    world.merchants.let.clear()
    for host in range(answering):
        for number in range(AT_ONCE_TO_ONE_TARGET + 1):
            world.queue(f"s{host}-{number}", f"then-slow{host}.example")
    await world.quiet()
    assert world.merchants.open == AT_ONCE_MAX
    world.merchants.let.set()
    await world.told(4 * answering + (AT_ONCE_TO_ONE_TARGET + 1) * answering)


async def test_a_lease_that_ran_out_while_its_attempt_is_in_hand_makes_no_second_one(world: World) -> None:
    for number in range(AT_FIRST_TO_ONE_TARGET + 1):
        world.queue(f"s{number}", "slow.example")
    world.deliverer.heard(CallbackDue(delivery("s0", "slow.example")))
    world.deliverer.heard(CallbackDue(delivery(f"s{AT_FIRST_TO_ONE_TARGET}", "slow.example")))
    world.merchants.let.set()
    await world.told(AT_FIRST_TO_ONE_TARGET + 1)
    await world.quiet()
    assert len(world.merchants.called) == AT_FIRST_TO_ONE_TARGET + 1
    world.deliverer.heard(CallbackDue(delivery("s0", "slow.example", attempt=2)))
    assert (await world.told(AT_FIRST_TO_ONE_TARGET + 2))[-1].attempt == 2


async def test_what_finds_no_place_in_the_queue_is_left_to_its_lease(world: World) -> None:
    room = AT_FIRST_TO_ONE_TARGET + WAITING_FOR_ONE_HOST
    for number in range(room + 5):
        world.queue(f"s{number}", "slow.example")
    world.merchants.let.set()
    await world.told(room)
    await world.quiet()
    assert len(world.merchants.called) == room
    world.deliverer.heard(CallbackDue(delivery(f"s{room}", "slow.example")))
    await world.told(room + 1)


@pytest.mark.parametrize("trouble", [TryLater("busy"), CommitUnknown()])
async def test_what_came_of_it_is_told_until_it_was_certainly_sent(world: World, trouble: Exception) -> None:
    world.log.troubles = [trouble] * 5
    world.queue("p1")
    await world.told(1)
    assert world.merchants.called == ["p1"]


async def test_who_cannot_be_told_for_long_makes_the_attempt_again_by_its_lease(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.log.troubles = [TryLater("busy")] * 10
    world.queue("p1")
    await world.until(lambda: "what came of a callback could not be told" in caplog.text)
    await world.quiet()
    world.deliverer.heard(CallbackDue(delivery("p1")))
    await world.told(1)
    assert world.merchants.called == ["p1", "p1"]


async def test_a_bug_in_an_attempt_is_an_attempt_that_failed_and_is_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        world.queue("p1", "broken.example")
        (told,) = await world.told(1)
    assert not told.receipt.delivered and told.receipt.reason == "not sent: a bug"
    assert "ZeroDivisionError" in caplog.text
    world.queue("p2")
    await world.told(2)


async def test_after_a_stop_nothing_new_begins_and_what_waits_is_left_to_the_lease(world: World) -> None:
    for number in range(AT_ONCE_TO_ONE_TARGET + 5):
        world.queue(f"s{number}", "slow.example")
    await world.until(lambda: world.merchants.open)
    await world.deliverer.stop()
    world.queue("p1")
    await world.quiet()
    assert (world.merchants.open, len(world.merchants.called), world.owner.told) == (0, AT_FIRST_TO_ONE_TARGET, [])


async def test_before_a_stop_attempts_in_hand_come_to_their_end(world: World) -> None:
    for number in range(AT_ONCE_TO_ONE_TARGET + 5):
        world.queue(f"s{number}", "slow.example")
    finishing = asyncio.create_task(world.deliverer.finish(lambda: True, 60))
    await world.quiet()
    world.merchants.let.set()
    await asyncio.wait_for(finishing, 5)
    assert (len(world.owner.told), world.owner.given_back) == (AT_ONCE_TO_ONE_TARGET + 5, [])


async def test_before_a_stop_attempts_that_are_still_to_come_are_waited_for(world: World) -> None:
    coming = True
    finishing = asyncio.create_task(world.deliverer.finish(lambda: not coming, 60))
    await world.quiet()
    world.queue("p1")
    coming = False
    await asyncio.wait_for(finishing, 5)
    assert [told.delivery for told in world.owner.told] == ["p1"]


async def test_before_a_stop_what_takes_too_long_is_given_back_whether_it_was_begun_or_not(world: World) -> None:
    names = [f"s{number}" for number in range(AT_ONCE_TO_ONE_TARGET + 5)]
    for name in names:
        world.queue(name, "slow.example")
    await world.until(lambda: world.merchants.open)
    await world.deliverer.finish(lambda: True, 0.01)
    assert (world.merchants.open, world.owner.given_back, world.owner.told) == (0, names, [])
    world.queue("p1")
    await world.quiet()
    assert "p1" not in world.merchants.called


@pytest.mark.parametrize("trouble", [TryLater("busy"), CommitUnknown()])
async def test_what_can_not_be_given_back_is_left_to_its_lease(world: World, trouble: Exception) -> None:
    for name in ("s1", "s2"):
        world.queue(name, "slow.example")
    await world.until(lambda: world.merchants.open)
    world.log.troubles = [trouble]
    await world.deliverer.finish(lambda: True, 0.01)
    assert world.owner.given_back == ["s2"]


async def test_the_owner_has_something_in_hand_until_it_has_committed_and_passed_on() -> None:
    """What was taken out of the inbox and is not committed yet asks for an attempt in a moment."""
    async with house() as h:
        owner = (await h.member()).processors["callbacks"]
        assert owner.has_nothing_in_hand()
        h.store.gates["callbacks"] = asyncio.Event()
        request = service_request("u1", "query_beneficiary_name", Ask(), response_url="https://quick.example/")
        await h.send("callbacks", QueueCallback(RequestAnswered(request, "INS-0")))
        assert not owner.has_nothing_in_hand()
        await h.until(lambda: h.store.at_the_gate > 0, "it is about to be committed")
        assert not owner.has_nothing_in_hand()
        h.store.gates["callbacks"].set()
        await h.until(owner.has_nothing_in_hand, "it is passed on")
        assert h.happened("callbacks", CallbackQueued) == 1
