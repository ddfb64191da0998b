"""The feed of results, replays, endpoints and webhook secrets over the management API."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from mkondo.contracts.journal import Partition
from mkondo.contracts.signature import distrust, read_secret
from mkondo.domain import deliveries
from mkondo.domain.delivery import HOUR_MS, QueueCallback, Receipt, RecordAttempt
from mkondo.domain.ids import ApplicationId, PaymentId, partition_of
from mkondo.domain.request import Ask, RequestAnswered
from mkondo.testing.builders import service_request
from services.portal.api import replays
from tests.unit.portal.world import ASHA, SEALING, World, world

DUKA = ApplicationId("duka")
URL, OTHER_URL = "https://duka.example/results", "https://duka.example/new"
OWNER = Partition(deliveries.NAME, partition_of(DUKA))
GOOD, GONE = Receipt(True, 200), Receipt(False, 410, "answered HTTP 410")


@pytest.fixture
async def mkondo() -> AsyncIterator[World]:
    async with world() as made:
        await made.said("POST", "sandbox/applications", {"name": "Duka", "response_url": URL}, by=ASHA)
        yield made


async def queue(mkondo: World, *names: str, url: str = URL) -> None:
    """Results of reads, which go to callbacks without another decider."""
    core = mkondo.cores["sandbox"]
    for name in names:
        request = service_request(name, "query_beneficiary_name", Ask(), application=DUKA, response_url=url)
        with core.desk.ask(name) as question:
            answered = RequestAnswered(replace(request, reply_to=question.reply_to), "INS-0", outputs={})
            await core.log.send_command(OWNER, QueueCallback(answered, question.reply_to))
            async with asyncio.timeout(5):
                await question.answer()


async def tell(mkondo: World, name: str, receipt: Receipt, replay: str = "", url: str = URL) -> None:
    """What came of its first attempt; a refused replay afterwards proves that it was decided."""
    core = mkondo.cores["sandbox"]
    await core.log.send_command(OWNER, RecordAttempt(PaymentId(name), DUKA, 1, receipt, 0, url, replay))
    await queue(mkondo, f"after-{name}-{replay}")


@contextlib.contextmanager
def no_keys() -> Iterator[None]:
    """The file of keys is lost."""
    keys, SEALING._keys = SEALING._keys, {}
    try:
        yield
    finally:
        SEALING._keys = keys


async def feed(mkondo: World, query: str = "") -> Any:
    return await mkondo.said("GET", f"sandbox/results?application=duka{query}", by=ASHA)


async def test_results_stand_in_their_order_behind_a_cursor(mkondo: World) -> None:
    names = [f"p{number}" for number in range(12)]
    await queue(mkondo, *names)
    found, cursor = [], ""
    while page := (said := await feed(mkondo, f"&after={cursor}&limit=5"))["results"]:
        found += page
        cursor = said["next"]
        assert cursor == page[-1]["cursor"]
    assert [one["id"] for one in found] == names
    assert [int(one["cursor"]) for one in found] == sorted(int(one["cursor"]) for one in found)
    assert found[0]["operation"] == "query_beneficiary_name" and found[0]["url"] == URL
    assert json.loads(found[0]["body"])["input_OriginalConversationID"] == "p0" == found[0]["headers"]["webhook-id"]
    assert "webhook-signature" not in found[0]["headers"]


async def test_the_newest_cursor_is_behind_everything_and_before_what_comes(mkondo: World) -> None:
    await queue(mkondo, "p1", "p2")
    newest = (await feed(mkondo, "&after=newest"))["next"]
    assert (await feed(mkondo, f"&after={newest}")) == {"results": [], "next": newest}
    await queue(mkondo, "p3")
    assert [one["id"] for one in (await feed(mkondo, f"&after={newest}"))["results"]] == ["p3"]


async def test_a_cursor_from_before_the_data_were_wiped_is_told(mkondo: World) -> None:
    """It would else be answered with nothing until the journal has grown past it, and all of that be missed."""
    await queue(mkondo, "p1")
    newest = int((await feed(mkondo, "&after=newest"))["next"])
    assert (await feed(mkondo, f"&after={newest}"))["results"] == []
    said = await mkondo.refused(410, "GET", f"sandbox/results?application=duka&after={newest + 1}&wait=9", by=ASHA)
    assert "wiped" in str(said)


async def test_nobody_sees_results_of_another_application(mkondo: World) -> None:
    await queue(mkondo, "p1")
    await mkondo.said("POST", "sandbox/applications", {"name": "Duka2"}, by=ASHA)
    assert (await mkondo.said("GET", "sandbox/results?application=duka2", by=ASHA))["results"] == []


async def test_whoever_waits_is_answered_when_the_next_result_is_there(mkondo: World) -> None:
    waiting = asyncio.create_task(feed(mkondo, "&wait=10"))
    await queue(mkondo, "p1")
    while not waiting.done():
        await mkondo.cores["sandbox"].projector.catch_up()
        await asyncio.sleep(0)
    assert [one["id"] for one in (await waiting)["results"]] == ["p1"]


async def test_whoever_waits_is_answered_when_the_platform_stops(mkondo: World) -> None:
    async with asyncio.timeout(5):
        waiting = asyncio.create_task(feed(mkondo, "&wait=30"))
        await asyncio.sleep(0)
        mkondo.stop()
        assert await waiting == {"results": [], "next": "0"}


@pytest.mark.parametrize(
    "query", ["&after=x", "&after=-1", "&wait=31", "&wait=-1", "&limit=0", "&limit=501", "&after=%D9%A3"]
)
async def test_what_is_no_cursor_or_out_of_bounds_is_refused(mkondo: World, query: str) -> None:
    await mkondo.refused(422, "GET", f"sandbox/results?application=duka{query}", by=ASHA)


async def test_an_application_that_never_was_has_no_feed(mkondo: World) -> None:
    await mkondo.refused(404, "GET", "sandbox/results?application=nobody")


async def test_a_secret_is_shown_once_sealed_in_the_store_and_signs_the_feed(mkondo: World) -> None:
    path = "sandbox/applications/duka/webhook-secret"
    first = (await mkondo.said("POST", path, {"overlap_seconds": 0}, by=ASHA))["webhook_secret"]
    said = await mkondo.said("POST", path, {"overlap_seconds": 3_600}, by=ASHA)
    second = said["webhook_secret"]
    assert said["old_secret_until"] == mkondo.clock.now() + HOUR_MS and said["signs_results"]
    await queue(mkondo, "p1")
    (one,) = (await feed(mkondo))["results"]
    for secret in (first, second):
        assert distrust([read_secret(secret)], one["headers"], int(time.time()), one["body"].encode()) == ""
    rows = await mkondo.cores["sandbox"].store.read_journal(f"admission/{partition_of(DUKA)}", 0, 100)
    shown = [
        await mkondo.said("GET", f"sandbox/applications{rest}", by=ASHA) for rest in ("", "/duka", "/duka/history")
    ]
    for where in (*(row.data.decode() for row in rows), json.dumps(shown)):
        assert not any(secret.removeprefix("whsec_") in where for secret in (first, second))
    assert "v1.k1." not in json.dumps(shown), "not even sealed"
    (change,) = shown[2]["history"][-1]["changes"]
    assert change["field"] == "webhook_secret" and change["before"].startswith("works until")


async def test_a_copy_does_not_sign_with_the_secret_of_another(mkondo: World) -> None:
    await mkondo.said("POST", "sandbox/applications/duka/webhook-secret", {"overlap_seconds": 0}, by=ASHA)
    copy = await mkondo.said("POST", "sandbox/applications/duka/duplicate", {"id": "copy"}, by=ASHA)
    assert not copy["signs_results"]


async def test_a_lost_key_is_told_and_a_new_secret_mends_it(mkondo: World) -> None:
    await mkondo.said("POST", "sandbox/applications/duka/webhook-secret", {"overlap_seconds": 0}, by=ASHA)
    await queue(mkondo, "p1")
    with no_keys():
        told = await mkondo.refused(503, "GET", "sandbox/results?application=duka", by=ASHA)
    assert "the key k1, which is not among the keys here" in told["mend"]


async def test_a_secret_is_opened_once_and_not_for_each_page_of_the_feed(mkondo: World) -> None:
    await mkondo.said("POST", "sandbox/applications/duka/webhook-secret", {"overlap_seconds": 0}, by=ASHA)
    await queue(mkondo, "p1")
    (one,) = (await feed(mkondo))["results"]
    with no_keys():
        (again,) = (await feed(mkondo))["results"]
    assert again["headers"].keys() == one["headers"].keys() >= {"webhook-signature"}


async def test_one_result_is_replayed_with_its_id_and_body_to_the_present_address(mkondo: World) -> None:
    await queue(mkondo, "p1")
    path = "sandbox/deliveries/p1/replay?application=duka"
    assert "on its way" in (await mkondo.refused(409, "POST", path, by=ASHA))["error"]
    await tell(mkondo, "p1", GOOD)
    await mkondo.said("PATCH", "sandbox/applications/duka", {"response_url": OTHER_URL}, by=ASHA)
    assert await mkondo.said("POST", path, by=ASHA) == {"id": "p1", "url": OTHER_URL, "disabled": False}
    first, _, again = (await feed(mkondo))["results"]
    assert (again["id"], again["body"], again["url"]) == (first["id"], first["body"], OTHER_URL)
    assert (first["replayed_by"], again["replayed_by"]) == ("", ASHA)
    row = await mkondo.said("GET", "sandbox/deliveries/p1?application=duka", by=ASHA)
    assert (row["state"], row["url"], row["replayed_by"], len(row["attempts"])) == ("queued", OTHER_URL, ASHA, 1)


async def test_an_address_that_the_request_named_itself_stays_its_own(mkondo: World) -> None:
    await mkondo.said("PATCH", "sandbox/applications/duka", {"response_url_override": True}, by=ASHA)
    await queue(mkondo, "p1", url="https://elsewhere.example/")
    await queue(mkondo, "p2")
    await mkondo.said("PATCH", "sandbox/applications/duka", {"response_url": OTHER_URL}, by=ASHA)
    for name, url in (("p1", "https://elsewhere.example/"), ("p2", OTHER_URL)):
        await tell(mkondo, name, GOOD, url=url if name == "p1" else URL)
        path = f"sandbox/deliveries/{name}/replay?application=duka"
        assert (await mkondo.said("POST", path, by=ASHA))["url"] == url


async def test_nothing_is_replayed_that_was_never_there(mkondo: World) -> None:
    await mkondo.refused(404, "POST", "sandbox/deliveries/p9/replay?application=duka", by=ASHA)


async def test_a_range_is_replayed_call_by_call_and_says_how_many(
    mkondo: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "LOOKED_AT_MAX", 4)
    names = [f"p{number}" for number in range(6)]
    await queue(mkondo, *names)
    for name in names[:5]:
        await tell(mkondo, name, GOOD)
    replayed, under_way, after = 0, 0, ""
    body = {"from": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
    while True:
        said = await mkondo.said(
            "POST", "sandbox/deliveries/replay?application=duka", {**body, "after": after}, by=ASHA
        )
        replayed, under_way, after = replayed + said["replayed"], under_way + said["under_way"], said["next"]
        if not after:
            break
    assert (replayed, under_way) == (5, 6), "five have arrived; one, and those queued after each, are on their way"


async def test_a_range_begins_where_its_time_does_however_much_lies_before(
    mkondo: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "LOOKED_AT_MAX", 4)
    times = [mkondo.clock.now() + 1_000 * (number // 3) for number in range(30)]
    for number, time_ms in enumerate(times):
        mkondo.clock.advance(time_ms - mkondo.clock.now())
        await queue(mkondo, f"p{number}")
    looks: list[int] = []
    page = mkondo.cores["sandbox"].views.page

    async def counted(view: str, prefix: str, after: str, limit: int) -> Any:
        looks.append(limit)
        return await page(view, prefix, after, limit)

    monkeypatch.setattr(mkondo.cores["sandbox"].views, "page", counted)
    path, until = "sandbox/deliveries/replay?application=duka", "2100-01-01T00:00:00Z"
    for since in (times[0] - 1, *sorted(set(times)), times[-1] + 1):
        found, after, wanted = 0, "", sum(since <= time_ms for time_ms in times)
        start = datetime.fromtimestamp(since / 1_000, UTC).isoformat()
        for call in range(1 + wanted // 4):
            looks.clear()
            said = await mkondo.said("POST", path, {"from": start, "until": until, "after": after}, by=ASHA)
            found, after = found + said["under_way"], said["next"]
            assert looks.count(4) == 1 and looks.count(1) <= (7 if call == 0 else 0), looks
        assert (found, after) == (wanted, "")


async def test_former_addresses_are_looked_for_among_the_newest_versions(
    mkondo: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "VERSIONS_MAX", 3)
    for number in range(4):
        await mkondo.said("PATCH", "sandbox/applications/duka", {"release": str(number)}, by=ASHA)
    second = {"response_url_override": True, "response_url": "https://duka.example/second"}
    await mkondo.said("PATCH", "sandbox/applications/duka", second, by=ASHA)
    await queue(mkondo, "p1", url="https://duka.example/second")
    await mkondo.said("PATCH", "sandbox/applications/duka", {"response_url": OTHER_URL}, by=ASHA)
    await tell(mkondo, "p1", GOOD, url="https://duka.example/second")
    said = await mkondo.said("POST", "sandbox/deliveries/p1/replay?application=duka", by=ASHA)
    assert said["url"] == OTHER_URL


async def test_what_is_replayed_to_a_disabled_endpoint_is_in_the_feed_and_said_not_to_be_pushed(mkondo: World) -> None:
    await queue(mkondo, "p1")
    await tell(mkondo, "p1", GONE)
    said = await mkondo.said("POST", "sandbox/deliveries/p1/replay?application=duka", by=ASHA)
    assert said == {"id": "p1", "url": URL, "disabled": True}
    path, body = "sandbox/deliveries/replay?application=duka", {"from": "2020-01-01T00:00:00Z"}
    found = await mkondo.said("POST", path, {**body, "until": "2100-01-01T00:00:00Z"}, by=ASHA)
    assert found == {"replayed": 0, "disabled": 2, "under_way": 0, "next": ""}, "and the one that was queued after p1"
    assert [one["id"] for one in (await feed(mkondo))["results"]].count("p1") == 3


async def test_a_range_may_name_a_state_and_ends_before_until(mkondo: World) -> None:
    await queue(mkondo, "p1", "p2")
    await tell(mkondo, "p1", GOOD)
    await tell(mkondo, "p2", GONE)
    path, body = "sandbox/deliveries/replay?application=duka", {"from": "2020-01-01T00:00:00Z"}
    past = await mkondo.said("POST", path, {**body, "until": "2020-01-02T00:00:00Z"}, by=ASHA)
    assert past == {"replayed": 0, "disabled": 0, "under_way": 0, "next": ""}
    found = await mkondo.said("POST", path, {**body, "until": "2100-01-01T00:00:00Z", "state": "delivered"}, by=ASHA)
    assert (found["replayed"], found["disabled"]) == (0, 1), "p2 has disabled the endpoint of both"
    for wrong in ({"from": "soon"}, {"until": "2100-01-01T00:00:00"}, {"state": "lost"}, {"after": "-1"}):
        await mkondo.refused(422, "POST", path, {**body, "until": "2100-01-01T00:00:00Z", **wrong}, by=ASHA)


async def test_a_disabled_endpoint_is_told_with_its_dead_letters_and_is_enabled(mkondo: World) -> None:
    await queue(mkondo, "p1")
    await tell(mkondo, "p1", GONE)
    (endpoint,) = (await mkondo.said("GET", "sandbox/endpoints?application=duka", by=ASHA))["endpoints"]
    assert (endpoint["url"], endpoint["disabled"]) == (URL, "the endpoint answered 410 Gone")
    letters = await mkondo.said("GET", "sandbox/deliveries?application=duka&state=abandoned", by=ASHA)
    assert [(letter["id"], letter["reason"], len(letter["attempts"])) for letter in letters["deliveries"]] == [
        ("after-p1-", "the endpoint is disabled: the endpoint answered 410 Gone", 0),
        ("p1", "the endpoint answered 410 Gone", 1),
    ]
    path = "sandbox/endpoints/enable?application=duka"
    assert await mkondo.said("POST", path, {"url": URL}, by=ASHA) == {"url": URL, "enabled": True}
    await mkondo.refused(409, "POST", path, {"url": URL}, by=ASHA)
    (endpoint,) = (await mkondo.said("GET", "sandbox/endpoints?application=duka", by=ASHA))["endpoints"]
    assert (endpoint["disabled"], endpoint["enabled_by"]) == ("", ASHA)


@pytest.mark.parametrize("url", [
    "nothing", "ftp://a.example/", "https://user:secret@a.example/", f"https://a.example/{'x' * 2_048}",
    "https://a.example:0/", "https://bücher.example/", "https:///x",
])  # fmt: skip
async def test_what_can_never_be_an_endpoint_is_refused_when_it_is_configured(mkondo: World, url: str) -> None:
    await mkondo.refused(422, "PATCH", "sandbox/applications/duka", {"response_url": url}, by=ASHA)


async def test_in_live_results_are_pushed_over_https_only(mkondo: World) -> None:
    made = {"name": "Duka", "organisation": "shop", "shortcodes": ["171717"], "response_url": "http://duka.example/"}
    assert "https only" in (await mkondo.refused(422, "POST", "openapi/applications", made))["error"]
