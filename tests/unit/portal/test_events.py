"""The events over the management API: page after page, everybody's or one's own, and every wrong place refused."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mkondo.contracts.cursor import encode_cursor
from tests.unit.portal.test_applications import duka
from tests.unit.portal.world import ASHA, JUMA, STRANGER, World, world

EVENTS = "sandbox/events"
DUKA = "application/duka"


@pytest.fixture
async def mkondo() -> AsyncIterator[World]:
    async with world() as made:
        yield made


async def everything(mkondo: World, query: str = "", *, by: str = "operator", limit: int = 1000) -> list[Any]:
    """All events so far, page by page."""
    events: list[Any] = []
    after, more = "", True
    while more:
        page = await mkondo.said("GET", f"{EVENTS}?limit={limit}&after={after}&{query}", by=by)
        assert len(page["events"]) <= limit
        events += page["events"]
        after, more = page["next"], page["more"]
    return events


async def paid(mkondo: World, **more: Any) -> Any:
    """An application that has been paid once."""
    made = await duka(mkondo, trusted_sources=["*"], **more)
    session = await mkondo.session(made["id"], made["api_key"])
    assert session is not None
    assert await mkondo.pay(made["id"], session) == "INS-0"
    return made


def types_of(events: list[Any]) -> set[str]:
    return {event["type"].split(".")[1] for event in events}


async def test_an_operator_reads_everything_in_order_whatever_the_page(mkondo: World) -> None:
    await paid(mkondo)
    events = await everything(mkondo)
    assert {"ApplicationChanged", "SessionOpened", "PaymentAdmitted", "PaymentCompleted", "CreditApplied"} <= types_of(
        events
    )
    places: dict[str, list[int]] = {}
    for event in events:
        places.setdefault(event["source"], []).append(int(event["sequence"]))
    assert all(found == list(range(1, len(found) + 1)) for found in places.values())
    for limit in (1, 3, 10):
        again = await everything(mkondo, limit=limit)
        assert sorted(event["id"] for event in again) == sorted(event["id"] for event in events)


async def test_behind_latest_there_is_only_what_comes(mkondo: World) -> None:
    await paid(mkondo)
    start = await mkondo.said("GET", f"{EVENTS}?after=latest")
    assert (start["events"], start["more"]) == ([], False)
    await duka(mkondo, name="Second")
    page = await mkondo.said("GET", f"{EVENTS}?after={start['next']}")
    assert types_of(page["events"]) == {"ApplicationChanged"}


async def test_types_are_chosen_by_name(mkondo: World) -> None:
    await paid(mkondo)
    assert types_of(await everything(mkondo, "types=PaymentCompleted,%20CreditApplied")) == {
        "PaymentCompleted",
        "CreditApplied",
    }
    said = await mkondo.refused(422, "GET", f"{EVENTS}?types=PaymentCompleted,RequestPayment")
    assert "RequestPayment" in said["error"]


async def test_others_read_their_own_applications_events_and_no_others(mkondo: World) -> None:
    await paid(mkondo)
    other = await mkondo.said("POST", "sandbox/applications", {"name": "Other"}, by=STRANGER)
    own = await everything(mkondo, by=DUKA)
    assert {"PaymentCompleted", "SessionOpened", "JournalEntryPosted", "CreditApplied"} <= types_of(own)
    assert await everything(mkondo, "application=duka", by=ASHA) == own
    assert await everything(mkondo, "application=duka", by=JUMA) == own
    assert await everything(mkondo, "application=duka") == own
    ids = {event["id"] for event in own}
    rest = [event for event in await everything(mkondo) if event["id"] not in ids]
    assert rest and types_of(rest) == {"ApplicationChanged"}  # the other one's
    for by in (DUKA, STRANGER):
        hidden = other["id"] if by == DUKA else "duka"
        await mkondo.refused(403, "GET", f"{EVENTS}?application={hidden}", by=by)
    await mkondo.refused(422, "GET", EVENTS, by=ASHA)  # which of her applications?
    await mkondo.refused(403, "GET", "openapi/events", by=DUKA)


async def test_a_wrong_place_is_refused_with_what_to_do(mkondo: World) -> None:
    await paid(mkondo)
    for cursor in ("x", "%C3%A9", encode_cursor("openapi", {"ledger/3": 1})):
        said = await mkondo.refused(422, "GET", f"{EVENTS}?after={cursor}")
        assert "after=latest" in said["mend"]
    for source in ("ledger/3", "nobody/3"):
        said = await mkondo.refused(410, "GET", f"{EVENTS}?after={encode_cursor('sandbox', {source: 10**6})}")
        assert "wiped" in said["error"]
    for limit in ("0", "1001", "x"):
        await mkondo.refused(422, "GET", f"{EVENTS}?limit={limit}")
