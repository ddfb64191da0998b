"""What every store promises about immutable facts (ports/store.py, Facts). Read next: store.py."""

import asyncio

import pytest

from mkondo.contracts.journal import PartitionState, StoredOutcome, StoredRecord, StoredReference
from mkondo.domain.ids import RecordKey
from mkondo.testing.conformance.store import ADMISSION, LEDGER, StoreAndFacts, StoreWorld, batch, reference


async def commit_references(store: StoreAndFacts, *references: StoredReference) -> PartitionState:
    change = batch(await store.acquire(ADMISSION, "one"), references=references)
    await store.commit([change])
    return change.after


class FactsConformance:
    """References, outcomes and the rows that the ingress may read."""

    @pytest.fixture
    def world(self) -> StoreWorld:
        raise NotImplementedError

    @pytest.fixture
    def store(self, world: StoreWorld) -> StoreAndFacts:
        return world.store

    async def test_a_payment_is_found_by_each_of_its_three_names(self, world: StoreWorld) -> None:
        await commit_references(world.store, reference(1), reference(2))
        for name in ("T1", "payment1", "tp1"):
            assert await world.other.reference("app", name) == reference(1)

    async def test_a_payment_is_found_by_its_own_application_only(self, store: StoreAndFacts) -> None:
        await commit_references(store, reference(1))
        for name in ("T1", "payment1", "tp1"):
            assert await store.reference("other app", name) is None

    async def test_a_name_is_a_transaction_id_first_then_a_conversation_id_then_the_merchants(
        self, store: StoreAndFacts
    ) -> None:
        by_merchant, by_conversation = reference(3, third_party="payment2"), reference(4, third_party="T1")
        await commit_references(store, reference(1), reference(2), by_merchant, by_conversation)
        assert await store.reference("app", "T1") == reference(1)
        assert await store.reference("app", "payment2") == reference(2)

    async def test_applications_may_use_the_same_merchants_name(self, store: StoreAndFacts) -> None:
        mine = reference(1, third_party="same")
        theirs = StoredReference("other app", "same", "T2", "payment2", b"theirs")
        await commit_references(store, mine, theirs)
        assert await store.reference("app", "same") == mine
        assert await store.reference("other app", "same") == theirs

    async def test_a_second_reference_of_the_same_name_is_ignored(self, store: StoreAndFacts) -> None:
        state = await commit_references(store, reference(1))
        again = reference(1, text="second")
        others = reference(2, third_party="tp1"), StoredReference("app", "new", "T1", "new", b"second")
        await store.commit([batch(state, references=(again, *others))])
        for name in ("T1", "payment1", "tp1"):
            assert await store.reference("app", name) == reference(1)
        for name in ("T2", "payment2", "new"):
            assert await store.reference("app", name) is None

    async def test_of_the_same_name_twice_in_one_batch_the_first_stays(self, store: StoreAndFacts) -> None:
        await commit_references(store, reference(1), reference(2, third_party="tp1"))
        assert await store.reference("app", "tp1") == reference(1)
        assert await store.reference("app", "T2") is None

    async def test_load_reads_references_beside_records(self, store: StoreAndFacts) -> None:
        slashed = reference(2, third_party="a/b c")
        change = batch(
            await store.acquire(ADMISSION, "one"),
            references=(reference(1), slashed),
            records={RecordKey("application/app"): StoredRecord(b"app")},
        )
        await store.commit([change])
        keys = ["application/app", "reference/app/tp1", "reference/app/a/b c", "reference/app/none", "reference/x/tp1"]
        assert await store.load({ADMISSION: [RecordKey(key) for key in keys]}) == {
            "application/app": b"app",
            "reference/app/tp1": b"first",
            "reference/app/a/b c": b"first",
        }

    async def test_a_transaction_is_found_whoever_asks_and_by_that_id_only(self, store: StoreAndFacts) -> None:
        await commit_references(store, reference(1))
        assert await store.transaction("T1") == reference(1)
        for name in ("payment1", "tp1", "T2", "\0"):
            assert await store.transaction(name) is None

    async def test_an_outcome_is_written_once(self, world: StoreWorld) -> None:
        first = batch(await world.store.acquire(LEDGER, "one"), outcomes=(StoredOutcome("p1", b"completed"),))
        await world.store.commit([first])
        twice = (StoredOutcome("p1", b"failed"), StoredOutcome("p2", b"one"), StoredOutcome("p2", b"two"))
        await world.store.commit([batch(first.after, outcomes=twice)])
        assert await world.other.outcome("p1") == StoredOutcome("p1", b"completed")
        assert await world.other.outcome("p2") == StoredOutcome("p2", b"one")
        assert await world.other.outcome("p3") is None

    async def test_a_record_is_read_whichever_partition_owns_it(self, world: StoreWorld) -> None:
        key = RecordKey("session/abc")
        change = batch(await world.store.acquire(ADMISSION, "one"), records={key: StoredRecord(b"1")})
        await world.store.commit([change])
        assert await world.other.record(key) == b"1"
        await world.store.commit([batch(change.after, records={key: StoredRecord(b"2")})])
        assert await world.other.record(key) == b"2"
        assert await world.other.record(RecordKey("session/none")) is None

    async def test_many_who_ask_at_once_each_get_their_own_answer(self, store: StoreAndFacts) -> None:
        await commit_references(store, *(reference(number) for number in range(50)))
        names = {f"{kind}{number}": number for number in range(51) for kind in ("T", "payment", "tp")}
        answers = await asyncio.gather(*(store.reference("app", name) for name in [*names, *names]))
        expected = [reference(number) if number < 50 else None for number in names.values()]
        assert answers == expected + expected

    async def test_no_text_of_a_merchant_is_too_strange_to_ask_for(self, store: StoreAndFacts) -> None:
        for text in ("", "\0", "a\0b", "'", '"', "%", "é", "\U0010ffff", "x" * 10_000):
            assert await store.reference("app", text) is None
