"""The life of applications on a running platform, over the management API, the command line and the M-Pesa OpenAPI."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest

from mkondo.domain.limits import APPLICABLE
from mkondo.testing.platform import RunningPlatform
from tests.system.merchant import Merchant
from tests.system.test_commands import mkondo
from tests.system.test_management import Api

SHOP, MARKET = "duka-shop", "vodacomTZN"
REVOKED_SECONDS = 1.0


@pytest.fixture
def operator(platform: RunningPlatform) -> Api:
    return Api(platform)


@pytest.fixture
def cli(platform: RunningPlatform) -> Callable[..., Any]:
    """A command that works, and what it prints."""

    def run(*arguments: str) -> Any:
        done = mkondo(*arguments, "--data", str(platform.data), "--json")
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    return run


@contextmanager
def application(operator: Api, **more: Any) -> Iterator[Any]:
    """One of its own for a test that changes it."""
    made = operator.said("POST", "applications", {"name": "Duka", "organisation": SHOP, **more})
    try:
        yield made
    finally:
        operator.call("DELETE", f"applications/{made['id']}")


@asynccontextmanager
async def merchant_with(platform: RunningPlatform, api_key: str) -> AsyncIterator[Merchant]:
    """Its session, if any, is its own to open."""
    merchant = Merchant(platform, api_key=api_key, connections=2)
    try:
        yield merchant
    finally:
        merchant.close()


async def opens(platform: RunningPlatform, api_key: str) -> bool:
    async with merchant_with(platform, api_key) as merchant:
        return (await merchant.open_session()).status == 200


async def until_refused(merchant: Merchant) -> float:
    """Seconds until the session was refused for good."""
    began = time.monotonic()
    async with asyncio.timeout(10):
        while (await merchant.pay()).status != 401:
            pass
    took = time.monotonic() - began
    assert [(await merchant.pay()).status for _ in range(5)] == [401] * 5
    return took


async def test_the_life_of_an_application(platform: RunningPlatform, operator: Api, cli: Callable[..., Any]) -> None:
    made = cli("apps", "create", "Duka la Asha", "--organisation", SHOP, "session_lifetime_minutes=30")
    name, first = made["id"], made["api_key"]
    async with merchant_with(platform, first) as merchant:
        assert (await merchant.open_session()).status == 200
        assert (await merchant.pay()).status == 201
        given = cli("apps", "new-key", name, "--overlap", "3s")
        assert await opens(platform, first) and await opens(platform, given["api_key"])
        assert (await merchant.pay()).status == 201
        await asyncio.to_thread(_wait_until, given["old_key_until"])
        assert not await opens(platform, first) and await opens(platform, given["api_key"])
        assert await until_refused(merchant) < REVOKED_SECONDS
    cli("apps", "set", name, "release=2", 'products={"b2c_payment": false}')
    async with merchant_with(platform, given["api_key"]) as merchant:
        assert (await merchant.open_session()).status == 200
        assert cli("apps", "remove", name, "--yes")["removed"]
        assert await until_refused(merchant) < REVOKED_SECONDS
        assert (await merchant.open_session()).status != 200
    assert operator.call("DELETE", f"applications/{name}").status_code == 404
    history = _when(lambda: cli("apps", "history", name), lambda told: len(told) == 4)
    assert [sorted(one["field"] for one in told["changes"]) for told in history[1:]] == [
        ["api_key"], ["products", "release"], ["removed"],
    ]  # fmt: skip
    assert {told["by"] for told in history} == {"operator"}
    assert not any(key in str(history) for key in (first, given["api_key"]))


def _wait_until(milliseconds: int) -> None:
    time.sleep(max(milliseconds / 1_000 - time.time(), 0))


def _when(look: Callable[[], Any], come: Callable[[Any], bool]) -> Any:
    """What is to be seen once a moment has come: views are behind a little."""
    until = time.monotonic() + 10
    while not come(seen := look()):
        assert time.monotonic() < until, seen
        time.sleep(0.05)
    return seen


async def test_versions_live_side_by_side_with_keys_and_limits_of_their_own(
    platform: RunningPlatform, operator: Api, cli: Callable[..., Any]
) -> None:
    limits = {"c2b_single_stage": {"daily_count": 1}}
    with application(operator, limits=limits) as made:
        copy = cli("apps", "duplicate", made["id"], "--release", "2.0")
        assert copy["limits"] == made["limits"] and copy["api_key"] != made["api_key"]
        operator.said("PATCH", f"applications/{copy['id']}", {"limits": {"c2b_single_stage": {"daily_count": 2}}})
        codes = {}
        for one in (made, copy):
            async with merchant_with(platform, one["api_key"]) as merchant:
                await merchant.open_session()
                codes[one["id"]] = [(await merchant.pay()).code for _ in range(3)]
        assert [len([code for code in told if code == "INS-0"]) for told in codes.values()] == [1, 2]
        path = f"applications/{copy['id']}/limits"
        seen = _when(lambda: operator.said("GET", path)["limits"], lambda uses: [one["used"] for one in uses] == [2])
        assert [(one["of"], one["left"], one["ceiling"]) for one in seen] == [("session", 0, 2)]
        answer = operator.said(
            "PATCH", f"applications/{copy['id']}", {"limits": {"c2b_single_stage": {"daily_count": 1}}}
        )
        assert len(answer["warnings"]) == 1
        operator.said("DELETE", f"applications/{made['id']}")
        assert not await opens(platform, made["api_key"]) and await opens(platform, copy["api_key"])
        operator.said("DELETE", f"applications/{copy['id']}")


async def test_a_product_of_an_organisation_is_off_at_once_and_on_again(
    platform: RunningPlatform, operator: Api, cli: Callable[..., Any]
) -> None:
    others = ",".join(name for name in APPLICABLE if name != "c2b_single_stage")
    with application(operator) as made:
        async with merchant_with(platform, made["api_key"]) as merchant:
            await merchant.open_session()
            assert (await merchant.pay()).status == 201
            for products, code in ((others, "INS-997"), ("all", "INS-0")) * 2:
                assert cli("orgs", "set", SHOP, f"{MARKET}={products}")["set_up"]
                async with asyncio.timeout(REVOKED_SECONDS * 2):
                    while (await merchant.pay()).code != code:
                        pass
    assert cli("orgs", "show", SHOP)["products"][MARKET] == list(APPLICABLE)


async def test_of_two_edits_that_race_the_second_is_told(platform: RunningPlatform, operator: Api) -> None:
    with application(operator) as made:
        path = f"applications/{made['id']}"
        changes = [{"expected": made["version"], "description": text} for text in "abcd"]
        said = await asyncio.gather(*(asyncio.to_thread(operator.call, "PATCH", path, change) for change in changes))
        assert sorted(answer.status_code for answer in said) == [200, 409, 409, 409]
        (won,) = [answer.json()["description"] for answer in said if answer.is_success]
        assert operator.said("GET", path)["description"] == won


def test_a_person_sees_and_changes_what_is_of_their_organisation(
    platform: RunningPlatform, operator: Api, cli: Callable[..., Any]
) -> None:
    token = cli("token", "asha", "--role", "developer", "--organisation", "asha-shop")["token"]
    root, headers = f"{platform.addresses['http']}/api/v1", {"Authorization": f"Bearer {token}"}
    with application(operator, organisation="asha-shop") as made:
        seen = httpx.get(f"{root}/sandbox/applications", headers=headers).json()
        assert [one["id"] for one in seen["applications"]] == [made["id"]]
        for path, status in ((f"sandbox/applications/{made['id']}", 200), ("sandbox/applications/demo", 403),
                             ("openapi/applications/demo-live", 403), ("openapi/applications", 200)):  # fmt: skip
            assert httpx.get(f"{root}/{path}", headers=headers).status_code == status, path
        assert httpx.patch(
            f"{root}/sandbox/applications/{made['id']}", json={"description": "mine"}, headers=headers
        ).is_success
        history = _when(lambda: cli("apps", "history", made["id"]), lambda told: len(told) == 2)
        assert history[1]["by"] == "user/asha/developer/asha-shop"


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("apps", "create", "x", "--id", "demo"), 1, "another id"),
        (("apps", "create", "x", "--id", "a/b"), 1, "is no id"),
        (("apps", "create", "x", "wishes"), 1, "NAME=VALUE"),
        (("apps", "show", "nobody"), 1, "no application 'nobody'"),
        (("apps", "remove", "nobody", "--yes"), 1, "no application"),
        (("apps", "new-key", "demo", "--overlap", "soon"), 1, "no length of time"),
        (("apps", "new-key", "demo", "--overlap", "31d"), 1, "overlap_seconds"),
        (("apps", "history", "nobody"), 1, "no history"),
        (("apps", "set", "demo", 'limits={"b2b_payment": {"daily_value": {"TZS": "-1"}}}'), 1, "no amount"),
        (("orgs", "set", "demo-shop", "vodacomXYZ=all"), 1, "no such market"),
        (("orgs", "set", "demo-shop", "vodacomTZN"), 1, "MARKET=PRODUCT"),
        (("orgs", "set", "demo-shop", "vodacomTZN=fly"), 1, "no such product"),
        (("token", "asha", "--role", "developer"), 1, "--organisation"),
        (("token", "a/b", "--role", "operator"), 1, "names are letters"),
        (("token", "asha", "--role", "king"), 2, "king"),
        (("apps", "create"), 2, "NAME"),
    ],
)
def test_a_wrong_command_says_in_one_line_what_to_do(
    platform: RunningPlatform, arguments: tuple[str, ...], status: int, says: str
) -> None:
    said = mkondo(*arguments, "--data", str(platform.data))
    assert said.returncode == status, said
    assert says in said.stderr.strip().splitlines()[-1], said.stderr
    assert status == 2 or len(said.stderr.splitlines()) == 1
