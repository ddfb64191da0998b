"""Digests are closed over committed batches, once, at the turn of a day; and never with another key unasked."""

import asyncio
import logging
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from mkondo.adapters.keys.ed25519 import Ed25519Signer, is_signed
from mkondo.adapters.memory.digests import MemoryDigests
from mkondo.adapters.memory.store import MemoryStore
from mkondo.contracts.digest import NotWhole, StoredDigest, body_of, id_of, roots_of, source_root, trouble_with
from mkondo.contracts.journal import PartitionState, seal
from mkondo.domain.ids import Instant
from mkondo.runtime.digests import DAY_MS, DigestCloser, OtherKey, Proofs, RecentSeals, close_digest
from mkondo.testing.conformance.store import ADMISSION, LEDGER, batch, event
from tests.conformance.worlds import HandClock

FIRST, SECOND = (Ed25519Signer(Ed25519PrivateKey.from_private_bytes(letter * 32)) for letter in (b"1", b"2"))


class House:
    """A store in memory whose partitions take batches of small events, its digests, and a clock that stands."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.store = MemoryStore(self.clock)
        self.proofs = Proofs(MemoryDigests(self.store), FIRST)
        self._states: dict[str, PartitionState] = {}

    async def commit(self, size: int = 2, partition: str = "ledger/3") -> None:
        before = self._states.get(partition)
        if before is None:
            before = await self.store.acquire({"ledger/3": LEDGER, "admission/0": ADMISSION}[partition], "one")
        rows = [replace(event(before, number), time=self.clock.now()) for number in range(1, size + 1)]
        head = seal(before.head, rows)
        change = batch(before, *rows[:-1], replace(rows[-1], seal=head))
        self._states[partition] = replace(change.after, head=head, time=self.clock.now())
        await self.store.commit([replace(change, after=self._states[partition])])

    async def close(self, proofs: Proofs | None = None, new_key: bool = False) -> StoredDigest:
        digest = await close_digest("sandbox", self.store, proofs or self.proofs, self.clock.now(), new_key=new_key)
        assert digest is not None
        assert trouble_with(digest, is_signed) == ""
        return digest

    def closer(self) -> DigestCloser:
        return DigestCloser("sandbox", self.store, self.proofs, self.clock)


@pytest.fixture
def house() -> House:
    return House()


async def test_where_nothing_was_sealed_nothing_is_signed(house: House) -> None:
    assert await close_digest("sandbox", house.store, house.proofs, house.clock.now()) is None
    assert await house.closer().close_if_due() is None


async def test_a_digest_goes_on_where_the_one_before_ends(house: House) -> None:
    await house.commit(2)
    first = await house.close()
    await house.commit(3)
    await house.commit(1, "admission/0")
    second = await house.close()
    assert body_of(first).until == {"ledger/3": 2}
    assert body_of(second).until == {"admission/0": 1, "ledger/3": 5}
    assert (body_of(second).number, body_of(second).previous) == (2, id_of(first.body))
    assert (body_of(first).previous, body_of(first).day) == ("", "2023-11-14")


async def test_closing_again_changes_nothing_while_nothing_is_new(house: House) -> None:
    await house.commit()
    first = await house.close()
    await house.clock.wait(3 * DAY_MS / 1_000)
    assert await house.close() == first
    assert await house.proofs.digests.last() == first


async def test_of_many_that_close_at_once_all_are_given_the_same_one(house: House) -> None:
    await house.commit()
    others = [Proofs(Slow(house.store, house.proofs), FIRST) for _ in range(8)]
    closing = (
        close_digest("sandbox", house.store, proofs, Instant(house.clock.now() + number))
        for number, proofs in enumerate(others)
    )
    digests = await asyncio.gather(*closing)
    (stored,) = await house.proofs.digests.page(0, 9)
    assert digests == [stored] * len(others)


class Slow(MemoryDigests):
    """The same digests, by way of a network: everybody reads before anybody writes."""

    def __init__(self, store: MemoryStore, proofs: Proofs) -> None:
        super().__init__(store)
        assert isinstance(proofs.digests, MemoryDigests)
        self._digests = proofs.digests._digests

    async def add(self, digest: StoredDigest) -> bool:
        await asyncio.sleep(0)
        return await super().add(digest)


async def test_what_is_committed_meanwhile_is_left_to_the_next(house: House) -> None:
    """How far it goes is read once, before any seal is: rows that come later are above it."""

    class Busy(MemoryDigests):
        async def seals(self, source: str, after: int, until: int) -> Sequence[tuple[int, bytes]]:
            await house.commit(2)
            return await super().seals(source, after, until)

    await house.commit(2)
    digest = await house.close(Proofs(Busy(house.store), FIRST))
    assert body_of(digest).until == {"ledger/3": 2}
    ((_, first),) = await house.proofs.digests.seals("ledger/3", 0, 2)
    assert roots_of(digest) == {"ledger/3": source_root([first]).hex()}


async def test_another_key_goes_on_only_when_somebody_says_so(house: House) -> None:
    await house.commit()
    await house.close()
    await house.commit()
    other = Proofs(house.proofs.digests, SECOND)
    with pytest.raises(OtherKey, match=r"restore keys/digest\.pem from a backup, or go on with the new key"):
        await house.close(other)
    assert (await house.close(other, new_key=True)).public_key == SECOND.public_key()


async def test_a_damaged_digest_is_no_ground_for_the_next(house: House) -> None:
    await house.commit()
    digests = house.proofs.digests
    assert isinstance(digests, MemoryDigests)
    digests._digests[1] = replace(await house.close(), body=b"{}")
    await house.commit()
    with pytest.raises(NotWhole):
        await house.close()


async def test_one_is_closed_when_the_day_of_the_last_one_is_over(house: House) -> None:
    await house.commit()
    closer = house.closer()
    assert await closer.close_if_due() is None, "the day of the first event is not over"
    await house.clock.wait(DAY_MS / 1_000)
    first = await closer.close_if_due()
    assert first is not None
    assert body_of(first).day == "2023-11-14", "the day that has ended"
    await house.commit()
    assert await closer.close_if_due() is None, "today it was done already"
    await house.clock.wait(5 * DAY_MS / 1_000)
    second = await closer.close_if_due()
    assert second is not None
    assert (body_of(second).number, body_of(second).day) == (2, "2023-11-19")


async def test_one_that_somebody_closed_at_noon_leaves_the_rest_to_the_turn_of_the_day(house: House) -> None:
    await house.commit()
    await house.close()
    await house.commit()
    assert await house.closer().close_if_due() is None
    await house.clock.wait(DAY_MS / 1_000)
    second = await house.closer().close_if_due()
    assert second is not None
    assert body_of(second).until == {"ledger/3": 4}


async def test_the_seals_of_a_stretch_are_read_once_for_many_receipts(house: House) -> None:
    class Counted(MemoryDigests):
        asked = 0

        async def seals(self, source: str, after: int, until: int) -> Sequence[tuple[int, bytes]]:
            self.asked += 1
            return await super().seals(source, after, until)

    await house.commit(2)
    digests, recent = Counted(house.store), RecentSeals(stretches_max=2)
    for _ in range(3):
        assert await recent.read(digests, "ledger/3", 0, 2) == await house.proofs.digests.seals("ledger/3", 0, 2)
    assert digests.asked == 1
    for until in (3, 4, 2):
        await recent.read(digests, "ledger/3", 0, until)
    assert digests.asked == 4, "the oldest has made room"


async def test_a_stop_waits_for_no_digest(house: House) -> None:
    reading = asyncio.Event()

    class Hanging(MemoryDigests):
        async def last(self) -> StoredDigest | None:
            reading.set()
            await asyncio.Event().wait()
            return None

    closer = DigestCloser("sandbox", house.store, Proofs(Hanging(house.store), FIRST), house.clock)
    running = asyncio.create_task(closer.run())
    async with asyncio.timeout(5):
        await reading.wait()
        closer.stop()
        await running


async def test_it_runs_until_it_is_stopped_and_tells_what_it_can_not_do(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.commit()
    await house.close()
    await house.commit()
    await house.clock.wait(DAY_MS / 1_000)
    closer = DigestCloser("sandbox", house.store, Proofs(house.proofs.digests, SECOND), house.clock)
    with caplog.at_level(logging.ERROR):
        running = asyncio.create_task(closer.run())
        async with asyncio.timeout(5):
            while not caplog.records:
                await asyncio.sleep(0)
            closer.wake()
            closer.stop()
            await running
    assert "no digest is closed" in caplog.text
