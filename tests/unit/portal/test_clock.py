"""The sandbox's clock over the management API: nobody is told to move it twice who has moved it once."""

from types import SimpleNamespace
from typing import Any

from httpx import ASGITransport, AsyncClient, Response

from mkondo.adapters.memory.clock import MemoryClockSetting
from mkondo.ports.errors import CommitUnknown, TryLater
from services.cli.management import in_one_line
from services.portal.api.app import management_api
from tests.unit.portal.test_access import OPERATOR, TOKENS
from tests.unit.runtime.house import HandClock


class Setting(MemoryClockSetting):
    """The sandbox's offset in a store that is out of reach for what is named."""

    def __init__(self, *troubled: str) -> None:
        super().__init__(HandClock())
        self._troubled = troubled

    async def advance(self, milliseconds: int) -> int:
        self._reach("advance")
        ahead_ms = await super().advance(milliseconds)
        if "its answer" in self._troubled:
            raise CommitUnknown("lost the connection")
        return ahead_ms

    async def everybody_has(self, ahead_ms: int) -> bool:
        self._reach("everybody_has")
        return await super().everybody_has(ahead_ms)

    def _reach(self, what: str) -> None:
        if what in self._troubled:
            raise TryLater("out of reach")


YEAR_SECONDS = 366 * 86_400


async def advance(setting: Setting, seconds: int) -> Response:
    parts: Any = SimpleNamespace(environment="sandbox", clock=HandClock(), clock_setting=setting)
    api = management_api({"sandbox": parts}, TOKENS)
    async with AsyncClient(transport=ASGITransport(api), base_url="http://mkondo") as client:
        headers = {"Authorization": f"Bearer {OPERATOR}"}
        return await client.post("/sandbox/clock/advance", json={"seconds": seconds}, headers=headers)


async def test_of_a_clock_that_is_moved_and_not_taken_nobody_is_told_to_move_it_again() -> None:
    setting = Setting("everybody_has")
    answer = await advance(setting, 60)
    assert (answer.status_code, await setting.ahead_ms()) == (504, 60_000)
    assert "retry-after" not in answer.headers
    said = in_one_line(answer.json(), "http://mkondo")
    assert said == (
        "the clock is moved, and a process has not taken it yet. Do not move it again: wait, and look with GET …/clock."
    ), "what `mkondo clock advance` shows"


async def test_of_a_clock_that_may_be_moved_nobody_is_told_to_move_it_again() -> None:
    setting = Setting("its answer")
    answer = await advance(setting, 60)
    assert (answer.status_code, await setting.ahead_ms(), "retry-after" in answer.headers) == (504, 60_000, False)
    assert "look with GET …/clock" in answer.json()["mend"]


async def test_a_clock_that_could_not_be_moved_is_to_be_moved_again() -> None:
    setting = Setting("advance")
    answer = await advance(setting, 60)
    assert (answer.status_code, answer.headers["retry-after"], await setting.ahead_ms()) == (503, "1", 0)


async def test_the_clock_is_a_hundred_years_ahead_at_most_and_not_a_second_more() -> None:
    """The calendar has an end, and the clock never moves back: one that is past it is lost."""
    setting = Setting()
    for _ in range(10):
        answer = await advance(setting, 10 * YEAR_SECONDS)
        assert answer.status_code == 200, answer.text
    refused = await advance(setting, 1)
    assert (refused.status_code, "a hundred years" in refused.json()["error"]) == (422, True)
    assert await setting.ahead_ms() == 100 * YEAR_SECONDS * 1_000
    assert (await advance(setting, 0)).status_code == 200
