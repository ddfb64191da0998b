"""The life of applications over the management API: made, duplicated, changed, given new keys, removed."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mkondo.domain.admission.applications import OVERLAPS_MAX
from mkondo.domain.environments import LIVE
from mkondo.domain.ids import SessionHash
from mkondo.domain.limits import APPLICABLE
from mkondo.domain.reasons import DAILY_VALUE
from mkondo.domain.room import session_room
from mkondo.domain.views.rooms import row_key
from mkondo.ports.views import ViewBatch
from services.portal.api.rooms import LOOKED_AT_MAX
from tests.unit.portal.world import ASHA, CUSTOMER, JUMA, OPERATOR, STRANGER, World, world

APPLICATIONS = "sandbox/applications"
DUKA = f"{APPLICATIONS}/duka"
C2B = "c2b_single_stage"
LIMITS = {"daily_value": {"TZS": "50.00"}, "customer_daily_count": 3}
NEW = {"name": "Duka", "limits": {C2B: LIMITS}, "trusted_sources": ["10.0.0.0/8"], "release": "1"}


@pytest.fixture
async def mkondo() -> AsyncIterator[World]:
    async with world() as made:
        yield made


async def duka(mkondo: World, **more: Any) -> Any:
    return await mkondo.said("POST", APPLICATIONS, {**NEW, **more}, by=ASHA)


async def listed(mkondo: World, by: str = OPERATOR) -> Any:
    """The applications that somebody may see: all on one page, which says so."""
    said = await mkondo.said("GET", APPLICATIONS, by=by)
    assert said["next"] == ""
    return said["applications"]


async def test_a_new_application_works_with_the_key_that_is_shown_once(mkondo: World) -> None:
    made = await duka(mkondo)
    assert re.fullmatch(r"[0-9A-Za-z]{32}", made["api_key"])
    assert (made["id"], made["version"], made["organisation"], made["products"]) == (
        "duka",
        1,
        "shop",
        list(APPLICABLE),
    )
    assert made["limits"] == {C2B: LIMITS} and made["switches"]["raw_session"] is True
    session = await mkondo.session("duka", made["api_key"])
    assert session is not None and await mkondo.pay("duka", session) == "INS-0"
    assert await mkondo.session("duka", "x" * 32) is None
    shown = await mkondo.said("GET", DUKA)
    assert shown == {name: value for name, value in made.items() if name not in ("api_key", "old_key_until")}


async def test_an_id_is_made_from_the_name_and_is_never_given_twice(mkondo: World) -> None:
    names = [(await duka(mkondo, name=name))["id"] for name in ("Duka la Asha!", "duka LA asha", "Ünïcode", "…")]
    assert names == ["duka-la-asha", "duka-la-asha-2", "n-code", "application"]
    assert (await duka(mkondo, id="duka"))["id"] == "duka"
    assert "another id" in (await mkondo.refused(409, "POST", APPLICATIONS, {**NEW, "id": "duka"}))["mend"]
    await mkondo.said("DELETE", DUKA, by=ASHA)
    await mkondo.refused(409, "POST", APPLICATIONS, {**NEW, "id": "duka"})


async def test_two_that_make_the_same_at_once_make_one(mkondo: World) -> None:
    wanted = [mkondo.call("POST", APPLICATIONS, {**NEW, "id": "duka"}) for _ in range(4)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*wanted)) == [201, 409, 409, 409]


WRONG: dict[str, dict[str, Any]] = {
    "no name": {"name": ""},
    "a name of which nothing is seen": {"name": " \u200b\u3000"},
    "a name of two lines": {"name": "Duka\n2"},
    "an id that is no name": {"id": "a/b"},
    "an id that pins itself": {"id": "a#1"},
    "an id too long": {"id": "x" * 65},
    "an organisation that is no name": {"organisation": "a b"},
    "a shortcode that is no name": {"shortcodes": ["17 17"]},
    "no product": {"products": ["nothing"]},
    "no product, one by one": {"products": {"nothing": True}},
    "no CIDR": {"trusted_sources": ["10.0.0.0/33"]},
    "an address with a NUL behind it": {"trusted_sources": ["fe80::1%\0"]},
    "an address with a story behind it": {"trusted_sources": ["fe80::1%" + "x" * 5_000]},
    "the Origin of every page that has none": {"trusted_sources": ["null"]},
    "the same, as an address of the web": {"trusted_sources": ["https://NULL:8443"]},
    "a negative limit": {"limits": {C2B: {"daily_value": {"TZS": "-1"}}}},
    "too many decimals": {"limits": {C2B: {"daily_value": {"TZS": "1.001"}}}},
    "a usage window of no length": {"limits": {C2B: {"usage_time": {"opens": "08:00", "closes": "08:00"}}}},
    "a session too long": {"session_lifetime_minutes": 30 * 24 * 60 + 1},
    "a session of no length": {"session_lifetime_minutes": 0},
    "a version": {"expected": 1},
    "a misspelt setting": {"shortcode": "171717"},
    "a NUL": {"description": "a\0b"},
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_application_is_refused_and_not_made(mkondo: World, what: str) -> None:
    await mkondo.refused(422, "POST", APPLICATIONS, {**NEW, **WRONG[what]})
    assert await listed(mkondo) == []


async def test_sessions_last_as_long_as_their_environment_allows(mkondo: World) -> None:
    await mkondo.said("POST", f"{LIVE}/applications", {"id": "live", "name": "Live"})
    for environment, minutes, status in (
        (LIVE, 4, 422), (LIVE, 5, 200), (LIVE, 24 * 60, 200), (LIVE, 24 * 60 + 1, 422),
    ):  # fmt: skip
        change = {"session_lifetime_minutes": minutes}
        assert (await mkondo.call("PATCH", f"{environment}/applications/live", change)).status_code == status, minutes
    await duka(mkondo, session_lifetime_minutes=1)
    await mkondo.said("PATCH", DUKA, {"session_lifetime_minutes": 30 * 24 * 60})
    await mkondo.refused(422, "PATCH", DUKA, {"session_lifetime_minutes": 30 * 24 * 60 + 1})


async def test_live_applications_are_strict_and_have_shortcodes(mkondo: World) -> None:
    made = await mkondo.said(
        "POST", f"{LIVE}/applications", {"name": "Live", "organisation": "shop", "shortcodes": ["171717"]}
    )
    assert made["shortcodes"] == ["171717"] and not any(
        on for name, on in made["switches"].items() if name not in ("sufficient_balance_as_text", "reversed_as_boolean")
    )
    found = await mkondo.said("GET", f"{LIVE}/applications", by=JUMA)
    assert found == {"applications": [await mkondo.said("GET", f"{LIVE}/applications/live")], "next": ""}


async def test_a_duplicate_has_everything_but_the_key_and_the_history(mkondo: World) -> None:
    made = await duka(mkondo)
    await mkondo.said("PUT", "sandbox/handsets/255700000001?application=duka", {"behaviour": "cancel"}, by=ASHA)
    source = await mkondo.said("GET", DUKA)
    copy = await mkondo.said("POST", f"{DUKA}/duplicate", {"release": "2.0"}, by=ASHA)
    own = {"id": "duka-2.0", "version": 1, "release": "2.0", "api_key": copy["api_key"], "old_key_until": 0}
    assert copy == {**source, **own} and copy["api_key"] != made["api_key"]
    assert copy["test_msisdns"] == {"255700000001": "cancel"}
    assert [one["version"] for one in (await mkondo.said("GET", f"{APPLICATIONS}/duka-2.0/history"))["history"]] == [1]
    session = await mkondo.session("duka-2.0", copy["api_key"])
    assert session is not None and await mkondo.session("duka", copy["api_key"]) is None
    await mkondo.refused(409, "POST", f"{DUKA}/duplicate", {"id": "duka-2.0"})
    assert (await mkondo.said("POST", f"{DUKA}/duplicate", {}))["id"] == "duka-copy"
    await mkondo.refused(404, "POST", f"{APPLICATIONS}/nobody/duplicate", {})


async def test_versions_side_by_side_have_room_and_limits_of_their_own(mkondo: World) -> None:
    keys = {"duka": (await duka(mkondo))["api_key"]}
    keys["two"] = (await mkondo.said("POST", f"{DUKA}/duplicate", {"id": "two"}))["api_key"]
    sessions = {name: await mkondo.session(name, key) for name, key in keys.items()}
    for name, session in sessions.items():
        assert session is not None
        assert [await mkondo.pay(name, session, 50_00), await mkondo.pay(name, session, 1_00)] == ["INS-0", DAILY_VALUE]
    await mkondo.said("PATCH", f"{APPLICATIONS}/two", {"limits": {C2B: {"daily_value": None}}})
    codes = [await mkondo.pay(name, session, 1_00) for name, session in sessions.items() if session]
    assert codes == [DAILY_VALUE, "INS-0"]


async def test_an_old_key_works_beside_the_new_one_for_as_long_as_was_asked(mkondo: World) -> None:
    old = (await duka(mkondo))["api_key"]
    before = await mkondo.session("duka", old)
    given = await mkondo.said("POST", f"{DUKA}/keys", {"overlap_seconds": 60}, by=ASHA)
    assert given["old_key_until"] == mkondo.clock.now() + 60_000 and given["version"] == 2
    assert all([await mkondo.session("duka", key) for key in (old, given["api_key"])])
    mkondo.clock.advance(60_001)
    assert await mkondo.session("duka", old) is None and await mkondo.session("duka", given["api_key"])
    assert before is not None and await mkondo.pay("duka", before) == "INS-989"


async def test_without_an_overlap_the_old_key_and_its_sessions_end_at_once(mkondo: World) -> None:
    old = (await duka(mkondo))["api_key"]
    before = await mkondo.session("duka", old)
    given = await mkondo.said("POST", f"{DUKA}/keys", {"overlap_seconds": 0})
    assert given["old_key_until"] == 0 and await mkondo.session("duka", old) is None
    assert before is not None and await mkondo.pay("duka", before) == "INS-989"
    for wrong in ({}, {"overlap_seconds": -1}, {"overlap_seconds": 30 * 86_400 + 1}, {"overlap_seconds": 1.5}):
        await mkondo.refused(422, "POST", f"{DUKA}/keys", wrong)
    await mkondo.refused(409, "POST", f"{DUKA}/keys", {"overlap_seconds": 0, "expected": 1})
    assert await mkondo.session("duka", given["api_key"])


async def test_one_key_too_many_is_refused_with_the_way_out(mkondo: World) -> None:
    await duka(mkondo)
    for _ in range(OVERLAPS_MAX):
        await mkondo.said("POST", f"{DUKA}/keys", {"overlap_seconds": 60})
    said = await mkondo.refused(422, "POST", f"{DUKA}/keys", {"overlap_seconds": 60})
    assert "overlap of 0" in said["error"]
    await mkondo.said("PATCH", DUKA, {"release": "2"})
    await mkondo.said("POST", f"{DUKA}/keys", {"overlap_seconds": 0})


async def test_what_is_removed_has_ended_and_is_not_found_again(mkondo: World) -> None:
    key = (await duka(mkondo))["api_key"]
    session = await mkondo.session("duka", key)
    assert await mkondo.said("DELETE", DUKA, by=ASHA) == {"id": "duka", "version": 2, "removed": True}
    assert session is not None and await mkondo.pay("duka", session) == "INS-989"
    assert await mkondo.session("duka", key) is None and await listed(mkondo) == []
    for method, path, body in (
        ("DELETE", DUKA, None), ("GET", DUKA, None), ("PATCH", DUKA, {"name": "x"}), ("GET", f"{DUKA}/limits", None),
        ("POST", f"{DUKA}/keys", {"overlap_seconds": 0}), ("POST", f"{DUKA}/duplicate", {}),
    ):  # fmt: skip
        await mkondo.refused(404, method, path, body, by=ASHA)
    assert (await mkondo.said("GET", f"{DUKA}/history", by=ASHA))["history"][-1]["changes"] == [
        {"field": "removed", "before": False, "after": True}
    ]


async def test_the_history_tells_who_changed_what_and_never_a_key(mkondo: World) -> None:
    key = (await duka(mkondo))["api_key"]
    await mkondo.said("PATCH", DUKA, {"release": "2", "products": {"b2c_payment": False}})
    given = await mkondo.said("POST", f"{DUKA}/keys", {"overlap_seconds": 60}, by=ASHA)
    told = (await mkondo.said("GET", f"{DUKA}/history", by=JUMA))["history"]
    assert [(one["version"], one["by"]) for one in told] == [(1, ASHA), (2, OPERATOR), (3, ASHA)]
    assert all(one["at"] == mkondo.clock.now() for one in told)
    first = {one["field"]: one for one in told[0]["changes"]}
    assert first["name"] == {"field": "name", "before": None, "after": "Duka"} and "api_key" in first
    second = {one["field"]: (one["before"], one["after"]) for one in told[1]["changes"]}
    assert second.keys() == {"release", "products"} and second["release"] == ("1", "2")
    (third,) = told[2]["changes"]
    assert third["field"] == "api_key" and third["before"].startswith("works until 2024-11-30T")
    assert not any(secret in str(told) for secret in (key, given["api_key"], "hash"))
    assert await mkondo.said("GET", f"{DUKA}/history?after=1&limit=1") == {"history": told[1:2], "next": "2"}
    assert await mkondo.said("GET", f"{DUKA}/history?after=3") == {"history": [], "next": ""}
    for start in ("", "?after=0"):
        await mkondo.refused(404, "GET", f"{APPLICATIONS}/nobody/history{start}")
    await mkondo.refused(422, "GET", f"{DUKA}/history?after=x")


async def test_limits_are_shown_by_session_and_customer_as_they_are_used(mkondo: World) -> None:
    key = (await duka(mkondo))["api_key"]
    session = await mkondo.session("duka", key)
    assert session is not None and await mkondo.pay("duka", session, 20_00) == "INS-0"
    shown = await mkondo.said("GET", f"{DUKA}/limits", by=JUMA)
    common = {"product": C2B, "currency": "TZS", "day": "2024-11-30"}
    mine = {"of": "session", "who": session[:12], "limit": "daily_value", "used": "20.00", "pending": "0.00",
            "ceiling": "50.00", "left": "30.00"}  # fmt: skip
    theirs = {"of": "customer", "who": CUSTOMER, "limit": "customer_daily_count", "used": 1, "pending": 0,
              "ceiling": 3, "left": 2}  # fmt: skip
    assert shown == {"limits": [theirs | common, mine | common], "next": ""}
    first = await mkondo.said("GET", f"{DUKA}/limits?limit=1")
    assert first["limits"] == shown["limits"][:1]
    second = await mkondo.said("GET", f"{DUKA}/limits?limit=1&after={first['next']}")
    assert second["limits"] == shown["limits"][1:]
    assert await mkondo.said("GET", f"{DUKA}/limits?limit=1&after={second['next']}") == {"limits": [], "next": ""}
    assert session not in str(second)


async def test_a_session_that_has_ended_is_shown_no_more_and_one_that_is_full_has_nothing_left(mkondo: World) -> None:
    key = (await duka(mkondo))["api_key"]
    session = await mkondo.session("duka", key)
    assert session is not None and await mkondo.pay("duka", session, 50_00) == "INS-0"
    shown = (await mkondo.said("GET", f"{DUKA}/limits"))["limits"]
    assert [one["left"] for one in shown] == [2, "0.00"]
    await mkondo.said("POST", f"{DUKA}/keys", {"overlap_seconds": 0})
    shown = (await mkondo.said("GET", f"{DUKA}/limits"))["limits"]
    assert [(one["of"], one["left"]) for one in shown] == [("customer", 2)]
    mkondo.clock.advance(86_400_000)
    shown = (await mkondo.said("GET", f"{DUKA}/limits"))["limits"]
    assert [(one["day"], one["used"], one["left"]) for one in shown] == [("2024-12-01", 0, 3)]


async def test_no_request_looks_at_all_the_sessions_that_ended_today(mkondo: World) -> None:
    key = (await duka(mkondo))["api_key"]
    session = await mkondo.session("duka", key)
    assert session is not None and await mkondo.pay("duka", session) == "INS-0"
    (_, mine) = (await mkondo.said("GET", f"{DUKA}/limits"))["limits"]
    views = mkondo.cores["sandbox"].views
    name = row_key("duka", session_room(session))
    used = (await views.read("rooms", [name]))[name]
    ended = [SessionHash(f"{number:016x}" + "f" * 48) for number in range(2 * LOOKED_AT_MAX)]
    rows = {row_key("duka", session_room(one)): used for one in ended}
    await views.apply(await views.positions(), ViewBatch(await views.positions(), {"rooms": rows}))
    pages = [await mkondo.said("GET", f"{DUKA}/limits")]
    while pages[-1]["next"]:
        pages.append(await mkondo.said("GET", f"{DUKA}/limits?after={pages[-1]['next']}"))
    assert len(pages) == 3 and mine in pages[0]["limits"] and [page["limits"] for page in pages[1:]] == [[], []]


async def test_a_session_that_was_full_has_nothing_left_after_midnight_either(mkondo: World) -> None:
    key = (await duka(mkondo))["api_key"]
    session = await mkondo.session("duka", key)
    assert session is not None and await mkondo.pay("duka", session, 50_00) == "INS-0"
    mkondo.clock.advance(600_000)  # it was seven minutes to midnight in Tanzania
    (mine,) = [one for one in (await mkondo.said("GET", f"{DUKA}/limits"))["limits"] if one["of"] == "session"]
    assert (mine["day"], mine["used"], mine["left"]) == ("2024-12-01", "0.00", "0.00")
    assert await mkondo.pay("duka", session, 1) == DAILY_VALUE


async def test_a_limit_below_what_is_used_is_taken_with_a_warning(mkondo: World) -> None:
    key = (await duka(mkondo))["api_key"]
    session = await mkondo.session("duka", key)
    assert session is not None and await mkondo.pay("duka", session, 20_00) == "INS-0"
    fine = await mkondo.said("PATCH", DUKA, {"limits": {C2B: {"daily_value": {"TZS": "20.00"}}}})
    tight = await mkondo.said("PATCH", DUKA, {"limits": {C2B: {"daily_value": {"TZS": "19.99"}}}})
    assert "warnings" not in fine and tight["limits"][C2B]["daily_value"] == {"TZS": "19.99"}
    assert tight["warnings"] == [f"{C2B}, daily_value in TZS: 1 session is past it already"]
    shown = (await mkondo.said("GET", f"{DUKA}/limits"))["limits"]
    assert [one["left"] for one in shown] == [2, "0.00"]
    assert await mkondo.pay("duka", session, 1) == DAILY_VALUE


async def test_a_session_that_has_ended_with_its_scope_is_past_no_limit(mkondo: World) -> None:
    key = (await duka(mkondo))["api_key"]
    session = await mkondo.session("duka", key)
    assert session is not None and await mkondo.pay("duka", session, 20_00) == "INS-0"
    await mkondo.said("PATCH", DUKA, {"products": {"b2c_payment": False}})
    tight = await mkondo.said("PATCH", DUKA, {"limits": {C2B: {"daily_value": {"TZS": "19.99"}}}})
    assert "warnings" not in tight


async def test_products_are_switched_one_by_one(mkondo: World) -> None:
    await duka(mkondo)
    changed = await mkondo.said("PATCH", DUKA, {"products": {"b2c_payment": False, "b2b_payment": False}})
    assert changed["products"] == [name for name in APPLICABLE if name not in ("b2c_payment", "b2b_payment")]
    changed = await mkondo.said("PATCH", DUKA, {"products": {"b2c_payment": True}})
    assert set(changed["products"]) == set(APPLICABLE) - {"b2b_payment"}
    await mkondo.refused(422, "PATCH", DUKA, {"products": {"b2c_payment": "no"}})


async def test_of_two_edits_of_the_same_version_the_second_is_told(mkondo: World) -> None:
    await duka(mkondo)
    edits = [mkondo.call("PATCH", DUKA, {"expected": 1, "description": text}) for text in "ab"]
    answers = await asyncio.gather(*edits)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await mkondo.said("GET", DUKA))["description"] == won["description"]


async def test_everybody_lists_what_they_may_see(mkondo: World) -> None:
    await duka(mkondo, id="one")
    await duka(mkondo, id="two")
    await mkondo.said("POST", APPLICATIONS, {"id": "free", "name": "Nobody's"})
    seen = {
        by: {one["id"] for one in await listed(mkondo, by=by)}
        for by in (OPERATOR, ASHA, JUMA, STRANGER, "application/one")
    }
    assert seen == {
        OPERATOR: {"one", "two", "free"}, ASHA: {"one", "two"}, JUMA: {"one", "two"}, STRANGER: set(),
        "application/one": {"one"},
    }  # fmt: skip
