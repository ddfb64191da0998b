"""Verify is clean on whatever really happened, and its report can be read. What it must find: the files beside it."""

import pytest
from msgspec.structs import replace

from mkondo.adapters.memory.audit import MemoryAudit
from mkondo.adapters.memory.digests import MemoryDigests
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.contracts.journal import StoredRecord, parse_partition
from mkondo.contracts.records import Parked, encode_record
from mkondo.domain.ids import RecordKey
from mkondo.domain.ledger.keys import account_key, hold_key
from mkondo.testing.builders import CUSTOMER
from tests.conformance.worlds import HandClock
from tests.unit.audit.history import begin, paying
from tests.unit.audit.spoil import Spoiled, eventful_and_projected, projected, sources


@pytest.fixture
async def eventful_one() -> Spoiled:
    return await eventful_and_projected()


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happened_is_clean_for_any_size_of_page(seed: int) -> None:
    spoiled = await eventful_and_projected(40, seed)
    for page in (1, 7, 1000):
        report = await spoiled.verify(page)
        assert report.problems == ()
        assert report.line().startswith("clean: ")


async def test_an_empty_environment_is_clean() -> None:
    store = MemoryStore(HandClock())
    report = await Spoiled(store, MemoryViews(), MemoryDigests(store)).verify()
    assert report.clean
    assert report.figures.get("events", 0) == 0


async def test_the_figures_say_what_is_there(eventful_one: Spoiled) -> None:
    report = await eventful_one.verify()
    figures = report.figures
    assert figures["payments"] == figures["completed"] + figures["failed"] + figures["in progress"]
    assert figures["in progress"] == 1 + figures["open holds"]
    assert report.in_transit == {"TZS": 2_00}
    assert figures["open holds"] == 1
    assert "in transit 200 TZS" in report.line()


async def test_events_that_the_views_do_not_have_yet_are_counted_and_are_no_problem(eventful_one: Spoiled) -> None:
    eventful_one.views = MemoryViews()
    report = await eventful_one.verify()
    assert report.clean
    assert report.figures["events behind"] == report.figures["events"]


async def test_the_platform_may_go_on_while_it_is_audited() -> None:
    store = MemoryStore(HandClock())
    history = await begin(store)
    history.ask("admission", paying("before"))
    await history.settle()
    spoiled = await projected(store)
    async with MemoryAudit(store, spoiled.views).snapshot() as snapshot:
        history.ask("admission", paying("after"))
        await history.settle()
        assert [outcome.name for outcome in await snapshot.outcomes("", 9)] == ["before"]


async def test_after_a_disaster_the_report_stays_readable(eventful_one: Spoiled) -> None:
    for view in eventful_one.views._rows.values():
        view.clear()
    report = await eventful_one.verify()
    assert any("and many more" in problem.what for problem in report.problems)
    assert len(report.problems) <= 500


async def test_money_that_is_made_from_nothing_does_not_balance(eventful_one: Spoiled) -> None:
    eventful_one.record(account_key(CUSTOMER), lambda record: replace(record, posted=record.posted + 5))
    report = await eventful_one.verify()
    assert "TZS: posted and in transit do not balance: they sum to 5" in [str(problem) for problem in report.problems]


async def test_a_hold_stands_in_its_accounts_record(eventful_one: Spoiled) -> None:
    eventful_one.record(hold_key("open", CUSTOMER), lambda record: replace(record, minor=1))
    report = await eventful_one.verify()
    assert any("its open holds sum to 1" in problem.what for problem in report.problems)


async def test_a_credit_that_is_parked_is_still_in_transit(eventful_one: Spoiled) -> None:
    """Its position has moved on, so without the parked message it would be lost."""
    states = eventful_one.store._states
    row = next(  # The first that its taker has not taken yet.
        row
        for source in sources(eventful_one, "ledger")
        for row in eventful_one.rows(source)
        for route in row.routes
        if states[parse_partition(route.destination)].positions.get(source, 0) < row.sequence
    )
    taker = parse_partition(row.routes[0].destination)
    eventful_one.state(str(taker), positions=states[taker].positions | {row.source: row.sequence})
    assert not (await eventful_one.verify()).clean
    parked = Parked(row.source, row.sequence, row.type, row.version, row.data, "a bug", RecordKey("account/x"))
    key = RecordKey(f"parked/{taker}/000000000001")
    eventful_one.store._records[taker][key] = StoredRecord(encode_record(parked))
    report = await eventful_one.verify()
    assert report.problems == ()
    assert report.in_transit == {"TZS": 2_00}
    assert report.figures["parked"] == 1
