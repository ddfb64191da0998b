"""A customer answers the payment that waits now, however far behind the screens' view is.

The view is written by hand and stands still; facts are committed to the same store that the API reads.
"""

from types import SimpleNamespace
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response

from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.contracts.journal import Partition, PartitionBatch, StoredOutcome, StoredRecord
from mkondo.contracts.records import encode_record
from mkondo.contracts.views import encode_row
from mkondo.domain.admission import application_key
from mkondo.domain.application import Application
from mkondo.domain.approval import AnswerApproval, ApprovalAsked
from mkondo.domain.decider import Message
from mkondo.domain.facts import outcome_of, reservation_of
from mkondo.domain.handset import ASK, CANCEL, SCRIPTS
from mkondo.domain.views import VIEWS
from mkondo.ports.views import ViewBatch
from mkondo.runtime.turns import Turns
from mkondo.testing.builders import APPLICATION, CUSTOMER, admitted, configuration
from services.portal.api.app import management_api
from services.portal.api.handsets import TEST_NUMBERS_MAX, registered
from tests.unit.portal.test_access import TOKENS
from tests.unit.runtime.house import HandClock

HANDSETS = VIEWS["handsets"]
HANDSET = f"/sandbox/handsets/{CUSTOMER.split('/')[-2]}"
ANSWERS = f"{HANDSET}/answers"


class World:
    """One customer's screen in a view that nobody brings up to date, and the API over it."""

    def __init__(self) -> None:
        self.store = MemoryStore(HandClock())
        self.views = MemoryViews()
        self.answered: list[str] = []
        parts: Any = SimpleNamespace(
            environment="sandbox", store=self.store, facts=self.store, views=self.views, log=self, changes=Turns()
        )
        self._api = management_api({"sandbox": parts}, TOKENS)

    async def send_command(self, partition: Partition, command: Message) -> None:
        """The log, as far as an answer needs one."""
        assert isinstance(command, AnswerApproval)
        self.answered.append(command.payment_id)

    async def shows(self, *payments: str) -> None:
        row: Any = None
        change = HANDSETS.changes[ApprovalAsked]
        at: Any = None
        for name in payments:
            row = change.evolve(row, ApprovalAsked(admitted(name, approval="handset")), at)
        await self.views.apply({}, ViewBatch({}, {"handsets": {CUSTOMER: encode_row(row)}}))

    async def configure(self, test_msisdns: dict[str, str]) -> None:
        key = application_key(APPLICATION)
        stored = StoredRecord(encode_record(Application(APPLICATION, 1, configuration(test_msisdns=test_msisdns))))
        before = await self.store.acquire(Partition("admission", 1), "test")
        await self.store.commit([PartitionBatch(before, before, records={key: stored})])

    async def learns(self, fact: str) -> None:
        before = await self.store.acquire(Partition("ledger", 1), "test")
        await self.store.commit([PartitionBatch(before, before, outcomes=(StoredOutcome(fact, b"{}"),))])

    async def answer(self, **body: Any) -> Response:
        return await self.ask("POST", ANSWERS, action="approve", pin="1234", **body)

    async def ask(self, method: str, path: str, **body: Any) -> Response:
        headers = {"Authorization": f"Bearer {TOKENS.issue(f'application/{APPLICATION}')}"}
        async with AsyncClient(transport=ASGITransport(self._api), base_url="http://mkondo") as client:
            return await client.request(method, path, json=body, headers=headers)


@pytest.mark.parametrize("over", [outcome_of, reservation_of], ids=lambda fact: fact.__name__)
async def test_the_answer_is_for_the_payment_that_waits_and_not_for_the_one_before(over: Any) -> None:
    world = World()
    await world.shows("p1", "p2")
    await world.learns(over("p1"))
    answer = await world.answer()
    assert (answer.status_code, answer.json()["payment_id"]) == (202, "p2"), answer.text
    assert world.answered == ["p2"]


async def test_when_the_only_payment_is_over_nothing_waits() -> None:
    world = World()
    await world.shows("p1")
    await world.learns(outcome_of("p1"))
    for body in ({}, {"payment_id": "p1"}):
        assert (await world.answer(**body)).status_code == 404
    assert world.answered == []


async def test_when_two_wait_it_must_be_said_which_and_how() -> None:
    world = World()
    await world.shows("p1", "p2")
    unsaid = await world.answer()
    wrong = await world.answer(payment_id="T-p1")
    assert (unsaid.status_code, wrong.status_code, world.answered) == (409, 404, [])
    for answer in (unsaid, wrong):
        assert "p1, p2" in answer.json()["mend"] and "payment_id" in answer.json()["mend"]
    assert (await world.answer(payment_id="p2")).json()["payment_id"] == "p2"


async def test_an_answer_with_a_misspelt_field_answers_nothing() -> None:
    world = World()
    await world.shows("p1")
    refused = await world.answer(payment="p1")
    assert (refused.status_code, world.answered) == (422, [])
    assert refused.json()["error"].startswith("payment:")


async def test_a_behaviour_that_no_handset_has_is_refused_with_those_there_are() -> None:
    refused = await World().ask("PUT", HANDSET, behaviour="dance")
    assert (refused.status_code, refused.json()["mend"]) == (422, f"Use one of {', '.join(SCRIPTS)}.")


async def test_so_many_test_numbers_and_no_more_are_registered() -> None:
    world = World()
    await world.configure({f"2557{number:08}": ASK for number in range(TEST_NUMBERS_MAX)})
    refused = await world.ask("PUT", HANDSET, behaviour=ASK)
    assert (refused.status_code, refused.json()["error"]) == (422, "1,000 test numbers are registered already")
    assert "DELETE" in refused.json()["mend"]


def test_a_registered_number_may_behave_otherwise_however_many_there_are() -> None:
    """There may be more than are taken now: they were registered when there was no limit."""
    many = configuration(test_msisdns={f"2557{number:08}": ASK for number in range(TEST_NUMBERS_MAX + 1)})
    changed = registered(many, "255700000000", CANCEL).test_msisdns
    assert (len(changed), changed["255700000000"]) == (TEST_NUMBERS_MAX + 1, CANCEL)
