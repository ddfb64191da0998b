"""The sandbox's clock: how far it is ahead, and moving it forward. Read next: runtime/clock_follower.py."""

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mkondo.ports.clock import ClockSetting, TooFarAhead
from mkondo.ports.errors import CommitUnknown
from mkondo.runtime.clock_follower import NotTakenYet, advance_for_all
from mkondo.runtime.parts import Parts
from services.portal.api.access import Operator, Sandbox
from services.portal.api.bodies import Asked
from services.portal.api.errors import Refused

router = APIRouter(tags=["clock"])

YEAR_SECONDS = 366 * 86_400
SECOND_MS = 1_000
_LOOK = "Do not move it again: wait, and look with GET …/clock."


class ClockView(BaseModel):
    """The sandbox's time, and how far it is ahead of the machine's."""

    now: datetime
    ahead_ms: int


class Advance(Asked):
    """How far to move on: up to ten years at once."""

    seconds: int = Field(ge=0, le=10 * YEAR_SECONDS)


@router.get("/{environment}/clock")
async def show_clock(parts: Sandbox, _: Operator) -> ClockView:
    return _view(parts, await _setting(parts).ahead_ms())


@router.post("/{environment}/clock/advance")
async def advance_clock(parts: Sandbox, _: Operator, by: Advance) -> ClockView:
    """Move the clock on. The answer comes when every process has taken it and done what fell due meanwhile.

    504: it is moved and one of them has not taken it yet, or the database was lost in between. Moving it again without
    a look could move it twice.
    """
    try:
        return _view(parts, await advance_for_all(_setting(parts), by.seconds * SECOND_MS))
    except TooFarAhead:
        mend = "Move it less far, or make the sandbox anew with an empty data directory."
        raise Refused(422, "the clock would be more than a hundred years ahead", mend) from None
    except CommitUnknown as trouble:
        raise Refused(504, f"it is not known whether the clock was moved: {trouble}", _LOOK) from trouble
    except NotTakenYet as late:
        raise Refused(504, str(late), _LOOK) from late


def _setting(parts: Parts) -> ClockSetting:
    if parts.clock_setting is None:
        raise TypeError("a sandbox without a clock setting")
    return parts.clock_setting


def _view(parts: Parts, ahead_ms: int) -> ClockView:
    return ClockView(now=datetime.fromtimestamp(parts.clock.now() / SECOND_MS, UTC), ahead_ms=ahead_ms)
