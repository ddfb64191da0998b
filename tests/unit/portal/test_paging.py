"""Every list in pages: nothing left out, nothing twice, and no call that looks at more than its share."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.contracts.views import encode_row
from mkondo.domain.endpoint import endpoint_name
from mkondo.domain.mandate import Mandate, MandateKey, Terms
from mkondo.domain.room import EMPTY, Room, customer_room
from mkondo.domain.views import mandates
from mkondo.domain.views.rooms import RoomRow, row_key
from mkondo.ports.views import ViewBatch
from mkondo.testing.builders import C2B
from services.portal.api import applications, paging, rooms
from services.portal.api.app import management_api
from services.portal.api.paging import chosen
from tests.unit.portal.test_access import TOKENS
from tests.unit.portal.test_results import DUKA, GONE, URL, queue, tell
from tests.unit.portal.world import ASHA, OPERATOR, STRANGER, World, world

MOST = 3
"""Rows that one call may look at, here."""
LIMITED = {"limits": {C2B: {"customer_daily_count": 100}}}


@pytest.fixture
async def mkondo(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    for module in (paging, applications, rooms):
        monkeypatch.setattr(module, "LOOKED_AT_MAX", MOST)
    async with world() as made:
        await made.said("POST", "sandbox/applications", {"id": "duka", "name": "Duka", "response_url": URL}, by=ASHA)
        yield made


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows of the store and the views each request has looked at, in all its looks at a page of them."""
    looks = [0]
    call = World.call

    async def counted_call(*asked: Any, **named: Any) -> Any:
        looks.append(0)
        return await call(*asked, **named)

    def counted(page: Callable[..., Any]) -> Callable[..., Any]:
        async def look(*asked: Any) -> Any:
            rows = await page(*asked)
            looks[-1] += len(rows)
            return rows

        return look

    for kind in (MemoryStore, MemoryViews):
        monkeypatch.setattr(kind, "page", counted(kind.page))
    monkeypatch.setattr(World, "call", counted_call)
    return looks


async def pages(mkondo: World, path: str, name: str, *, limit: int, by: str = OPERATOR) -> list[list[Any]]:
    found, after = [], ""
    while True:
        said = await mkondo.said("GET", f"{path}{'&' if '?' in path else '?'}limit={limit}&after={after}", by=by)
        assert said.keys() == {name, "next"}
        found.append(said[name])
        if not (after := said["next"]):
            return found


async def shown(mkondo: World, view: str, rows: Mapping[str, Struct]) -> None:
    """The rows stand in the view, as if events had made them."""
    views = mkondo.cores["sandbox"].views
    stand = await views.positions()
    await views.apply(stand, ViewBatch(stand, {view: {key: encode_row(row) for key, row in rows.items()}}))


def whole(found: list[list[Any]], key: str) -> list[Any]:
    return [one[key] for page in found for one in page]


async def test_the_lists_of_an_application_are_the_same_in_pages_of_any_size(mkondo: World) -> None:
    for number in range(7):
        await mkondo.said("PATCH", "sandbox/applications/duka", {"release": str(number), **LIMITED}, by=ASHA)
        await mkondo.said("PUT", f"sandbox/handsets/25575500000{number}?application=duka", {}, by=ASHA)
        url = f"https://duka.example/{number}"
        await queue(mkondo, f"p{number}", url=url)
        await tell(mkondo, f"p{number}", GONE, url=url)
        await mkondo.said("POST", "sandbox/digests", {})
    customers = [f"25575500000{number}" for number in range(7)]
    mandate = Mandate(MandateKey(DUKA, "vodacomTZN", "Gym1", customers[0]), "", "token==", "000000", Terms("08"))
    made = {one: mandates.row_of(replace(mandate, mandate_id=one)) for one in (f"m{number}" for number in range(7))}
    await shown(mkondo, "mandates", {mandates.row_key(DUKA, one): row for one, row in made.items()})
    used = RoomRow(DUKA, Room({f"{C2B}/TZS": EMPTY}))
    await shown(mkondo, "rooms", {row_key(DUKA, customer_room(DUKA, one)): used for one in customers})
    addresses = [f"https://duka.example/{number}" for number in range(7)]
    for path, name, key, wanted in (
        ("sandbox/applications/duka/history", "history", "version", list(range(1, 16))),
        ("sandbox/handsets?application=duka", "handsets", "msisdn", customers),
        ("sandbox/mandates?application=duka", "mandates", "mandate_id", [f"m{number}" for number in range(7)]),
        ("sandbox/applications/duka/limits", "limits", "who", customers),
        ("sandbox/digests", "digests", "number", list(range(1, 8))),
        ("sandbox/endpoints?application=duka", "endpoints", "url",
         sorted(addresses, key=lambda url: endpoint_name(DUKA, url))),
        ("sandbox/deliveries?application=duka", "deliveries", "id",
         sorted([f"p{number}" for number in range(7)] + [f"after-p{number}-" for number in range(7)])),
    ):  # fmt: skip
        for limit in (1, 2, 100):
            found = await pages(mkondo, path, name, limit=limit)
            assert whole(found, key) == wanted, (name, limit)
            assert all(len(page) <= limit for page in found)


async def test_a_state_that_is_rare_is_looked_for_page_by_page(mkondo: World, looked_at: list[int]) -> None:
    names = [f"p{number}" for number in range(10)]
    await queue(mkondo, *names)
    await tell(mkondo, "p9", GONE, url=URL)
    looked_at.clear()
    found = await pages(mkondo, "sandbox/deliveries?application=duka&state=abandoned", "deliveries", limit=500)
    assert [[one["id"] for one in page] for page in found] == [["after-p9-"], [], [], ["p9"]]
    assert max(looked_at) == MOST and sum(looked_at) == 11
    for limit in (1, 2):
        states = "sandbox/deliveries?application=duka&state="
        assert len(whole(await pages(mkondo, f"{states}queued", "deliveries", limit=limit), "id")) == 9
        assert len(whole(await pages(mkondo, f"{states}abandoned", "deliveries", limit=limit), "id")) == 2


async def test_applications_are_listed_over_all_partitions_and_others_are_passed_over(
    mkondo: World, looked_at: list[int]
) -> None:
    names = {f"shop-{number}" for number in range(9)}
    for name in names:
        await mkondo.said("POST", "sandbox/applications", {"id": name, "name": name}, by=ASHA)
    await mkondo.said("POST", "sandbox/applications", {"id": "theirs", "name": "Theirs"}, by=STRANGER)
    for limit in (1, 2, 500):
        looked_at.clear()
        found = whole(await pages(mkondo, "sandbox/applications", "applications", limit=limit), "id")
        assert sorted(found) == sorted({*names, "duka", "theirs"}) and max(looked_at) <= MOST
        seen = await pages(mkondo, "sandbox/applications", "applications", limit=limit, by=STRANGER)
        assert whole(seen, "id") == ["theirs"] and [] in seen


def test_a_page_ends_with_what_was_looked_at() -> None:
    rows = [("a", 1), ("b", 2), ("c", 3)]
    assert chosen(rows, 2, is_all=True) == ([1, 2], "b")
    assert chosen(rows, 3, is_all=True) == ([1, 2, 3], "")
    assert chosen(rows, 3, is_all=False) == ([1, 2, 3], "c")
    assert chosen(rows, 3, lambda row: row == 1, is_all=False) == ([1], "c")
    assert chosen(rows, 1, lambda row: row == 3, is_all=True) == ([3], "")
    assert chosen([], 1, is_all=True) == ([], "")


def test_no_route_answers_with_a_list_that_has_no_next() -> None:
    """A list that stands by itself can't say where to go on."""
    described = management_api({}, TOKENS).openapi()
    lists = set()
    for path, methods in described["paths"].items():
        if "get" not in methods:
            continue
        content = methods["get"]["responses"]["200"].get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        assert schema.get("type") != "array", path
        answer = described["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
        if "next" in answer.get("properties", {}):
            lists.add(path.removeprefix("/{environment}/"))
            assert {"after", "limit"} <= {field["name"] for field in methods["get"]["parameters"]}, path
    assert lists == {
        "applications", "applications/{application}/history", "applications/{application}/limits", "handsets",
        "mandates", "deliveries", "results", "endpoints", "digests",
    }  # fmt: skip
