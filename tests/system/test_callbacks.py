"""Results to merchants' own programs, good and bad: signed, tried for three days, given up, replayed.

Real endpoints, the moved sandbox clock, and the public library of Standard Webhooks. Read next: test_asynchronous.py.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from mkondo.domain.delivery import DELAYS_MS, HOUR_MS
from mkondo.domain.endpoint import REASON_GONE, REASON_LONG
from mkondo.testing.merchant_endpoint import MerchantEndpoint
from mkondo.testing.platform import RunningPlatform, verify
from tests.system.conftest import temporary_folder
from tests.system.merchant import Merchant, merchant_of
from tests.system.test_commands import mkondo
from tests.system.test_management import Api

Said = dict[str, Any]
ATTEMPTS = len(DELAYS_MS) + 1
SECRET = "applications/demo/webhook-secret"


@pytest.fixture(scope="module")
def own_platform() -> Iterator[RunningPlatform]:
    with temporary_folder() as folder, RunningPlatform(folder / "data") as platform:
        yield platform
        assert verify(platform).returncode == 0, verify(platform)
        platform.stop()


@pytest.fixture
async def endpoint(own_platform: RunningPlatform) -> AsyncIterator[MerchantEndpoint]:
    async with MerchantEndpoint.running() as endpoint:
        yield endpoint


@pytest.fixture
async def merchant(own_platform: RunningPlatform) -> AsyncIterator[Merchant]:
    async with merchant_of(own_platform) as merchant:
        yield merchant


@pytest.fixture
def api(own_platform: RunningPlatform) -> Api:
    return Api(own_platform, "application")


def push_to(platform: RunningPlatform, url: str) -> None:
    """Payments' results go there from now on: the ingress knows it within a second of its clock."""
    change = {"response_url": url, "response_url_override": True, "asynchronous": ["c2b_single_stage"]}
    Api(platform).said("PATCH", "applications/demo", change)
    Api(platform).said("POST", "clock/advance", {"seconds": 2})


def now_of(platform: RunningPlatform) -> int:
    """The sandbox's clock, in milliseconds since 1970."""
    return round(datetime.fromisoformat(Api(platform).said("GET", "clock")["now"]).timestamp() * 1_000)


async def told(api: Api, name: str, holds: Callable[[Said], bool]) -> Said:
    """What the management API says of a delivery, once that holds: views are behind by a moment."""
    async with asyncio.timeout(30):
        while True:
            found = api.call("GET", f"deliveries/{name}")
            if found.is_success and holds(found.json()):
                said: Said = found.json()
                return said
            await asyncio.sleep(0)


async def paid(merchant: Merchant, **fields: str) -> str:
    """The id of a payment whose result is pushed."""
    answer = await merchant.pay(merchant.c2b(**fields))
    assert answer.status == 201, answer
    return answer.said("ConversationID")


async def test_results_are_signed_and_during_a_rotation_by_both_secrets(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant
) -> None:
    push_to(own_platform, endpoint.url())
    first = own_platform.demo["webhook_secret"]
    await paid(merchant)
    (got,) = await endpoint.arrivals(1)
    assert Webhook(first).verify(got.body, got.headers) == got.said
    second = Api(own_platform).said("POST", SECRET, {"overlap_seconds": 3_600})["webhook_secret"]
    push_to(own_platform, endpoint.url())
    for number, valid, invalid in ((2, (first, second), ()), (3, (second,), (first,))):
        while True:  # the newest configuration is known within a second of real time
            await paid(merchant)
            got = (await endpoint.arrivals(len(endpoint.received) + 1))[-1]
            if len(got.headers["webhook-signature"].split(" ")) == len(valid) and _verifies(second, got):
                break
        assert all(_verifies(secret, got) for secret in valid), number
        assert not any(_verifies(secret, got) for secret in invalid), number
        Api(own_platform).said("POST", "clock/advance", {"seconds": 3_600})
        await merchant.open_session()


def _verifies(secret: str, got: Any) -> bool:
    try:
        Webhook(secret).verify(got.body, got.headers)
    except WebhookVerificationError:
        return False
    return True


@pytest.mark.timeout(120)
async def test_the_whole_timetable_then_a_dead_letter_is_enabled_and_replayed(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant, api: Api
) -> None:
    push_to(own_platform, endpoint.url("timetable"))
    endpoint.failing = ATTEMPTS
    name = await paid(merchant)
    began = now_of(own_platform)
    for attempt in range(1, ATTEMPTS):

        def has_failed(row: Said, times: int = attempt) -> bool:
            return len(row["attempts"]) == times and row["next_at"] > 0

        await endpoint.arrivals(attempt)
        said = await told(api, name, has_failed)
        waits = said["next_at"] - said["attempts"][-1]["at"]
        assert DELAYS_MS[attempt - 1] <= waits <= DELAYS_MS[attempt - 1] * 1.2, (attempt, waits)
        seconds = max(1, math.ceil((said["next_at"] - now_of(own_platform)) / 1_000))
        assert mkondo("clock", "advance", f"{seconds}s", "--data", str(own_platform.data)).returncode == 0
    said = await told(api, name, lambda row: row["state"] == "abandoned")
    assert len(said["attempts"]) == ATTEMPTS == len(endpoint.received)
    assert said["attempts"][-1]["at"] - began >= 72 * HOUR_MS
    assert said["reason"] == f"all {ATTEMPTS} attempts failed"
    assert {got.headers["webhook-id"] for got in endpoint.received} == {name}
    (notice,) = [one for one in api.said("GET", "endpoints")["endpoints"] if one["url"] == endpoint.url("timetable")]
    assert notice["disabled"] == REASON_LONG
    assert "nothing is pushed to an endpoint any more" in own_platform.said()

    await merchant.open_session()
    untried = await paid(merchant)
    letter = await told(api, untried, lambda row: row["state"] == "abandoned")
    assert (letter["attempts"], letter["reason"]) == ([], f"the endpoint is disabled: {REASON_LONG}")
    assert len(endpoint.received) == ATTEMPTS
    assert {name, untried} <= {one["id"] for one in api.said("GET", "deliveries?state=abandoned")["deliveries"]}

    data = ("--data", str(own_platform.data))
    assert mkondo("endpoints", "enable", endpoint.url("timetable"), *data).returncode == 0
    replayed = mkondo("replay", name, untried, *data)
    assert replayed.returncode == 0 and replayed.stdout.count("replayed, to") == 2, replayed
    first, again = endpoint.received[0], (await endpoint.arrivals(ATTEMPTS + 2))[ATTEMPTS:]
    assert {got.headers["webhook-id"] for got in again} == {name, untried}
    assert first.body in [got.body for got in again]
    for one in (name, untried):
        assert (await told(api, one, lambda row: row["state"] == "delivered"))["replayed_by"] == "operator"


async def test_410_disables_at_once_and_all_of_a_time_is_replayed_to_a_new_address(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant, api: Api
) -> None:
    push_to(own_platform, endpoint.url("gone"))
    names = [await paid(merchant) for _ in range(3)]
    for name in names:
        await told(api, name, lambda row: row["state"] == "abandoned")
    assert (await told(api, names[0], bool))["reason"] == REASON_GONE
    before = len(endpoint.received)
    push_to(own_platform, endpoint.url("new"))
    wish = ("--from", "2020-01-01", "--until", "2100-01-01T00:00+03:00", "--state", "abandoned")
    replayed = mkondo("replay", *wish, "--data", str(own_platform.data))
    assert (replayed.returncode, replayed.stdout) == (0, "3 replayed\n"), replayed
    got = (await endpoint.arrivals(before + 3))[before:]
    assert {(one.headers["webhook-id"], one.path) for one in got} == {(name, "/new") for name in names}


async def test_a_busy_merchant_is_left_alone_as_long_as_it_asks(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant, api: Api
) -> None:
    push_to(own_platform, endpoint.url("busy"))
    said = await told(api, await paid(merchant), lambda row: row["state"] == "retrying")
    assert said["attempts"][0]["status"] == 429
    assert said["next_at"] - said["attempts"][0]["at"] == HOUR_MS


async def test_what_bad_merchants_answer_is_recorded_and_nothing_is_stuck(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant, api: Api
) -> None:
    push_to(own_platform, endpoint.url())
    bad = ("rubbish", "long", "slow-200", "short-503", "never")
    names = {how: await paid(merchant, ResponseURL=endpoint.url(how)) for how in bad}
    good = await paid(merchant)
    assert (await told(api, good, lambda row: row["state"] == "delivered"))["attempts"][0]["acknowledged"]
    for how in ("rubbish", "long", "slow-200"):
        (attempt,) = (await told(api, names[how], lambda row: row["state"] == "delivered"))["attempts"]
        assert (attempt["status"], attempt["acknowledged"]) == (200, False) and len(attempt["answer"]) <= 1_024
    for how, status, reason in (("short-503", 503, "answered HTTP 503; "), ("never", 0, "no answer within 10 s")):
        (attempt,) = (await told(api, names[how], lambda row: row["state"] == "retrying"))["attempts"]
        assert attempt["status"] == status and attempt["reason"].startswith(reason), attempt


NO_ENDPOINTS = ("nothing", "ftp://a.example/", "https://user:secret@a.example/", f"http://a.example/{'x' * 2_048}")


@pytest.mark.parametrize("url", NO_ENDPOINTS)
async def test_what_is_no_endpoint_is_refused_when_it_is_configured_and_when_it_is_asked_for(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant, url: str
) -> None:
    refused = Api(own_platform).call("PATCH", "applications/demo", {"response_url": url})
    assert refused.status_code == 422 and refused.json()["mend"], refused.text
    push_to(own_platform, endpoint.url())
    answer = await merchant.pay(merchant.c2b(ResponseURL=url))
    assert answer.status == 400, answer
