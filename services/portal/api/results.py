"""The feed of results: what was pushed, or could not be, fetched by the merchant in its own time.

Every result that was queued for the application stands in it once for each time, in order, so whoever keeps the cursor
of the last one that they have dealt with loses none. Read next: domain/views/results.py, services/cli/listen.py.
"""

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from mkondo.contracts.journal import Partition
from mkondo.contracts.signature import Secret, sign
from mkondo.contracts.views import decode_row
from mkondo.domain import deliveries
from mkondo.domain.ids import ApplicationId, partition_of
from mkondo.domain.views.results import ResultRow, result_key
from mkondo.openapi.callbacks import callback_body, operation_of_result
from mkondo.ports.sealing import CannotOpen
from mkondo.runtime.parts import Parts
from services.portal.api.access import Environment, Granted, Own
from services.portal.api.configuring import record_of
from services.portal.api.errors import Refused
from services.portal.api.open_requests import OpenRequests, open_requests_of
from services.portal.api.paging import Limit
from services.portal.api.waiting import pause

router = APIRouter(tags=["results"])

WAIT_SECONDS_MAX = 30
LOOK_SECONDS = 0.25
NEWEST = "newest"
_ANEW = "Leave `after` out to read from the first one (`mkondo listen --from-start`), or say after=newest."


class ResultView(BaseModel):
    """One result. `body` is the exact text that is pushed, `headers` are its Standard Webhooks headers, signed now;
    `replayed_by`: who wanted it again, empty the first time; `url`: where it was pushed to."""

    cursor: str
    id: str
    operation: str
    queued_at: int
    replayed_by: str
    url: str
    body: str
    headers: dict[str, str]


class Feed(BaseModel):
    """`next` is the cursor behind the last of them: send it as `after`."""

    results: list[ResultView]
    next: str


@router.get("/{environment}/results")
async def list_results(
    request: Request,
    parts: Environment,
    application: Own,
    grant: Granted,
    open_requests: Annotated[OpenRequests, Depends(open_requests_of)],
    after: Annotated[str, Query(pattern=r"^(|newest|[0-9]{1,18})$")] = "",
    limit: Limit = 100,
    wait: Annotated[float, Query(ge=0, le=WAIT_SECONDS_MAX)] = 0,
) -> Feed:
    """The application's results behind a cursor, in the order in which they were queued; replays stand in it again.

    Without `after` from the first one; `after=newest` gives the cursor of now and no results. With `wait` an empty
    answer is given only after so many seconds, or when the platform stops. 429: too many wait."""
    if await record_of(parts, application) is None:  # an operator may name anything, and would wait for ever
        raise Refused(404, f"no application {application[:80]!r}", "List them with GET …/applications.")
    if after == NEWEST:
        return Feed(results=[], next=str(await newest(parts, application)))
    start = int(after or 0)
    if not (rows := await results_behind(parts, application, start, limit)) and start > await _committed(
        parts, application
    ):
        raise Refused(410, "the cursor is ahead of the results: the data were wiped since it was made", _ANEW)
    if not rows and wait:
        with open_requests.slot(request.scope, parts.environment, grant.name):
            rows = await _wait_for_more(request, parts, application, start, limit, wait)
    if not rows:
        return Feed(results=[], next=str(start))
    secrets = await _secrets(parts, application)
    return Feed(results=[_view(row, secrets) for row in rows], next=str(rows[-1].sequence))


async def _wait_for_more(
    request: Request, parts: Parts, application: ApplicationId, after: int, limit: int, seconds_max: float
) -> list[ResultRow]:
    """What stands behind `after` once there is any; none when the time is over, the platform stops, or whoever waits
    is gone."""
    stopping: asyncio.Event = request.app.state.stopping
    until = asyncio.get_running_loop().time() + seconds_max
    while not (stopping.is_set() or asyncio.get_running_loop().time() >= until or await request.is_disconnected()):
        await pause(stopping, LOOK_SECONDS)
        if rows := await results_behind(parts, application, after, limit):
            return rows
    return []


async def newest(parts: Parts, application: ApplicationId) -> int:
    """How far the views have read: every result up to there can be seen, and none behind it."""
    return (await parts.views.positions()).get(str(_owner(application)), 0)


async def _committed(parts: Parts, application: ApplicationId) -> int:
    """How far the journal goes: no cursor is ahead of that, even while the views are built anew. Whoever comes with one
    would else be told "nothing new" until the journal has grown past it, and miss all of that."""
    owner = _owner(application)
    return next((state.last_sequence for state in await parts.store.states() if state.partition == owner), 0)


def _owner(application: ApplicationId) -> Partition:
    return Partition(deliveries.NAME, partition_of(application))


async def results_behind(parts: Parts, application: ApplicationId, after: int, limit: int) -> list[ResultRow]:
    page = await parts.views.page("results", f"{application}/", result_key(application, after), limit)
    return [decode_row("results", data) for _, data in page]


async def _secrets(parts: Parts, application: ApplicationId) -> list[Secret]:
    try:
        secrets = await parts.webhook_secrets.of(application)
    except CannotOpen as trouble:
        raise Refused(503, "the webhook secret can't be read", str(trouble)) from trouble
    return list(secrets)


def _view(row: ResultRow, secrets: list[Secret]) -> ResultView:
    body = callback_body(row.result)
    return ResultView(
        cursor=str(row.sequence),
        id=row.delivery,
        operation=operation_of_result(row.result).name,
        queued_at=row.queued_at,
        replayed_by=row.by,
        url=row.url,
        body=body.decode(),
        headers=sign(secrets, row.delivery, int(time.time()), body),
    )
