"""What every adapter of the audit promises (ports/audit.py), sentence by sentence."""

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from mkondo.contracts.journal import Partition, Route, StoredOutcome, StoredRecord
from mkondo.domain.ids import Instant, RecordKey
from mkondo.ports.audit import Audit, Snapshot
from mkondo.ports.digests import Digests
from mkondo.ports.views import ViewBatch, Views
from mkondo.testing.conformance.digests import digest
from mkondo.testing.conformance.store import (
    ADMISSION,
    LEDGER,
    StoreAndFacts,
    batch,
    event,
    records,
    reference,
)

BEGINNING = (RecordKey(""), "")


@dataclass(frozen=True)
class AuditWorld:
    """One initialised environment: its store, its views, its digests, and its audit."""

    store: StoreAndFacts
    views: Views
    audit: Audit
    digests: Digests


class AuditConformance:
    """A subclass gives the fixture `world`: nothing committed yet."""

    @pytest.fixture
    def world(self) -> AuditWorld:
        raise NotImplementedError

    async def test_before_the_first_commit_there_is_nothing(self, world: AuditWorld) -> None:
        async with world.audit.snapshot() as snapshot:
            assert list(await snapshot.states()) == []
            assert list(await snapshot.journal("ledger/3", 0, 9)) == []
            assert await everything_else(snapshot) == ([], [], [], {}, [])

    async def test_everything_that_is_stored_is_there(self, world: AuditWorld) -> None:
        before = await world.store.acquire(LEDGER, "one")
        row = replace(event(before, 1, "x", Route("ledger/5", 0)), seal=b"head")
        stored = StoredRecord(b"1", Instant(7))
        change = batch(
            before,
            row,
            records={RecordKey("hold/a"): stored},
            references=(reference(1),),
            outcomes=(StoredOutcome("p1", b"done"),),
        )
        await world.store.commit([change])
        await world.views.apply({}, ViewBatch({"ledger/3": 1}, {"payments": {"p1": b"row"}}))
        async with world.audit.snapshot() as snapshot:
            assert list(await snapshot.states()) == [change.after]
            assert list(await snapshot.journal("ledger/3", 0, 9)) == [row]
            assert await everything_else(snapshot) == (
                [("hold/a", LEDGER, stored)],
                [reference(1)],
                [StoredOutcome("p1", b"done")],
                {"ledger/3": 1},
                [("p1", b"row")],
            )

    async def test_what_is_committed_later_is_not_in_a_snapshot(self, world: AuditWorld) -> None:
        first = batch(await world.store.acquire(LEDGER, "one"), records=records(a="1"), references=(reference(1),))
        await world.store.commit([first])
        await world.views.apply({}, ViewBatch({"ledger/3": 1}, {"payments": {"p1": b"1"}}))
        async with world.audit.snapshot() as snapshot:
            later = {"references": (reference(2),), "outcomes": (StoredOutcome("p1", b"done"),)}
            await world.store.commit([batch(first.after, records=records(a=None, b="2"), **later)])
            await world.views.apply({"ledger/3": 1}, ViewBatch({"ledger/3": 2}, {"payments": {"p1": b"2"}}))
            await world.store.acquire(ADMISSION, "one")
            for _ in range(2):
                assert list(await snapshot.states()) == [first.after]
                assert [row.sequence for row in await snapshot.journal("ledger/3", 0, 9)] == [1]
                assert await everything_else(snapshot) == (
                    [("hold/a", LEDGER, StoredRecord(b"1"))],
                    [reference(1)],
                    [],
                    {"ledger/3": 1},
                    [("p1", b"1")],
                )
        async with world.audit.snapshot() as snapshot:
            assert [row.sequence for row in await snapshot.journal("ledger/3", 0, 9)] == [1, 2]

    async def test_the_journal_is_read_page_by_page(self, world: AuditWorld) -> None:
        before = await world.store.acquire(LEDGER, "one")
        await world.store.commit([batch(before, *(event(before, number) for number in range(1, 6)))])
        async with world.audit.snapshot() as snapshot:
            assert [row.sequence for row in await snapshot.journal("ledger/3", 0, 3)] == [1, 2, 3]
            assert [row.sequence for row in await snapshot.journal("ledger/3", 3, 3)] == [4, 5]
            assert list(await snapshot.journal("ledger/4", 0, 3)) == []

    async def test_every_source_that_has_a_row_is_named_once(self, world: AuditWorld) -> None:
        async with world.audit.snapshot() as snapshot:
            assert list(await snapshot.sources()) == []
        ledger, admission = await world.store.acquire(LEDGER, "one"), await world.store.acquire(ADMISSION, "one")
        await world.store.commit([batch(ledger, *(event(ledger, number) for number in (1, 2)))])
        async with world.audit.snapshot() as snapshot:
            await world.store.commit([batch(admission, event(admission, 1))])
            assert list(await snapshot.sources()) == ["ledger/3"]
        async with world.audit.snapshot() as snapshot:
            assert list(await snapshot.sources()) == ["admission/0", "ledger/3"]

    async def test_digests_come_in_the_order_of_their_numbers(self, world: AuditWorld) -> None:
        await world.digests.add(digest(1))
        async with world.audit.snapshot() as snapshot:
            await world.digests.add(digest(2))
            assert list(await snapshot.digests(0, 9)) == [digest(1)]
        async with world.audit.snapshot() as snapshot:
            assert list(await snapshot.digests(0, 1)) == [digest(1)]
            assert list(await snapshot.digests(1, 9)) == [digest(2)]

    async def test_records_of_all_partitions_come_in_the_order_of_their_keys(self, world: AuditWorld) -> None:
        ledger, admission = await world.store.acquire(LEDGER, "one"), await world.store.acquire(ADMISSION, "one")
        changes = [batch(ledger, records=records(b="1", é="2")), batch(admission, records=records(a="3", b="4", Z="5"))]
        await world.store.commit(changes)
        in_order = [
            ("hold/Z", ADMISSION),
            ("hold/a", ADMISSION),
            ("hold/b", ADMISSION),
            ("hold/b", LEDGER),
            ("hold/é", LEDGER),
        ]
        async with world.audit.snapshot() as snapshot:
            found: list[tuple[str, Partition]] = []
            after = BEGINNING
            while page := await snapshot.records(after, 2):
                found += [(key, partition) for key, partition, _ in page]
                after = (page[-1][0], str(page[-1][1]))
        assert found == in_order

    async def test_facts_and_view_rows_come_in_the_order_of_their_keys(self, world: AuditWorld) -> None:
        outcomes = tuple(StoredOutcome(name, b"") for name in ("b", "a", "Z", "é"))
        change = batch(
            await world.store.acquire(LEDGER, "one"),
            references=tuple(reference(number) for number in (3, 1, 2)),
            outcomes=outcomes,
        )
        await world.store.commit([change])
        rows = dict.fromkeys(("b", "a", "Z", "é"), b"")
        await world.views.apply({}, ViewBatch({"ledger/3": 1}, {"payments": rows, "entries": {"a": b"other"}}))
        async with world.audit.snapshot() as snapshot:
            assert [row.payment_id for row in await snapshot.references("", 2)] == ["payment1", "payment2"]
            assert [row.payment_id for row in await snapshot.references("payment2", 2)] == ["payment3"]
            assert [row.name for row in await snapshot.outcomes("", 3)] == ["Z", "a", "b"]
            assert [row.name for row in await snapshot.outcomes("b", 3)] == ["é"]
            assert [key for key, _ in await snapshot.view_rows("payments", "", 3)] == ["Z", "a", "b"]
            assert [key for key, _ in await snapshot.view_rows("payments", "b", 3)] == ["é"]


async def everything_else(snapshot: Snapshot) -> tuple[object, ...]:
    """All records, references, outcomes, positions and payments rows."""
    return (
        list(await snapshot.records(BEGINNING, 99)),
        list(await snapshot.references("", 99)),
        list(await snapshot.outcomes("", 99)),
        dict(await snapshot.view_positions()),
        list(await snapshot.view_rows("payments", "", 99)),
    )
