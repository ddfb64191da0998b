"""The sandbox's clock: how far it is ahead, and moving it forward. Read next: runtime/clock_follower.py."""

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mkondo.ports.clock import ClockSetting
from mkondo.ports.errors import TryLater
from mkondo.runtime.parts import Parts
from services.portal.api.access import Operator, Sandbox

router = APIRouter(tags=["clock"])

YEAR_SECONDS = 366 * 86_400
SECOND_MS = 1_000
TAKEN_SECONDS_MAX = 30.0
LOOK_SECONDS = 0.02


class ClockView(BaseModel):
    """The sandbox's time, and how far it is ahead of the machine's."""

    now: datetime
    ahead_ms: int


class Advance(BaseModel):
    """How far to move on: up to ten years at once."""

    seconds: int = Field(ge=0, le=10 * YEAR_SECONDS)


@router.get("/{environment}/clock")
async def show_clock(parts: Sandbox, _: Operator) -> ClockView:
    return _view(parts, await _setting(parts).ahead_ms())


@router.post("/{environment}/clock/advance")
async def advance_clock(parts: Sandbox, _: Operator, by: Advance) -> ClockView:
    """Move the clock on. The answer comes when every process has taken it and done what fell due meanwhile."""
    setting = _setting(parts)
    ahead_ms = await setting.advance(by.seconds * SECOND_MS)
    try:
        async with asyncio.timeout(TAKEN_SECONDS_MAX):
            while not await setting.everybody_has(ahead_ms):
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise TryLater("the clock is moved, but not every process has taken it yet") from None
    return _view(parts, ahead_ms)


def _setting(parts: Parts) -> ClockSetting:
    if parts.clock_setting is None:
        raise TypeError("a sandbox without a clock setting")
    return parts.clock_setting


def _view(parts: Parts, ahead_ms: int) -> ClockView:
    return ClockView(now=datetime.fromtimestamp(parts.clock.now() / SECOND_MS, UTC), ahead_ms=ahead_ms)
