"""The event topics over HTTP, for where there is no Kafka: a stream of server-sent events, or page after page of JSON.

Read next: mkondo/runtime/event_stream.py for where they come from, docs/events.md for what a reader may rely on.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response

from mkondo.contracts.cloud_events import structured
from mkondo.contracts.cursor import BadCursor, Positions, decode_cursor, encode_cursor
from mkondo.contracts.events import BY_NAME
from mkondo.contracts.journal import JournalRow, partitions_of
from mkondo.ports.errors import TryLater
from mkondo.runtime.event_stream import EventStream, Wanted
from mkondo.topology import DECIDERS
from services.portal.api.access import Environment, Granted, own_application
from services.portal.api.errors import Refused
from services.portal.api.open_requests import OpenRequests, Stream, open_requests_of
from services.portal.api.waiting import pause

router = APIRouter(tags=["events"])

MOST, USUALLY = 1_000, 500
LATEST = "latest"
IDLE_SECONDS = 0.1
HEARTBEAT_SECONDS = 15.0
RETRY = b"retry: 1000\n\n"
"""How long a browser waits before it connects again, in milliseconds."""
_SOURCES = tuple(str(partition) for partition in partitions_of(*DECIDERS))
_ANEW = "Leave `after` out to read from the first event, or say after=latest."


def stream_of(request: Request, parts: Environment) -> EventStream:
    """One for each environment: its readers share their looks."""
    streams: dict[str, EventStream] = request.app.state.streams
    if parts.environment not in streams:
        streams[parts.environment] = EventStream(parts.environment, _SOURCES, parts.store)
    return streams[parts.environment]


async def whose(request: Request, grant: Granted, parts: Environment, application: str = "") -> str:
    """An operator may read everybody's events; anybody else those of one application that is theirs."""
    return application if grant.operates else await own_application(request, grant, parts, application)


def wanted_types(types: str = "") -> frozenset[str]:
    """Comma-separated names of public events; none: all."""
    named = frozenset(name.strip() for name in types.split(",") if name.strip())
    for name in sorted(named):
        if name not in BY_NAME or BY_NAME[name].topic is None:
            raise Refused(422, f"no public event is called {name!r}", "Compare with /docs/asyncapi.json.")
    return named


@router.get("/{environment}/events", response_class=Response)
async def read_events(
    request: Request,
    parts: Environment,
    application: Annotated[str, Depends(whose)],
    types: Annotated[frozenset[str], Depends(wanted_types)],
    stream: Annotated[EventStream, Depends(stream_of)],
    grant: Granted,
    open_requests: Annotated[OpenRequests, Depends(open_requests_of)],
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = USUALLY,
    last_event_id: Annotated[str, Header()] = "",
    accept: Annotated[str, Header()] = "",
) -> Response:
    """Every public event behind a cursor, at least once, ordered within each source, as CloudEvents.

    `after` is the cursor of an event or page, `latest`, or nothing for the first event on; a header Last-Event-ID goes
    before it. Server-sent events that go on until one side ends them, or with `Accept: application/json` one page:
    `{"events": [...], "next": CURSOR, "more": true}`. 429: too many streams are open.
    """
    wanted = Wanted(types, application)
    positions = await _place(stream, parts.environment, last_event_id or after)
    if "application/json" in accept and "text/event-stream" not in accept:
        return await _page(stream, parts.environment, positions, wanted, limit)
    lines = stream_lines(stream, parts.environment, positions, wanted, limit, request.app.state.stopping)
    return Stream(lines, open_requests.slot(request.scope, parts.environment, grant.name))


async def _place(stream: EventStream, environment: str, text: str) -> Positions:
    latest = await stream.latest()
    if text in ("", LATEST):
        return latest if text else {}
    try:
        positions = decode_cursor(environment, text)
    except BadCursor as trouble:
        raise Refused(422, str(trouble), _ANEW) from trouble
    if any(sequence > latest.get(source, 0) for source, sequence in positions.items()):
        raise Refused(410, "the cursor is ahead of the events: the data were wiped since it was made", _ANEW)
    return positions


async def _page(stream: EventStream, environment: str, positions: Positions, wanted: Wanted, limit: int) -> Response:
    page = await stream.page(positions, wanted, limit)
    said = {
        "events": [msgspec.Raw(structured(environment, row)) for row, _ in page.events],
        "next": encode_cursor(environment, page.positions),
        "more": page.more,
    }
    return Response(msgspec.json.encode(said), media_type="application/json", headers={"Cache-Control": "no-store"})


async def stream_lines(
    stream: EventStream,
    environment: str,
    positions: Positions,
    wanted: Wanted,
    limit: int,
    stopping: asyncio.Event,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> AsyncIterator[bytes]:
    """Until the reader goes, the platform stops, or the store is out of reach: then the reader comes again with its
    last id. A reader who is slow is waited for, and nothing is read for it meanwhile."""
    clock = asyncio.get_running_loop().time
    said_at = clock()
    yield RETRY
    while not stopping.is_set():
        try:
            page = await stream.page(positions, wanted, limit, fresh=False)
        except TryLater as trouble:
            yield f": {trouble}\n\n".encode()
            return
        positions = page.positions
        if page.events:
            yield b"".join(_event(environment, row, place) for row, place in page.events)
            said_at = clock()
        elif clock() - said_at >= heartbeat_seconds:
            yield f": nothing new\nid: {encode_cursor(environment, positions)}\n\n".encode()
            said_at = clock()
        # Even if there is more at once: who hears that the reader is gone has a turn too.
        await (asyncio.sleep(0) if page.more else pause(stopping, IDLE_SECONDS))


def _event(environment: str, row: JournalRow, place: Positions) -> bytes:
    return b"id: %b\ndata: %b\n\n" % (encode_cursor(environment, place).encode(), structured(environment, row))
