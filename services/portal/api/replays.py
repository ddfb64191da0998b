"""Results once more: one by its id, or all of a time. Replays have the id and the body of the first time.

What is sent again is the event that was queued the first time, so nothing is looked up that could have changed since.
Read next: domain/delivery.py, services/portal/api/results.py.
"""

import asyncio
from collections import Counter

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from mkondo.contracts.views import decode_row
from mkondo.domain import deliveries
from mkondo.domain.application import Configuration
from mkondo.domain.delivery import CallbackQueued, ReplayCallback, ReplayRefused
from mkondo.domain.ids import ApplicationId
from mkondo.domain.views.changes import ChangeRow, line_key
from mkondo.domain.views.deliveries import DeliveryRow, row_key
from mkondo.domain.views.results import ResultRow, result_key
from mkondo.runtime.parts import Parts
from mkondo.runtime.questions import ask
from services.portal.api.access import Environment, Granted, Own
from services.portal.api.bodies import Asked
from services.portal.api.configuring import application_of
from services.portal.api.deliveries import State
from services.portal.api.errors import Refused
from services.portal.api.paging import LOOKED_AT_MAX, NUMBER, Next
from services.portal.api.results import newest, results_behind

router = APIRouter(tags=["deliveries"])

AT_ONCE = 50
VERSIONS_MAX = 500
"""The newest ones of the configuration, in which former addresses are looked for."""

REPLAYED, DISABLED, UNDER_WAY = "replayed", "disabled", "under way"


class Replayed(BaseModel):
    """It is queued again, for this address. `disabled`: nothing is pushed there until it is enabled, so it went to the
    feed only."""

    id: str
    url: str
    disabled: bool = False


class Range(Asked):
    """Those that were queued first from `from` until before `until`, of one state if it is named. `after`: the `next`
    of the call before."""

    since: AwareDatetime = Field(alias="from", strict=False, description="RFC 3339, with an offset.")
    until: AwareDatetime = Field(strict=False)
    state: State | None = None
    after: str = Field("", pattern=NUMBER)


class ReplayedRange(BaseModel):
    """How many of this call are queued again, how many went to the feed only because their endpoint is disabled, and
    how many are on their way already."""

    replayed: int
    disabled: int
    under_way: int
    next: Next


class Addresses:
    """Where an application's results go now. Those of a request that named an address of its own go there again."""

    def __init__(self, now: Configuration, former: set[str]) -> None:
        self._now, self._former = now, former

    def of(self, result: ResultRow) -> str:
        its_own = self._now.response_url_override and result.url not in self._former
        return result.url if its_own or not self._now.response_url else self._now.response_url


@router.post("/{environment}/deliveries/{delivery}/replay", status_code=202)
async def replay_delivery(parts: Environment, application: Own, delivery: str, grant: Granted) -> Replayed:
    """Push one result again, with the id and the body of the first time. One that is on its way is refused."""
    name = row_key(application, delivery)
    found = await parts.views.read("deliveries", [name])
    row = decode_row("deliveries", found[name]) if name in found else None
    result = await _result(parts, application, row.result) if isinstance(row, DeliveryRow) else None
    if result is None:
        raise Refused(404, f"no delivery {delivery[:80]!r}", "List them with GET …/deliveries.")
    url = (await _addresses(parts, application)).of(result)
    came = await _replay(parts, result, url, grant.name)
    if came == UNDER_WAY:
        raise Refused(
            409, "it is on its way already", "Look at it with GET …/deliveries/ID: it is tried until it arrives."
        )
    return Replayed(id=result.delivery, url=url, disabled=came == DISABLED)


@router.post("/{environment}/deliveries/replay", status_code=202)
async def replay_range(parts: Environment, application: Own, wanted: Range, grant: Granted) -> ReplayedRange:
    """Push again what was queued in a time: the outage of a merchant's own, say. One call looks at 500 results."""
    addresses = await _addresses(parts, application)
    start = int(wanted.after) if wanted.after else await _before(parts, application, _milliseconds(wanted.since))
    rows = await results_behind(parts, application, start, LOOKED_AT_MAX)
    chosen = await _of_state(parts, application, [row for row in rows if _is_in(row, wanted)], wanted.state)
    came: Counter[str] = Counter()
    for start_at in range(0, len(chosen), AT_ONCE):
        few = chosen[start_at : start_at + AT_ONCE]
        came.update(await asyncio.gather(*(_replay(parts, row, addresses.of(row), grant.name) for row in few)))
    is_over = len(rows) < LOOKED_AT_MAX or rows[-1].queued_at >= _milliseconds(wanted.until)
    return ReplayedRange(
        replayed=came[REPLAYED],
        disabled=came[DISABLED],
        under_way=came[UNDER_WAY],
        next="" if is_over else str(rows[-1].sequence),
    )


async def _before(parts: Parts, application: ApplicationId, moment: int) -> int:
    """A sequence with nothing up to it that was queued at this moment or later, and nothing behind it that was
    queued earlier. Time never goes back in the partition of an application, so halving finds it in few looks."""
    before, until = 0, await newest(parts, application)
    while before < until:
        middle = (before + until) // 2
        behind = await results_behind(parts, application, middle, 1)
        if behind and behind[0].queued_at < moment:
            before = behind[0].sequence
        else:
            until = middle
    return before


def _is_in(row: ResultRow, wanted: Range) -> bool:
    """The first time only: what was replayed in this time would else be pushed twice."""
    return not row.by and _milliseconds(wanted.since) <= row.queued_at < _milliseconds(wanted.until)


def _milliseconds(moment: AwareDatetime) -> int:
    return round(moment.timestamp() * 1_000)


async def _of_state(
    parts: Parts, application: ApplicationId, rows: list[ResultRow], state: State | None
) -> list[ResultRow]:
    if state is None:
        return rows
    found = await parts.views.read("deliveries", [row_key(application, row.delivery) for row in rows])
    states = {name: decode_row("deliveries", data).state for name, data in found.items()}
    return [row for row in rows if states.get(row_key(application, row.delivery)) == state]


async def _result(parts: Parts, application: ApplicationId, sequence: int) -> ResultRow | None:
    name = result_key(application, sequence)
    found = await parts.views.read("results", [name])
    row = decode_row("results", found[name]) if name in found else None
    return row if isinstance(row, ResultRow) else None


async def _addresses(parts: Parts, application: ApplicationId) -> Addresses:
    record = await application_of(parts, application)
    now = record.configuration
    if not now.response_url_override:
        return Addresses(now, set())
    start = line_key(application, max(record.version - VERSIONS_MAX, 0))
    rows = await parts.views.page("changes", f"{application}/", start, VERSIONS_MAX)
    former = {row.after.response_url for _, data in rows if isinstance(row := decode_row("changes", data), ChangeRow)}
    return Addresses(now, former)


async def _replay(parts: Parts, row: ResultRow, url: str, by: str) -> str:
    """What came of it: REPLAYED, DISABLED or UNDER_WAY."""
    command = ReplayCallback(row.result, url, parts.ids.incarnation(), by)
    answer = await ask(parts, deliveries.NAME, deliveries.key(command), command)
    if isinstance(answer, ReplayRefused):
        return UNDER_WAY
    return REPLAYED if isinstance(answer, CallbackQueued) and answer.delivery.attempt else DISABLED
