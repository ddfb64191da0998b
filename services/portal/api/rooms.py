"""An application's limits as they are used now, by session and by customer.

The view is behind by a moment; admission has the last word. Sessions and API keys that work no more are not shown.
Read next: domain/views/rooms.py, limits.py.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel

from mkondo.contracts.records import decode_record
from mkondo.contracts.views import decode_row
from mkondo.domain import admission
from mkondo.domain.application import ApiKey, Application
from mkondo.domain.calendar import day_of
from mkondo.domain.decider import Record
from mkondo.domain.ids import RecordKey, SessionHash
from mkondo.domain.limits import APPLICABLE, LIMITS, Limit
from mkondo.domain.markets import CURRENCIES
from mkondo.domain.money import format_amount
from mkondo.domain.room import Line
from mkondo.domain.session import Session
from mkondo.domain.views.rooms import RoomRow, row_key
from mkondo.runtime.parts import Parts
from services.portal.api.access import Environment, Own
from services.portal.api.configuring import application_of
from services.portal.api.paging import Next

router = APIRouter(tags=["applications"])

MOST, PAGE, SCANNED_MAX = 200, 200, 5_000
LOOKED_AT_MAX = 1_000
"""Buckets that one request looks at: a merchant with a session for each payment has many that ended today."""
HASH_SHOWN = 12
_HASH_NAMED = 16
"""Of a session's hash, in `next`: enough to go on behind it, and not the hash itself."""
_OF = {"session-room": "session", "customer-room": "customer"}


class LimitUse(BaseModel):
    """One limit of one session or customer in the market's day. Values as decimal text, counts as numbers.

    `left` is 0 for a session that has once reached it: a new session opens it again."""

    of: str
    who: str
    product: str
    limit: str
    currency: str
    day: str
    used: str | int
    pending: str | int
    ceiling: str | int
    left: str | int


class LimitsInUse(BaseModel):
    """A page of them, which may be short."""

    limits: list[LimitUse]
    next: Next


class _Use(msgspec.Struct, frozen=True):
    """The same, in numbers that can be compared."""

    product: str
    currency: str
    limit: Limit
    day: str
    used: int
    pending: int
    ceiling: int
    shut: bool

    @property
    def left(self) -> int:
        return 0 if self.shut else max(self.ceiling - self.used - self.pending, 0)

    @property
    def is_over(self) -> bool:
        return self.used + self.pending > self.ceiling

    def shown(self, number: int) -> str | int:
        return format_amount(number, CURRENCIES[self.currency].decimals) if self.limit.measure == "value" else number


@router.get("/{environment}/applications/{application}/limits")
async def show_limits(
    parts: Environment,
    application: Own,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
) -> LimitsInUse:
    """What is used and left of each limit, for up to `limit` sessions and customers that have used any. A page may hold
    fewer of them, and none, while there is a `next`: sessions that have ended are passed over, but not without end."""
    now = await application_of(parts, application)
    found: list[LimitUse] = []
    buckets = looked_at = 0
    async for bucket, row in _rows(parts, now, after):
        uses = list(_uses(parts, now, bucket, row))
        if uses and await _is_open(parts, now, bucket):
            found += [_view(bucket, use) for use in uses]
            buckets += 1
        looked_at += 1
        if buckets == limit or looked_at == LOOKED_AT_MAX:
            return LimitsInUse(limits=found, next=_place(bucket))
    return LimitsInUse(limits=found, next="")


async def used_up(parts: Parts, application: Application, products: Collection[str]) -> list[str]:
    """Limits of these products that are lower than what is used already, in words."""
    over: Counter[tuple[str, str, str, str]] = Counter()
    async for bucket, row in _rows(parts, application, ""):
        uses = [use for use in _uses(parts, application, bucket, row) if use.product in products and use.is_over]
        if uses and await _is_open(parts, application, bucket):
            over.update((use.product, use.limit.name, use.limit.of, use.currency) for use in uses)
    return [
        f"{product}, {name} in {currency}: {number} {of}{' is' if number == 1 else 's are'} past it already"
        for (product, name, of, currency), number in sorted(over.items())
    ]


async def _rows(parts: Parts, application: Application, after: str) -> AsyncIterator[tuple[RecordKey, RoomRow]]:
    """The application's buckets in order, behind one of them: SCANNED_MAX at most, those that have ended too."""
    prefix = row_key(application.application, "")
    last = prefix + after
    for _ in range(SCANNED_MAX // PAGE):
        page = await parts.views.page("rooms", prefix, last, PAGE)
        for key, data in page:
            row = decode_row("rooms", data)
            if isinstance(row, RoomRow):
                yield RecordKey(key.removeprefix(prefix)), row
        if len(page) < PAGE:
            return
        last = page[-1][0]


def _uses(parts: Parts, application: Application, bucket: RecordKey, row: RoomRow) -> Iterator[_Use]:
    """Of each limit that the application has now; none where nobody asks any more."""
    if row.ended:
        return
    of = _of(bucket)
    for name, line in row.room.lines.items():
        product, _, currency = name.partition("/")
        scope = application.configuration.products.get(product)
        day = line.counting_day(day_of(parts.clock.now(), CURRENCIES[currency].time_zone).isoformat())
        for limit in LIMITS:
            if scope is None or limit.of != of or limit.name not in APPLICABLE[product]:
                continue
            ceilings = getattr(scope, limit.name)
            ceiling = ceilings.get(currency) if isinstance(ceilings, dict) else ceilings
            if ceiling is not None:
                yield _use(product, currency, limit, day, line, ceiling)


def _use(product: str, currency: str, limit: Limit, day: str, line: Line, ceiling: int) -> _Use:
    use = line.use(day)
    if limit.measure == "count":
        numbers, peak = (use.count, use.pending_count), line.peak_count
    else:
        numbers, peak = (use.minor, use.pending_minor), line.peak_minor
    return _Use(product, currency, limit, day, *numbers, ceiling, limit.of == "session" and peak >= ceiling)


async def _is_open(parts: Parts, application: Application, bucket: RecordKey) -> bool:
    """Whether room there can still be asked for: a customer's always, a session's as long as it can be used."""
    if _of(bucket) == "customer":
        return True
    name = _who(bucket)
    session = await _record(parts, admission.session_key(SessionHash(name)))
    if isinstance(session, Session):
        return session.trouble(application, parts.clock.now()) is None
    key = await _record(parts, admission.api_key_key(name))
    return isinstance(key, ApiKey) and application.accepts_key(name, parts.clock.now())


async def _record(parts: Parts, key: RecordKey) -> Record | None:
    data = await parts.facts.record(key)
    return decode_record(key, data) if data is not None else None


def _of(bucket: RecordKey) -> str:
    return _OF[bucket.partition("/")[0]]


def _who(bucket: RecordKey) -> str:
    return bucket.rpartition("/")[2]


def _place(bucket: RecordKey) -> str:
    """Where a page ends: `~` sorts behind whatever the hash goes on with."""
    if _of(bucket) == "customer":
        return bucket
    return f"{bucket.partition('/')[0]}/{_who(bucket)[:_HASH_NAMED]}~"


def _view(bucket: RecordKey, use: _Use) -> LimitUse:
    of, who = _of(bucket), _who(bucket)
    return LimitUse(
        of=of,
        who=who if of == "customer" else who[:HASH_SHOWN],
        product=use.product,
        limit=use.limit.name,
        currency=use.currency,
        day=use.day,
        used=use.shown(use.used),
        pending=use.shown(use.pending),
        ceiling=use.shown(use.ceiling),
        left=use.shown(use.left),
    )
