"""Many change one application at once: each change counts, and who gives up is told that nothing was done."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from msgspec.structs import replace

from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.journal import Partition
from mkondo.contracts.records import encode_record
from mkondo.domain import admission
from mkondo.domain.application import Application, ApplicationChanged, Configuration, ConfigureApplication
from mkondo.domain.decider import Event, Message, Record
from mkondo.domain.ids import RecordKey
from mkondo.ports.errors import TryLater
from mkondo.runtime.organisations import configure_organisation
from mkondo.runtime.replies import ReplyDesk, asker
from mkondo.runtime.turns import Turns
from mkondo.testing.builders import APPLICATION, NOW, configuration
from services.portal.api.app import management_api
from services.portal.api.configuring import change_application
from services.portal.api.errors import Refused
from tests.unit.portal.test_access import TOKENS
from tests.unit.runtime.house import HandClock

KEY = admission.application_key(APPLICATION)
AT_ONCE = 64


class Admission(MemoryLog):
    """The real decisions about one application, each a moment after it was asked for. Another process comes in between
    as often as `overtaken` says."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[RecordKey, Record] = {KEY: Application(APPLICATION, 1, configuration())}
        self.overtaken = 0
        self.has_a_bug = False

    @property
    def application(self) -> Application:
        found = self.records[KEY]
        assert isinstance(found, Application)
        return found

    async def send_command(self, partition: Partition, command: Message) -> None:
        await asyncio.sleep(0)
        events = admission.give_up(command, "KeyError: 'x'") if self.has_a_bug else self._decide(command)
        for event in events:
            self._evolve(event)
        replies = [(reply_to, event) for event in events if (reply_to := asker(event)) is not None]
        await self.send_replies(replies)

    def _decide(self, command: Message) -> Sequence[Event]:
        assert isinstance(command, ConfigureApplication)
        if self.overtaken:
            self.overtaken -= 1
            self.records[KEY] = replace(self.application, version=self.application.version + 1)
        return admission.decide(command, self.records, NOW)

    def _evolve(self, event: Event) -> None:
        if isinstance(event, ApplicationChanged):
            changes = admission.evolve(self.records, event)
            self.records |= {key: record for key, record in changes.items() if record is not None}

    async def record(self, key: RecordKey) -> bytes:
        assert key == KEY
        application = encode_record(self.application)
        await asyncio.sleep(0)
        return application


class World:
    def __init__(self, admission: Admission, desk: ReplyDesk) -> None:
        self.admission = admission
        self.parts: Any = SimpleNamespace(
            environment="sandbox", facts=admission, log=admission, desk=desk, ids=SystemIds(), clock=HandClock(),
            changes=Turns(),
        )  # fmt: skip

    async def patch(self, *changes: dict[str, Any]) -> list[Response]:
        """All at once."""
        transport = ASGITransport(management_api({"sandbox": self.parts}, TOKENS))
        headers = {"Authorization": f"Bearer {TOKENS.issue(f'application/{APPLICATION}')}"}
        async with AsyncClient(transport=transport, base_url="http://mkondo", headers=headers) as client:
            path = f"/sandbox/applications/{APPLICATION}"
            return await asyncio.gather(*(client.patch(path, json=change) for change in changes))


@pytest.fixture
async def world() -> World:
    admission = Admission()
    return World(admission, await ReplyDesk.listening(admission, SystemIds()))


async def test_many_changes_at_once_all_count(world: World) -> None:
    answers = await world.patch(*({"name": f"Shop {number}"} for number in range(AT_ONCE)))
    assert [answer.status_code for answer in answers] == [200] * AT_ONCE
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, AT_ONCE + 2))
    assert len(world.parts.changes) == 0


async def test_who_is_overtaken_by_other_processes_comes_through_in_time(world: World) -> None:
    world.admission.overtaken = 20
    (answer,) = await world.patch({"name": "Duka"})
    assert (answer.status_code, answer.json()["version"]) == (200, 22)


async def test_who_is_overtaken_all_the_time_is_told_that_nothing_was_changed(world: World) -> None:
    world.admission.overtaken = 1_000_000
    await gives_up(world)


async def test_whose_turn_does_not_come_is_told_that_nothing_was_changed(world: World) -> None:
    async with world.parts.changes.of(APPLICATION, 1):
        await gives_up(world)


async def test_what_admission_can_not_decide_is_not_taken_for_done_nor_for_the_askers_fault(world: World) -> None:
    world.admission.has_a_bug = True
    (answer,) = await world.patch({"name": "Duka"})
    assert answer.status_code == 503 and "KeyError" in answer.json()["error"]
    with pytest.raises(TryLater):
        await configure_organisation(world.parts, "shop", {}, "test")


async def gives_up(world: World) -> None:
    with pytest.raises(Refused) as refused:
        await change_application(world.parts, APPLICATION, _renamed, by="test", seconds_max=0.01)
    assert (refused.value.status, "Nothing was changed" in refused.value.mend) == (503, True)
    assert world.admission.application.configuration == configuration()


def _renamed(now: Configuration) -> Configuration:
    return replace(now, name="Duka")
