"""What every store promises (ports/store.py), sentence by sentence. Read next: ownership.py, facts.py, views.py.

An adapter's test subclasses StoreConformance and gives the fixture `world`: see tests/conformance/test_store.py.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import pytest
from msgspec.structs import replace

from mkondo.contracts.journal import (
    JournalRow,
    Partition,
    PartitionBatch,
    PartitionState,
    Route,
    StoredOutcome,
    StoredRecord,
    StoredReference,
)
from mkondo.domain.ids import Instant, RecordKey
from mkondo.ports.errors import Fenced
from mkondo.ports.store import Facts, Store

ADMISSION = Partition("admission", 0)
LEDGER = Partition("ledger", 3)


class StoreAndFacts(Store, Facts, Protocol):
    """What an adapter's store is, for the type checker."""


@dataclass(frozen=True)
class StoreWorld:
    """One initialised environment of 8 partitions: `store` is one process's handle, `other` another process's."""

    store: StoreAndFacts
    other: StoreAndFacts
    wait: Callable[[float], Awaitable[None]]
    """Let that many seconds pass by the store's clock."""


def event(before: PartitionState, number: int, text: str = "happened", *routes: Route) -> JournalRow:
    """The `number`-th row after `before`."""
    sequence = before.last_sequence + number
    source = str(before.partition)
    return JournalRow(source, sequence, Instant(1_000 + sequence), "Happened", 1, "key", text.encode(), routes)


def batch(before: PartitionState, *rows: JournalRow, **changes: object) -> PartitionBatch:
    """What moves a partition on by these rows; by one row if none is given."""
    rows = rows or (event(before, 1),)
    after = replace(before, last_sequence=before.last_sequence + len(rows), time=rows[-1].time)
    return PartitionBatch(**{"before": before, "after": after, "rows": rows, **changes})  # type: ignore[arg-type]


def records(**named: str | None) -> dict[RecordKey, StoredRecord | None]:
    """`a="text"` is the record `hold/a`; None deletes it."""
    return {
        RecordKey(f"hold/{key}"): text if text is None else StoredRecord(text.encode()) for key, text in named.items()
    }


def reference(number: int, third_party: str = "", text: str = "first") -> StoredReference:
    return StoredReference("app", third_party or f"tp{number}", f"T{number}", f"payment{number}", text.encode())


class StoreConformance:
    """Commits, fences, journals, records, facts."""

    @pytest.fixture
    def world(self) -> StoreWorld:
        raise NotImplementedError

    @pytest.fixture
    def store(self, world: StoreWorld) -> StoreAndFacts:
        return world.store

    # Ownership of a row.

    async def test_a_partition_that_was_never_owned_begins_at_epoch_1_and_sequence_0(self, store: Store) -> None:
        assert await store.acquire(ADMISSION, "one") == PartitionState(ADMISSION, epoch=1)

    async def test_acquire_raises_the_epoch_and_returns_the_whole_row(self, world: StoreWorld) -> None:
        before = await world.store.acquire(ADMISSION, "one")
        after = replace(
            before,
            last_sequence=1,
            time=Instant(1_733_000_000_123),
            head=b"\x00\xffhead",
            positions={"commands": 7, "ledger/3": 2**40},
            sent={"ledger/3": 1},
        )
        await world.store.commit([PartitionBatch(before, after, rows=(event(before, 1),))])
        assert await world.other.acquire(ADMISSION, "two") == replace(after, epoch=2)

    async def test_partitions_do_not_share_their_rows(self, store: Store) -> None:
        await store.acquire(ADMISSION, "one")
        assert (await store.acquire(LEDGER, "one")).epoch == 1

    async def test_states_shows_every_partition_row(self, store: Store) -> None:
        states = [await store.acquire(LEDGER, "one"), await store.acquire(ADMISSION, "one")]
        assert list(await store.states()) == sorted(states, key=lambda state: state.partition)

    # The fence.

    async def test_an_older_epoch_is_fenced_and_applies_nothing(self, world: StoreWorld) -> None:
        mine = await world.store.acquire(ADMISSION, "one")
        newer = await world.other.acquire(ADMISSION, "two")
        with pytest.raises(Fenced):
            await world.store.commit([batch(mine, records=records(a="lost"))])
        assert await world.store.load_kind(ADMISSION, "hold") == {}
        assert list(await world.store.read_journal("admission/0", 0, 10)) == []
        assert list(await world.store.states()) == [newer]

    async def test_an_older_last_sequence_is_fenced_and_applies_nothing(self, store: Store) -> None:
        before = await store.acquire(ADMISSION, "one")
        await store.commit([batch(before, records=records(a="kept"))])
        with pytest.raises(Fenced):
            await store.commit([batch(before, records=records(a="lost"))])
        assert await store.load_kind(ADMISSION, "hold") == records(a="kept")
        assert len(await store.read_journal("admission/0", 0, 10)) == 1

    async def test_a_partition_that_nobody_acquired_is_fenced(self, store: Store) -> None:
        with pytest.raises(Fenced):
            await store.commit([batch(PartitionState(ADMISSION, epoch=0))])

    async def test_one_stale_batch_among_several_undoes_them_all(self, world: StoreWorld) -> None:
        good = await world.store.acquire(ADMISSION, "one")
        stale = await world.store.acquire(LEDGER, "one")
        await world.other.acquire(LEDGER, "two")
        effects = {"records": records(a="lost"), "references": (reference(1),), "outcomes": (StoredOutcome("p", b"x"),)}
        for order in ([batch(good, **effects), batch(stale)], [batch(stale), batch(good, **effects)]):
            with pytest.raises(Fenced):
                await world.store.commit(order)
        assert await world.store.load_kind(ADMISSION, "hold") == {}
        assert await world.store.outcome("p") is None
        assert await world.store.reference("app", "T1") is None
        assert [state.last_sequence for state in await world.store.states()] == [0, 0]

    async def test_several_partitions_are_committed_together(self, store: Store) -> None:
        first, second = await store.acquire(ADMISSION, "one"), await store.acquire(LEDGER, "one")
        await store.commit([batch(second, records=records(b="2")), batch(first, records=records(a="1"))])
        assert [state.last_sequence for state in await store.states()] == [1, 1]
        wanted = {ADMISSION: [RecordKey("hold/a")], LEDGER: [RecordKey("hold/b")]}
        assert await store.load(wanted) == {"hold/a": b"1", "hold/b": b"2"}

    async def test_of_two_concurrent_commits_from_the_same_row_exactly_one_succeeds(self, world: StoreWorld) -> None:
        before = await world.store.acquire(ADMISSION, "one")
        answers = await asyncio.gather(
            world.store.commit([batch(before, records=records(a="1"))]),
            world.other.commit([batch(before, records=records(a="2"))]),
            return_exceptions=True,
        )
        assert [type(answer) for answer in answers if answer is not None] == [Fenced]
        winner = str(answers.index(None) + 1).encode()
        assert await world.store.load({ADMISSION: [RecordKey("hold/a")]}) == {"hold/a": winner}

    async def test_concurrent_commits_of_the_same_partitions_in_any_order_do_not_block_each_other_for_good(
        self, world: StoreWorld
    ) -> None:
        befores = [await world.store.acquire(Partition("ledger", number), "one") for number in range(8)]
        one, two = [batch(before) for before in befores], [batch(before) for before in reversed(befores)]
        async with asyncio.timeout(3):
            answers = await asyncio.gather(world.store.commit(one), world.other.commit(two), return_exceptions=True)
        assert sorted(str(type(answer)) for answer in answers) == sorted([str(type(None)), str(Fenced)])

    async def test_the_next_batch_goes_on_from_the_last(self, store: Store) -> None:
        state = await store.acquire(ADMISSION, "one")
        for _ in range(3):
            change = batch(state, event(state, 1), event(state, 2))
            await store.commit([change])
            state = change.after
        assert [row.sequence for row in await store.read_journal("admission/0", 0, 10)] == [1, 2, 3, 4, 5, 6]

    async def test_a_batch_without_rows_moves_positions_and_records_only(self, store: Store) -> None:
        before = await store.acquire(ADMISSION, "one")
        after = replace(before, positions={"commands": 3})
        await store.commit([PartitionBatch(before, after, records=records(a="1"))])
        assert list(await store.states()) == [after]

    async def test_rows_that_do_not_go_on_from_the_row_before_are_a_bug(self, store: Store) -> None:
        before = await store.acquire(ADMISSION, "one")
        gap = replace(before, last_sequence=2)
        for rows in ((event(before, 2),), (event(before, 1), event(before, 3)), ()):
            with pytest.raises(ValueError, match="admission/0"):
                await store.commit([PartitionBatch(before, gap, rows=rows)])
        assert list(await store.states()) == [before]

    async def test_an_empty_commit_does_nothing(self, store: Store) -> None:
        await store.commit([])
        assert list(await store.states()) == []

    async def test_what_was_committed_is_there_for_another_process(self, world: StoreWorld) -> None:
        before = await world.store.acquire(ADMISSION, "one")
        await world.store.commit([batch(before, records=records(a="1"))])
        assert await world.other.load({ADMISSION: [RecordKey("hold/a")]}) == {"hold/a": b"1"}

    # Records.

    async def test_a_record_is_replaced_by_the_next_of_its_key(self, store: Store) -> None:
        first = batch(await store.acquire(ADMISSION, "one"), records=records(a="1", b="1"))
        await store.commit([first])
        await store.commit([batch(first.after, records=records(a="2"))])
        assert await store.load_kind(ADMISSION, "hold") == records(a="2", b="1")

    async def test_a_deleted_record_is_absent_everywhere(self, store: StoreAndFacts) -> None:
        key = RecordKey("hold/a")
        first = batch(await store.acquire(ADMISSION, "one"), records={key: StoredRecord(b"1", Instant(5))})
        await store.commit([first])
        await store.commit([batch(first.after, records=records(a=None, never_there=None))])
        assert await store.load({ADMISSION: [key]}) == {}
        assert await store.load_kind(ADMISSION, "hold") == {}
        assert list(await store.page(ADMISSION, "hold", "", 9)) == []
        assert await store.due(ADMISSION) == {}
        assert await store.record(key) is None

    async def test_load_leaves_out_what_does_not_exist(self, store: Store) -> None:
        await store.commit([batch(await store.acquire(ADMISSION, "one"), records=records(a="1"))])
        assert await store.load({ADMISSION: [RecordKey("hold/a"), RecordKey("hold/b")]}) == {"hold/a": b"1"}
        assert await store.load({ADMISSION: []}) == {}
        assert await store.load({}) == {}

    async def test_a_record_belongs_to_its_partition(self, store: Store) -> None:
        first, second = await store.acquire(ADMISSION, "one"), await store.acquire(LEDGER, "one")
        await store.commit([batch(first, records=records(a="1")), batch(second, records=records(a="2"))])
        assert await store.load({ADMISSION: [RecordKey("hold/a")]}) == {"hold/a": b"1"}
        assert await store.load({LEDGER: [RecordKey("hold/a")]}) == {"hold/a": b"2"}
        await store.commit([batch(batch(first).after, records=records(a=None))])
        assert await store.load_kind(LEDGER, "hold") == records(a="2")

    async def test_load_kind_returns_that_kind_with_its_timers(self, store: Store) -> None:
        parked = {
            RecordKey("parked/1"): StoredRecord(b"1", Instant(9)),
            RecordKey("parked/a/b é"): StoredRecord(b"\x00\x01"),
        }
        others = {RecordKey("parked-2/1"): StoredRecord(b"2"), RecordKey("park/1"): StoredRecord(b"3")}
        await store.commit([batch(await store.acquire(ADMISSION, "one"), records={**parked, **others})])
        assert await store.load_kind(ADMISSION, "parked") == parked
        assert await store.load_kind(LEDGER, "parked") == {}

    async def test_page_returns_records_of_a_kind_in_the_order_of_their_keys_behind_one(self, store: Store) -> None:
        names = ("hold/a", "hold/Z", "hold/b", "hold/a/b", "hold/é", "hold-2/a", "hol/a")
        rows = {RecordKey(name): StoredRecord(name.encode(), Instant(9)) for name in names}
        before = await store.acquire(ADMISSION, "one")
        await store.commit([batch(before, records=rows)])

        async def page(after: str, limit: int, partition: Partition = ADMISSION) -> list[str]:
            found = await store.page(partition, "hold", after, limit)
            assert all(data == key.encode() for key, data in found)
            return [key for key, _ in found]

        assert await page("", 99) == ["hold/Z", "hold/a", "hold/a/b", "hold/b", "hold/é"]
        assert await page("hold/a", 2) == ["hold/a/b", "hold/b"]
        assert await page("hold/é", 99) == await page("", 99, LEDGER) == []
        await store.commit([batch(batch(before).after, records={RecordKey("hold/a"): None})])
        assert await page("", 2) == ["hold/Z", "hold/a/b"]

    async def test_due_lists_the_timers_of_one_partition_and_follows_their_changes(self, store: Store) -> None:
        first, other = await store.acquire(ADMISSION, "one"), await store.acquire(LEDGER, "one")
        a, b, c = RecordKey("hold/a"), RecordKey("hold/b"), RecordKey("hold/c")
        timed = {a: StoredRecord(b"a", Instant(5)), b: StoredRecord(b"b", Instant(6)), c: StoredRecord(b"c")}
        change = batch(first, records=timed)
        await store.commit([change, batch(other, records={a: StoredRecord(b"x", Instant(1))})])
        assert await store.due(ADMISSION) == {a: 5, b: 6}
        moved = {a: StoredRecord(b"a"), b: StoredRecord(b"b", Instant(60)), c: StoredRecord(b"c", Instant(7))}
        await store.commit([batch(change.after, records=moved)])
        assert await store.due(ADMISSION) == {b: 60, c: 7}

    # Journals.

    async def test_a_journal_row_comes_back_as_it_went_in(self, store: Store) -> None:
        before = await store.acquire(ADMISSION, "one")
        routes = (Route("ledger/3", 0), Route("call_backs/1", 12))
        row = JournalRow(
            "admission/0", 1, Instant(2**42), "PaymentAdmitted", 3, "key é", b'{"a":"\xc3\xa9"}', routes, b"\x00seal"
        )
        plain = replace(row, sequence=2, routes=(), seal=None, data=b"x" * 100_000)
        await store.commit([batch(before, row, plain)])
        assert list(await store.read_journal("admission/0", 0, 10)) == [row, plain]

    async def test_the_journal_is_read_after_a_sequence_and_up_to_a_limit(self, store: Store) -> None:
        before = await store.acquire(ADMISSION, "one")
        await store.commit([batch(before, *(event(before, number) for number in range(1, 10)))])
        assert [row.sequence for row in await store.read_journal("admission/0", 3, 4)] == [4, 5, 6, 7]
        assert list(await store.read_journal("admission/0", 9, 4)) == []
        assert list(await store.read_journal("admission/1", 0, 4)) == []

    async def test_the_journals_of_many_sources_are_read_at_once_each_after_its_position(self, store: Store) -> None:
        routed = replace(event(PartitionState(LEDGER, 0), 2), routes=(Route("ledger/3", 1),), seal=b"head")
        for partition, *rows in ((ADMISSION, 1, 2, 3), (LEDGER, 1, 2)):
            before = await store.acquire(partition, "one")
            made = [routed if (partition, n) == (LEDGER, 2) else event(before, n) for n in rows]
            await store.commit([batch(before, *made)])
        found = await store.read_journals({"admission/0": 1, "ledger/3": 0, "ledger/5": 0}, 9)
        assert {(row.source, row.sequence) for row in found} == {
            ("admission/0", 2),
            ("admission/0", 3),
            ("ledger/3", 1),
            ("ledger/3", 2),
        }
        assert [row.sequence for row in found if row.source == "ledger/3"] == [1, 2]
        assert routed in found
        found = await store.read_journals({"admission/0": 0, "ledger/3": 0}, 2)
        assert sorted((row.source, row.sequence) for row in found) == [
            ("admission/0", 1),
            ("admission/0", 2),
            ("ledger/3", 1),
            ("ledger/3", 2),
        ]
        assert list(await store.read_journals({"admission/0": 3, "ledger/3": 2}, 9)) == []
        assert list(await store.read_journals({}, 9)) == []

    async def test_the_journal_can_be_read_for_one_destination_only(self, store: Store) -> None:
        before = await store.acquire(ADMISSION, "one")
        ways = [("ledger/3",), ("ledger/1", "ledger/30"), ("xledger/3",), ("views/0", "ledger/3"), ()]
        rows = [
            event(before, number, "text", *(Route(name, 0) for name in names))
            for number, names in enumerate(ways, start=1)
        ]
        await store.commit([batch(before, *rows)])
        assert [row.sequence for row in await store.read_journal("admission/0", 0, 9, "ledger/3")] == [1, 4]
        assert [row.sequence for row in await store.read_journal("admission/0", 0, 1, "ledger/3")] == [1]
        assert [row.sequence for row in await store.read_journal("admission/0", 1, 9, "ledger/3")] == [4]

    # Watermarks.

    async def test_a_watermark_moves_forward_only(self, world: StoreWorld) -> None:
        assert dict(await world.store.watermarks()) == {}
        await world.store.move_watermark("admission/0", 5)
        await world.store.move_watermark("ledger/3", 1)
        await world.other.move_watermark("admission/0", 4)
        assert dict(await world.other.watermarks()) == {"admission/0": 5, "ledger/3": 1}
        await world.other.move_watermark("admission/0", 6)
        assert (await world.store.watermarks())["admission/0"] == 6
