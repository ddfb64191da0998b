"""Fault switches over real HTTP: what a seed says goes wrong goes wrong, nothing else does, and it can be had again.

Whatever a merchant was not told, a status query tells. The books are audited in the end. Read next: domain/faults.py.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from mkondo.domain.delivery_faults import WITHHELD
from mkondo.domain.faults import FAULTS, Faults, hits
from mkondo.openapi.mozambique.operations import OPERATIONS
from mkondo.testing.merchant_endpoint import MerchantEndpoint
from mkondo.testing.platform import RunningPlatform, verify
from tests.system import mozambique
from tests.system.conftest import temporary_folder
from tests.system.merchant import Answer, Merchant, merchant_of
from tests.system.test_asynchronous import push
from tests.system.test_commands import mkondo
from tests.system.test_management import Api

LOST = "nothing"
"""What a merchant is told whose connection is closed."""
SEED = 11


@pytest.fixture(scope="module")
def own_platform() -> Iterator[RunningPlatform]:
    with temporary_folder() as folder, RunningPlatform(folder / "data") as platform:
        yield platform
        verified = verify(platform)
        assert verified.returncode == 0, verified
        assert "Traceback" not in platform.said() and "ASGI" not in platform.said()
        platform.stop()


@pytest.fixture
async def endpoint(own_platform: RunningPlatform) -> AsyncIterator[MerchantEndpoint]:
    async with MerchantEndpoint.running() as endpoint:
        change = {"response_url": endpoint.url(), "response_url_override": False, "asynchronous": [], "faults": {}}
        Api(own_platform).said("PATCH", "applications/demo", change)
        yield endpoint
        Api(own_platform).said("PATCH", "applications/demo", {"asynchronous": [], "faults": {}})


def switch(platform: RunningPlatform, application: str = "demo", **faults: int) -> Faults:
    """The ingress knows it within a second of its clock."""
    Api(platform).said("PATCH", f"applications/{application}", {"faults": {"seed": SEED, **faults}})
    Api(platform).said("POST", "clock/advance", {"seconds": 2})
    return Faults(seed=SEED, **faults)


async def told(merchant: Merchant, name: str) -> str:
    """The code of the answer to one payment, by its own id; or that there was none."""
    try:
        return (await merchant.pay(merchant.c2b(ThirdPartyConversationID=name, Amount="1"))).code
    except (OSError, asyncio.IncompleteReadError):
        return LOST


def expected(faults: Faults, name: str) -> str:
    found = hits(faults, name)
    return LOST if "answer_lost" in found else "INS-9" if "gateway_timeout" in found else "INS-0"


async def word(merchant: Merchant, name: str) -> str:
    """What a query says. It has an id of its own, but nothing is committed for it, so that it is always answered."""
    return (await merchant.status(name)).said("ResponseTransactionStatus")


async def test_answers_are_lost_and_time_out_as_the_seed_says_and_a_query_tells(own_platform: RunningPlatform) -> None:
    faults = switch(own_platform, answer_lost=200, gateway_timeout=200)
    names = [secrets.token_hex(16) for _ in range(100)]
    async with merchant_of(own_platform) as merchant:
        answers = dict(zip(names, await asyncio.gather(*(told(merchant, name) for name in names)), strict=True))
        assert answers == {name: expected(faults, name) for name in names}
        assert {await word(merchant, name) for name in names} == {"Completed"}
        again = {await told(merchant, name) for name in names[:20]}
        assert again == {"INS-10"}, "a repeat is refused, and that answer is never lost"
    switch(own_platform)


async def test_a_time_out_is_the_contracts_own(own_platform: RunningPlatform) -> None:
    switch(own_platform, gateway_timeout=1_000)
    async with merchant_of(own_platform) as merchant:
        answer = await merchant.pay()
        assert (answer.status, answer.code, answer.text) == (408, "INS-9", "Request timeout")
        assert answer.said("TransactionID") == "N/A"
        found = await merchant.status(answer.said("ConversationID"))
        assert found.said("ResponseTransactionStatus") == "Completed"
    switch(own_platform)


async def test_a_second_run_with_the_same_seed_and_ids_is_the_same(own_platform: RunningPlatform) -> None:
    """Another application of the same platform: the ids are new to it."""
    names = [f"{number:032x}" for number in range(60)]
    runs = []
    for number in range(2):
        made = Api(own_platform).said("POST", "applications", {"id": f"run-{number}", "name": "Run"})
        switch(own_platform, f"run-{number}", answer_lost=250, gateway_timeout=250)
        async with merchant_of(own_platform, api_key=made["api_key"]) as merchant:
            runs.append(await asyncio.gather(*(told(merchant, name) for name in names)))
    assert runs[0] == runs[1]
    assert {LOST, "INS-9", "INS-0"} == set(runs[0])


async def test_the_mozambique_gateway_loses_answers_too(own_platform: RunningPlatform) -> None:
    operation = "c2b_single_stage"
    row = OPERATIONS[operation]
    url = f"{own_platform.addresses['http']}/ipg/v1x/{row.path}"
    for lost in (True, False):
        switch(own_platform, answer_lost=1_000 * lost, gateway_timeout=1_000 * (not lost))
        body = mozambique.fields(operation)
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            call = client.request(row.method, url, json=body, headers=mozambique.headers(own_platform))
            if lost:
                with pytest.raises(httpx.RemoteProtocolError):
                    await call
            else:
                assert (await call).status_code == 408
    switch(own_platform)


# Results that are pushed ----------------------------------------------------------------------------------------------


async def accepted(merchant: Merchant, name: str = "") -> Answer:
    answer = await merchant.pay(merchant.c2b(ThirdPartyConversationID=name or secrets.token_hex(16), Amount="1"))
    assert answer.code == "INS-0", answer
    return answer


def delivery(platform: RunningPlatform, answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = Api(platform, "application").said("GET", f"deliveries/{answer.said('ConversationID')}")
    return found


async def until(platform: RunningPlatform, answer: Answer, state: str) -> dict[str, Any]:
    """Views are behind by a moment."""
    async with asyncio.timeout(20):
        while True:
            found = Api(platform, "application").call("GET", f"deliveries/{answer.said('ConversationID')}")
            if found.is_success and found.json()["state"] == state:
                return delivery(platform, answer)
            await asyncio.sleep(0)


@pytest.fixture
async def merchant(own_platform: RunningPlatform, endpoint: MerchantEndpoint) -> AsyncIterator[Merchant]:
    push(own_platform, "c2b_single_stage")
    async with merchant_of(own_platform) as merchant:
        yield merchant


async def test_a_late_result_comes_when_the_clock_is_moved(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant
) -> None:
    switch(own_platform, callback_late=1_000)
    answer = await accepted(merchant)
    assert (await until(own_platform, answer, "queued"))["attempts"] == []
    assert endpoint.received == []
    Api(own_platform).said("POST", "clock/advance", {"seconds": 30})
    (got,) = await endpoint.arrivals(1)
    assert got.headers["webhook-id"] == answer.said("ConversationID")


async def test_a_result_comes_twice_with_one_id(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant
) -> None:
    switch(own_platform, callback_twice=1_000)
    answer = await accepted(merchant)
    first, again = await endpoint.arrivals(2)
    assert first.headers["webhook-id"] == again.headers["webhook-id"] == answer.said("ConversationID")
    assert first.body == again.body
    done = await until(own_platform, answer, "delivered")
    assert [attempt["status"] for attempt in done["attempts"]] == [200, 200]


async def test_results_overtake_one_that_is_out_of_order(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant
) -> None:
    faults = switch(own_platform, callback_out_of_order=500)
    names = [secrets.token_hex(16) for _ in range(200)]
    held = next(name for name in names if hits(faults, name))
    others = [name for name in names if not hits(faults, name)][:3]
    slow = await accepted(merchant, held)
    for name in others:
        await accepted(merchant, name)
    await endpoint.arrivals(3)
    Api(own_platform).said("POST", "clock/advance", {"seconds": 5})
    got = await endpoint.arrivals(4)
    assert got[3].headers["webhook-id"] == slow.said("ConversationID")


async def test_a_result_that_never_comes_is_told_by_a_query_and_recorded(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant
) -> None:
    switch(own_platform, callback_never=1_000)
    answer = await accepted(merchant)
    row = await until(own_platform, answer, "abandoned")
    assert (row["attempts"], row["reason"]) == ([], WITHHELD)
    assert await word(merchant, answer.said("ConversationID")) == "Completed"
    Api(own_platform).said("POST", "clock/advance", {"seconds": 86_400})
    assert endpoint.received == []


async def test_which_results_are_hit_is_what_the_seed_says(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, merchant: Merchant
) -> None:
    faults = switch(own_platform, callback_twice=300, callback_never=300)
    names = [secrets.token_hex(16) for _ in range(40)]
    answers = await asyncio.gather(*(accepted(merchant, name) for name in names))
    for name, answer in zip(names, answers, strict=True):
        found = hits(faults, name)
        state, attempts = ("abandoned", 0) if "callback_never" in found else ("delivered", 1 + len(found))
        assert len((await until(own_platform, answer, state))["attempts"]) == attempts


# Switching them -------------------------------------------------------------------------------------------------------


def test_they_are_set_shown_and_taken_away_and_live_has_none(own_platform: RunningPlatform) -> None:
    data = ("--data", str(own_platform.data))
    assert mkondo("apps", "set", "demo", 'faults={"seed": 7, "callback_late": 100}', *data).returncode == 0
    shown = Api(own_platform).said("GET", "applications/demo")["faults"]
    assert shown == dict.fromkeys(FAULTS, 0) | {"seed": 7, "callback_late": 100}
    assert mkondo("apps", "set", "demo", "faults={}", *data).returncode == 0
    assert Api(own_platform).said("GET", "applications/demo")["faults"] == {}
    live = ("--environment", "openapi", *data)
    refused = mkondo("apps", "set", "demo-live", 'faults={"answer_lost": 1}', *live)
    assert refused.returncode == 1 and "in live" in refused.stderr, refused


@pytest.mark.parametrize(
    "faults",
    [{"answer_lost": 1_001}, {"answer_lost": -1}, {"answer_lost": 0.5}, {"answer_lost": "1"}, {"seed": -1},
     {"seed": 1 << 32}, {"explode": 1}, [], "all"],
)  # fmt: skip
def test_nonsense_is_refused(own_platform: RunningPlatform, faults: Any) -> None:
    assert Api(own_platform).call("PATCH", "applications/demo", {"faults": faults}).status_code == 422
