"""Members share the partitions; a dead member's move when its leases have run out, a stopped one's at once."""

import asyncio

from mkondo.contracts.journal import partitions_of
from mkondo.domain.payment import PaymentCompleted
from mkondo.testing.builders import request, tzs
from mkondo.topology import DECIDERS
from tests.unit.runtime.house import House, Member, house

EVERYTHING = set(partitions_of(*DECIDERS))
ONE_LEASE_MS = 2_001


async def shared(h: House, *members: Member) -> None:
    """Everybody claims until each has its share."""

    async def settle() -> None:
        for member in members:
            await member.ownership.claim()

    for _ in members:
        await settle()
        await h.until(
            lambda: all(
                member.owned() == {partition for p in member.processors.values() for partition in p.wanted}
                for member in members
            ),
            "everybody has what was granted",
        )


async def pays(h: House, *names: str) -> None:
    await h.ask("admission", *(request(name, tzs(1_00), opens_accounts=True) for name in names), names=names)
    assert all(isinstance(h.answered(name)[0], PaymentCompleted) for name in names)


async def test_one_member_owns_everything() -> None:
    async with house() as h:
        assert (await h.member()).owned() == EVERYTHING


async def test_two_members_share_and_own_nothing_twice() -> None:
    async with house() as h:
        one = await h.member("m1")
        two = await h.member("m2")
        await shared(h, one, two)
        assert one.owned() | two.owned() == EVERYTHING
        assert one.owned() & two.owned() == set()
        assert {len(member.processors[name].owned()) for member in (one, two) for name in member.processors} == {4}


async def test_payments_go_on_across_two_members() -> None:
    async with house() as h:
        one = await h.member("m1")
        await h.open_for_business()
        await pays(h, "p1")
        two = await h.member("m2")
        await shared(h, one, two)
        await pays(h, "p2", "p3")
        await shared(h, one, two)


async def test_a_dead_members_partitions_move_when_its_leases_have_run_out() -> None:
    async with house() as h:
        one = await h.member("m1")
        two = await h.member("m2")
        await shared(h, one, two)
        await one.die()
        h.members.remove(one)
        h.clock.advance(1_000)
        await shared(h, two)
        assert two.owned() < EVERYTHING
        h.clock.advance(ONE_LEASE_MS)
        await shared(h, two)
        assert two.owned() == EVERYTHING


async def test_a_stopped_members_partitions_are_free_at_once() -> None:
    async with house() as h:
        one = await h.member("m1")
        await h.open_for_business()
        await one.stop()
        h.members.remove(one)
        two = await h.member("m2")
        assert two.owned() == EVERYTHING
        await pays(h, "p1")


async def test_taking_a_partition_raises_its_epoch() -> None:
    async with house() as h:
        one = await h.member("m1")
        before = {state.partition: state.epoch for state in await h.store.states()}
        await one.stop()
        h.members.remove(one)
        await h.member("m2")
        after = {state.partition: state.epoch for state in await h.store.states()}
        assert after == {partition: epoch + 1 for partition, epoch in before.items()}


async def test_a_member_that_can_not_renew_keeps_what_it_has() -> None:
    """Liveness only: its next transaction would be fenced if somebody else had taken over."""
    async with house() as h:
        member = await h.member()
        await h.open_for_business()
        h.store.claims_fail = True
        renewing = asyncio.create_task(member.ownership.run())
        await h.until(lambda: h.store.claims_refused > 0, "the store could not be reached")
        await pays(h, "p1")
        assert member.owned() == EVERYTHING
        await member.ownership.stop()
        await renewing


async def test_a_partition_that_moved_away_takes_no_more_commands_here() -> None:
    async with house() as h:
        one = await h.member("m1")
        inboxes = {name: owned.inbox for name, owned in one.processors["ledger"]._owned.items()}
        two = await h.member("m2")
        await shared(h, one, two)
        moved = [inbox for partition, inbox in inboxes.items() if partition not in one.owned()]
        assert len(moved) == 4
        assert not any(inbox.has_room() for inbox in moved)
