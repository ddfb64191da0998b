"""Verify forgets a delivery that rests, keeps one that is replayed until it has been, and names what is wrong with any.

Read next: runtime/audit/replay.py.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from mkondo.adapters.memory.store import MemoryStore
from mkondo.contracts.views import decode_row, encode_row
from mkondo.domain import deliveries
from mkondo.domain.delivery import DELAYS_MS, CallbackQueued, Receipt, RecordAttempt, ReplayCallback
from mkondo.domain.ids import ApplicationId, PaymentId
from mkondo.domain.payment import PaymentCompleted
from mkondo.domain.views import VIEWS
from mkondo.domain.views.deliveries import DeliveryRow
from mkondo.runtime.audit.match import Match
from mkondo.runtime.audit.replay import FORESEEN, Replay
from mkondo.runtime.audit.report import Findings
from mkondo.testing.builders import payment
from tests.conformance.worlds import HandClock
from tests.unit.audit.history import History
from tests.unit.audit.spoil import Spoiled, event_of, projected

URL = "https://merchant.example/mpesa"
GOOD, BAD = Receipt(True, 200, answer="thanks", milliseconds=7, acknowledged=True), Receipt(False, 500, "HTTP 500")
APPLICATIONS = ("app-1", "app-2", "app-3")
"""Of three partitions."""


class Told(NamedTuple):
    """What becomes of a result: how many replays, how often each try fails, and whether it arrives in the end."""

    replays: int
    failures: int = 0
    ends: bool = True


CASES = {
    "arrives": Told(0),
    "arrives late": Told(0, 2),
    "abandoned": Told(0, len(DELAYS_MS) + 1),
    "on its way": Told(0, 1, ends=False),
    "replayed": Told(1),
    "abandoned twice": Told(1, len(DELAYS_MS) + 1),
    "replayed three times": Told(3, 1),
    "replayed and on its way": Told(2, 1, ends=False),
}


def case_of(name: str) -> Told:
    return CASES[name.partition("#")[0]]


def row_of(name: str) -> str:
    return f"{_application(name)}/{name}"


def _application(name: str) -> ApplicationId:
    return ApplicationId(APPLICATIONS[len(name) % len(APPLICATIONS)])


async def history(names: Sequence[str] = tuple(CASES)) -> Spoiled:
    """All results at once, each as its name says; a number behind it makes it another one."""
    store = MemoryStore(HandClock())
    story = History(store)
    results = {name: _result(name) for name in names}
    story.ask(deliveries.NAME, *results.values())
    for turn in range(max(told.replays for told in CASES.values()) + 1):
        for name, result in results.items():
            told = case_of(name)
            if turn > told.replays:
                continue
            replay = f"r{turn}" if turn else ""
            if turn:
                story.ask(deliveries.NAME, ReplayCallback(result, URL, replay, "asha"))
            await _tried(story, name, replay, told, is_last=turn == told.replays)
    await story.settle()
    return await projected(store)


def _result(name: str) -> PaymentCompleted:
    application = _application(name)
    asked = payment(name, application=application, asynchronous=True, response_url=URL, reply_to=None)
    return PaymentCompleted(asked)


async def _tried(story: History, name: str, replay: str, told: Told, is_last: bool) -> None:
    for attempt in range(1, told.failures + 1):
        story.ask(deliveries.NAME, _attempt(name, attempt, BAD, replay))
        await story.settle()
        story.advance(2 * max(DELAYS_MS))
        await story.settle()
    if told.failures <= len(DELAYS_MS) and (told.ends or not is_last):
        story.ask(deliveries.NAME, _attempt(name, told.failures + 1, GOOD, replay))
        await story.settle()


def _attempt(name: str, attempt: int, receipt: Receipt, replay: str) -> RecordAttempt:
    """No endpoint is to blame for any: a disabled one would end the others' attempts."""
    return RecordAttempt(PaymentId(name), _application(name), attempt, receipt, replay=replay, unsent=True)


@pytest.mark.parametrize("page", [1, 7, 1000])
async def test_whatever_became_of_results_is_clean(page: int) -> None:
    spoiled = await history()
    states = {name: decode_row("deliveries", spoiled.views._rows["deliveries"][row_of(name)]) for name in CASES}
    told = [(row.state, len(row.attempts)) for row in states.values() if isinstance(row, DeliveryRow)]
    assert told == [
        ("delivered", 1), ("delivered", 3), ("abandoned", 11), ("retrying", 1),
        ("delivered", 2), ("abandoned", 22), ("delivered", 8), ("retrying", 5),
    ]  # fmt: skip
    report = await spoiled.verify(page)
    assert report.problems == ()


@pytest.mark.parametrize("name", CASES)
async def test_a_row_that_says_something_else_is_named(name: str) -> None:
    key = row_of(name)
    spoiled = await history()
    rows = spoiled.views._rows["deliveries"]
    true = rows[key]
    row = decode_row("deliveries", true)
    assert isinstance(row, DeliveryRow)
    for spoilt, says in (
        (encode_row(replace(row, attempts=row.attempts[1:])), "differs from what the events say"),
        (encode_row(replace(row, state="lost")), "differs from what the events say"),
        (None, "missing: rebuild the views"),
    ):
        rows.pop(key) if spoilt is None else rows.update({key: spoilt})
        (problem,) = (await spoiled.verify()).problems
        assert problem.where == f"deliveries row {key}" and says in problem.what
        rows[key] = true
    rows[f"{key}s ghost"] = true
    (problem,) = (await spoiled.verify()).problems
    assert (problem.where, problem.what) == (
        f"deliveries row {key}s ghost", "stands in the view, but no event has made it"
    )  # fmt: skip


async def test_a_replay_whose_bytes_are_unreadable_is_named_and_the_audit_goes_on() -> None:
    spoiled = await history()
    row = spoiled.first(CallbackQueued, lambda event: event.by)
    spoiled.change(row, data=b"{")
    problems = (await spoiled.verify()).problems
    assert any("can't be replayed" in problem.what for problem in problems)


async def test_what_rests_is_forgotten_and_what_will_be_replayed_only_until_then() -> None:
    names = [f"{case}#{number}" for case in CASES for number in range(5)]
    spoiled = await history(names)
    rows = sorted((row for source in FORESEEN for row in spoiled.rows(source)), key=lambda row: row.time)
    replay = Replay(dict.fromkeys(FORESEEN, len(rows)), {view: Match("", "", "") for view in VIEWS}, Findings())
    for row in rows:
        replay.foresee(row)
    for row in rows:
        replay.see(row, event_of(row))
    assert replay._open["deliveries"].keys() == {row_of(name) for name in names if not case_of(name).ends}
    assert not list(replay._to_wake), "what is awaited no more is not kept either"
