"""What every store promises about members and leases, by its own clock (ports/store.py). Read next: store.py."""

import asyncio
from collections.abc import Collection

import pytest

from mkondo.contracts.journal import Partition
from mkondo.ports.store import Store
from mkondo.testing.conformance.store import StoreWorld

LONG, SHORT = 60.0, 0.3
BOTH = ("admission", "ledger")


def everyone(*deciders: str) -> set[Partition]:
    return {Partition(decider, number) for decider in deciders for number in range(8)}


async def settled(store: Store, members: Collection[str], deciders: Collection[str] = ("ledger",)) -> list[int]:
    """How many each holds, once everyone has claimed often enough to see the others. Nobody shares a partition."""
    held: dict[str, set[Partition]] = {}
    for _ in range(3):
        for member in members:
            held[member] = set(await store.claim(member, deciders, LONG))
    assert set().union(*held.values()) == everyone(*deciders)
    assert sum(map(len, held.values())) == len(everyone(*deciders))
    return sorted(map(len, held.values()))


class OwnershipConformance:
    """Who holds which partition."""

    @pytest.fixture
    def world(self) -> StoreWorld:
        raise NotImplementedError

    async def test_a_member_alone_holds_every_partition_of_what_it_hosts(self, world: StoreWorld) -> None:
        assert set(await world.store.claim("one", BOTH, LONG)) == everyone(*BOTH)

    @pytest.mark.parametrize(("count", "shares"), [(1, [8]), (2, [4, 4]), (3, [2, 3, 3]), (4, [2, 2, 2, 2])])
    async def test_members_share_fairly(self, world: StoreWorld, count: int, shares: list[int]) -> None:
        assert await settled(world.store, [f"member{number}" for number in range(count)]) == shares

    async def test_more_members_than_partitions_leave_some_without(self, world: StoreWorld) -> None:
        assert await settled(world.store, [f"member{number:02}" for number in range(10)]) == [0, 0] + [1] * 8

    async def test_each_decider_is_shared_among_those_that_host_it(self, world: StoreWorld) -> None:
        for _ in range(3):
            one = set(await world.store.claim("one", BOTH, LONG))
            two = set(await world.other.claim("two", ["ledger"], LONG))
        assert len(two) == 4
        assert one == everyone(*BOTH) - two

    async def test_a_member_keeps_what_it_holds_while_it_renews(self, world: StoreWorld) -> None:
        before = [set(await world.store.claim("one", BOTH, LONG)), set(await world.other.claim("two", BOTH, LONG))]
        await settled(world.store, ["one", "two"], BOTH)
        settled_once = [set(await world.store.claim(member, BOTH, LONG)) for member in ("one", "two")]
        settled_twice = [set(await world.store.claim(member, BOTH, LONG)) for member in ("one", "two")]
        assert before[1] == set()  # Nothing was free: what another member holds is never taken while its lease runs.
        assert settled_once == settled_twice
        assert settled_once[0] < before[0]

    async def test_a_dead_members_partitions_are_free_when_its_lease_has_run_out(self, world: StoreWorld) -> None:
        await world.store.claim("dies", BOTH, SHORT)
        assert set(await world.other.claim("lives", BOTH, LONG)) == set()
        async with asyncio.timeout(10):
            while set(await world.other.claim("lives", BOTH, LONG)) != everyone(*BOTH):
                await world.wait(SHORT / 5)

    async def test_renewing_keeps_a_short_lease_alive(self, world: StoreWorld) -> None:
        mine = set(await world.store.claim("one", BOTH, LONG))
        await world.wait(SHORT)
        await world.store.claim("one", BOTH, LONG)
        assert set(await world.other.claim("two", BOTH, LONG)) == set()
        assert set(await world.store.claim("one", BOTH, LONG)) < mine  # It lets the other's share go.

    async def test_a_released_members_partitions_are_free_at_once(self, world: StoreWorld) -> None:
        await world.store.claim("one", BOTH, LONG)
        await world.store.release("one")
        assert set(await world.other.claim("two", BOTH, LONG)) == everyone(*BOTH)

    async def test_a_member_that_stops_hosting_a_decider_lets_it_go(self, world: StoreWorld) -> None:
        await world.store.claim("one", BOTH, LONG)
        assert set(await world.store.claim("one", ["ledger"], LONG)) == everyone("ledger")
        assert set(await world.other.claim("two", ["admission"], LONG)) == everyone("admission")

    async def test_members_that_claim_at_the_same_moment_never_hold_the_same_partition(self, world: StoreWorld) -> None:
        for _ in range(3):
            one, two = await asyncio.gather(world.store.claim("one", BOTH, LONG), world.other.claim("two", BOTH, LONG))
            assert not set(one) & set(two)
        assert (len(one), len(two)) == (8, 8)

    async def test_a_lease_says_nothing_about_the_epoch(self, world: StoreWorld) -> None:
        state = await world.store.acquire(Partition("ledger", 0), "one")
        await world.store.claim("one", ["ledger"], LONG)
        assert list(await world.store.states()) == [state]
