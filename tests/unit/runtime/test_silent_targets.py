"""A host that leaves its attempts unanswered: fewer at once, with a rest between, and few that wait for it."""

import pytest

from mkondo.domain.delivery import CallbackDue, Receipt
from mkondo.runtime.places import AT_FIRST_TO_ONE_TARGET, AT_ONCE_TO_ONE_HOST, WAITING_FOR_SILENT_TARGET
from mkondo.runtime.queues import SPARED_AT_ONCE, SPARED_SHARE
from tests.unit.runtime.deliverer_world import UNANSWERED, World, delivery, silence
from tests.unit.runtime.deliverer_world import world as world


async def test_a_host_that_leaves_attempts_unanswered_gets_fewer_at_once_and_few_wait_for_it(world: World) -> None:
    await silence(world)
    for number in range(100):
        world.queue(f"t{number}", "silent.example")
    spared = await world.told(100 - 1 - WAITING_FOR_SILENT_TARGET)
    await world.quiet()
    assert world.merchants.open == 1
    assert {told.receipt for told in spared} == {Receipt(False, reason=f"not tried, after: {UNANSWERED.reason}")}
    assert all(told.unsent for told in spared), "what was not tried says nothing of this very endpoint"
    assert sorted(told.delivery for told in spared) == sorted(f"t{number}" for number in range(5, 100))
    world.merchants.let.set()
    await world.told(100)
    assert world.merchants.called[-5:] == ["t0", "t1", "t2", "t3", "t4"], "the first to come are tried"


async def test_a_silent_host_rests_between_attempts(world: World) -> None:
    """One that refuses at once would be called as often as there are results for it."""
    await silence(world)
    world.merchants.let.set()
    world.clock.goes.clear()
    world.queue("t0", "silent.example")
    await world.told(1)
    world.queue("t1", "silent.example")
    await world.quiet()
    assert "t1" not in world.merchants.called
    world.clock.goes.set()
    await world.told(2)


@pytest.mark.parametrize(("number", "at_once"), [(100, SPARED_AT_ONCE), (1_000, 1_000 // SPARED_SHARE - 1)])
async def test_those_who_wait_when_a_host_falls_silent_are_not_told_all_at_once(
    world: World, number: int, at_once: int
) -> None:
    """The decider serves everybody else too; but none is left to its lease."""
    for name in range(number):
        world.queue(f"s{name}", "silent.example")
    await world.until(lambda: world.merchants.open == AT_FIRST_TO_ONE_TARGET)
    world.clock.goes.clear()
    world.merchants.let.set()
    await world.quiet()
    not_tried = [told for told in world.owner.told if told.unsent]
    assert len(not_tried) == at_once
    world.clock.goes.set()
    await world.told(number)


async def test_a_host_that_falls_silent_again_is_spared_again(world: World) -> None:
    await silence(world)
    for _ in range(2):
        for number in range(100):
            world.queue(f"t{number}", "silent.example")
        await world.told(100 - 1 - WAITING_FOR_SILENT_TARGET)
        world.merchants.let.set()
        await world.told(100)
        await world.quiet()
        world.merchants.let.clear()
        world.owner.told.clear()


async def test_those_who_rest_hold_no_place_at_their_host(world: World) -> None:
    """Half of them would be enough to keep out whoever is new there."""
    for number in range(AT_ONCE_TO_ONE_HOST):
        for attempt in range(2):
            world.queue(f"s{number}-{attempt}", f"shared.example/silent{number}")
    world.merchants.let.set()
    world.clock.goes.clear()
    await world.told(AT_ONCE_TO_ONE_HOST * 2)
    world.queue("p1", "shared.example/new")
    await world.until(lambda: "p1" in world.merchants.called)
    world.clock.goes.set()


async def test_those_who_wait_when_a_host_falls_silent_are_told_too_and_each_attempt_once(world: World) -> None:
    for number in range(100):
        world.queue(f"s{number}", "silent.example")
    await world.until(lambda: world.merchants.open == AT_FIRST_TO_ONE_TARGET)
    world.merchants.let.set()
    told = await world.told(100)
    assert len({one.delivery for one in told}) == 100
    await world.quiet()
    world.deliverer.heard(CallbackDue(delivery("s99", "silent.example", attempt=2)))
    assert (await world.told(101))[-1].receipt == UNANSWERED, "somebody finds out when it answers again"


async def test_before_a_stop_what_was_not_tried_and_not_told_is_given_back(world: World) -> None:
    await silence(world)
    world.log.hears_of_attempts.clear()
    names = [f"t{number}" for number in range(20)]
    for name in names:
        world.queue(name, "silent.example")
    await world.quiet()
    await world.deliverer.finish(lambda: True, 0.01)
    assert (world.owner.given_back, world.owner.told) == (names, [])
