"""A mandate can be looked at and answered as soon as its merchant has its id, however far behind the view is.

The view is written by hand and stands still; facts are committed to the same store that the API reads.
"""

from types import SimpleNamespace
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from msgspec.structs import replace

from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.contracts import codec
from mkondo.contracts.journal import Partition, PartitionBatch, StoredOutcome
from mkondo.contracts.records import encode_event
from mkondo.contracts.views import encode_row
from mkondo.domain.decider import Message
from mkondo.domain.facts import mandate_of
from mkondo.domain.ids import partition_of
from mkondo.domain.mandate import AnswerMandate, Mandate, MandateKey, Status, Terms
from mkondo.domain.mandates import MandateCreated
from mkondo.domain.views.mandates import row_key, row_of
from mkondo.ports.views import ViewBatch
from mkondo.testing.builders import APPLICATION
from services.portal.api.app import management_api
from tests.unit.portal.test_access import TOKENS
from tests.unit.runtime.house import HandClock

KEY = MandateKey(APPLICATION, "vodacomTZN", "Gym1", "255744000001")
WAITING = Mandate(KEY, "17", "token==", "000000", Terms(frequency="08"), Status.PENDING)


class World:
    """Mandates that were made, those of them that the view knows, and the API over both."""

    def __init__(self) -> None:
        self.store = MemoryStore(HandClock())
        self.views = MemoryViews()
        self.sent: list[tuple[Partition, Message]] = []
        parts: Any = SimpleNamespace(
            environment="sandbox", store=self.store, facts=self.store, views=self.views, log=self
        )
        self._api = management_api({"sandbox": parts}, TOKENS)

    async def send_command(self, partition: Partition, command: Message) -> None:
        """The log, as far as an answer needs one."""
        self.sent.append((partition, command))

    async def made(self, mandate: Mandate) -> None:
        before = await self.store.acquire(Partition("mandates", 1), "test")
        name = mandate_of(mandate.key.scope, mandate.mandate_id)
        event = MandateCreated(mandate)
        fact = StoredOutcome(name, encode_event(event, codec.encode(event)))
        await self.store.commit([PartitionBatch(before, before, outcomes=(fact,))])

    async def shown(self, *mandates: Mandate) -> None:
        rows = {row_key(it.key.scope, it.mandate_id): encode_row(row_of(it)) for it in mandates}
        await self.views.apply({}, ViewBatch({}, {"mandates": rows}))

    async def get(self, path: str, application: str = APPLICATION) -> Response:
        return await self._ask("GET", path, None, application)

    async def answer(self, mandate_id: str = "17", agreed: bool = True, application: str = APPLICATION) -> Response:
        return await self._ask("POST", f"mandates/{mandate_id}/answers", {"agreed": agreed}, application)

    async def _ask(self, method: str, path: str, body: Any, application: str) -> Response:
        headers = {"Authorization": f"Bearer {TOKENS.issue(f'application/{application}')}"}
        async with AsyncClient(transport=ASGITransport(self._api), base_url="http://mkondo") as client:
            return await client.request(method, f"/sandbox/{path}", json=body, headers=headers)


async def test_a_mandate_that_the_view_does_not_know_yet_is_found() -> None:
    world = World()
    await world.made(WAITING)
    answer = await world.get("mandates/17")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["mandate_id"], said["reference"], said["frequency"]) == ("17", "Gym1", "08")
    assert (said["status"], said["collections"]) == ("Pending Approval", 0)


@pytest.mark.parametrize("agreed", [True, False])
async def test_it_is_answered_too_and_by_its_whole_key(agreed: bool) -> None:
    world = World()
    await world.made(WAITING)
    assert (await world.answer(agreed=agreed)).status_code == 202
    owner = Partition("mandates", partition_of(KEY.partition_key))
    assert world.sent == [(owner, AnswerMandate(KEY, agreed, "17"))]


async def test_a_mandate_that_is_known_not_to_wait_is_not_answered() -> None:
    world = World()
    await world.made(WAITING)
    await world.shown(replace(WAITING, status=Status.ACTIVE))
    await world.made(replace(WAITING, mandate_id="25", status=Status.ACTIVE))
    assert [(await world.answer(name)).status_code for name in ("17", "25")] == [409, 409]
    assert world.sent == []


async def test_a_mandate_of_another_application_is_none() -> None:
    world = World()
    await world.made(WAITING)
    assert (await world.get("mandates/17", "other")).status_code == 404
    for answer in (await world.answer(application="other"), await world.answer("18")):
        assert answer.status_code == 404, answer.text
    assert world.sent == []


async def test_mandates_are_listed_page_by_page() -> None:
    world = World()
    await world.shown(*(replace(WAITING, mandate_id=name) for name in ("1", "17", "9")))

    async def listed(query: str) -> list[str]:
        return [row["mandate_id"] for row in (await world.get(f"mandates?{query}")).json()["mandates"]]

    assert await listed("") == ["1", "17", "9"]
    assert await listed("limit=2") == ["1", "17"]
    assert await listed("limit=2&after=17") == ["9"]
    for wrong in ("0", "501", "x"):
        assert (await world.get(f"mandates?limit={wrong}")).status_code == 422
