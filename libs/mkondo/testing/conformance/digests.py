"""What every adapter of the digests promises (ports/digests.py), sentence by sentence."""

import asyncio
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from mkondo.contracts.digest import StoredDigest
from mkondo.ports.digests import Digests
from mkondo.testing.conformance.store import LEDGER, StoreAndFacts, batch, event


def digest(number: int, body: bytes = b'{"a":"\xc3\xa9"}\x00') -> StoredDigest:
    return StoredDigest(number, body, bytes(range(64)), bytes(range(32)), b'{"ledger/3":"00"}')


@dataclass(frozen=True)
class DigestsWorld:
    """One initialised environment: its store, its digests, and the same ones as another process sees them."""

    store: StoreAndFacts
    digests: Digests
    other: Digests


class DigestsConformance:
    """A subclass gives the fixture `world`: nothing committed yet."""

    @pytest.fixture
    def world(self) -> DigestsWorld:
        raise NotImplementedError

    async def test_before_the_first_there_is_none(self, world: DigestsWorld) -> None:
        assert (await world.digests.last(), await world.digests.get(1)) == (None, None)
        assert list(await world.digests.page(0, 9)) == []

    async def test_everybody_reads_what_add_returned_true_from(self, world: DigestsWorld) -> None:
        assert await world.digests.add(digest(1))
        assert await world.other.add(digest(2, b"two"))
        for digests in (world.digests, world.other):
            assert await digests.last() == digest(2, b"two")
            assert await digests.get(1) == digest(1)

    async def test_a_number_is_written_once(self, world: DigestsWorld) -> None:
        assert await world.digests.add(digest(1))
        for digests in (world.digests, world.other):
            assert not await digests.add(replace(digest(1), body=b"another"))
        assert await world.digests.get(1) == digest(1)

    async def test_of_many_at_once_exactly_one_writes_a_number(self, world: DigestsWorld) -> None:
        many = [digest(1, f"{number}".encode()) for number in range(20)]
        turns = [(world.digests, world.other)[place % 2].add(one) for place, one in enumerate(many)]
        wrote = await asyncio.gather(*turns)
        assert wrote.count(True) == 1
        assert await world.digests.get(1) == many[wrote.index(True)]

    async def test_they_come_in_the_order_of_their_numbers(self, world: DigestsWorld) -> None:
        for number in (1, 2, 10, 3):
            await world.digests.add(digest(number))
        assert [one.number for one in await world.digests.page(0, 9)] == [1, 2, 3, 10]
        assert [one.number for one in await world.digests.page(1, 2)] == [2, 3]

    async def test_seals_are_those_of_committed_batches_in_their_order(self, world: DigestsWorld) -> None:
        before = await world.store.acquire(LEDGER, "one")
        for size, seal in ((2, b"first"), (1, b"second"), (3, b"third")):
            rows = [event(before, number) for number in range(1, size + 1)]
            change = batch(before, *rows[:-1], replace(rows[-1], seal=seal))
            await world.store.commit([change])
            before = change.after
        ends = [(2, b"first"), (3, b"second"), (6, b"third")]
        for digests in (world.digests, world.other):
            assert list(await digests.seals("ledger/3", 0, 6)) == ends
            assert list(await digests.seals("ledger/3", 2, 5)) == ends[1:2]
            assert list(await digests.seals("ledger/4", 0, 6)) == []
