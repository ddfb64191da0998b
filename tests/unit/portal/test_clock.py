"""Moving the sandbox's clock through the management API: never past its end, and what is refused moves nothing."""

from types import SimpleNamespace
from typing import Any

from httpx import ASGITransport, AsyncClient

from mkondo.adapters.memory.clock import MemoryClockSetting
from mkondo.adapters.system.clock import SystemClock
from mkondo.ports.clock import AHEAD_MS_MAX
from services.portal.api.app import management_api
from tests.unit.portal.test_access import OPERATOR, TOKENS


async def test_a_move_past_a_hundred_years_is_refused_and_moves_nothing() -> None:
    clock = SystemClock()
    setting = MemoryClockSetting(clock)
    await setting.advance(AHEAD_MS_MAX - 1_000)
    parts: Any = SimpleNamespace(environment="sandbox", clock=clock, clock_setting=setting)
    transport = ASGITransport(management_api({"sandbox": parts}, TOKENS))
    headers = {"authorization": f"Bearer {OPERATOR}"}
    async with AsyncClient(transport=transport, base_url="http://mkondo", headers=headers) as client:
        refused = await client.post("/sandbox/clock/advance", json={"seconds": 2})
        moved = await client.post("/sandbox/clock/advance", json={"seconds": 1})
    assert (refused.status_code, "hundred years" in refused.json()["error"]) == (422, True)
    assert (moved.status_code, moved.json()["ahead_ms"]) == (200, AHEAD_MS_MAX)
