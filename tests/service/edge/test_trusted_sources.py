"""Trusted sources at the three doors: getSession, the other operations, and the Mozambique gateway (section 12).

What is compared with what is the business of tests/unit/http/test_sources.py; here it is asked at every door, from
where a request comes and what its headers say.
"""

from collections.abc import AsyncIterator

import httpx
import pytest

from mkondo.adapters.http.addresses import Addresses
from mkondo.domain.application import ProductScope
from mkondo.openapi.mozambique.operations import OPERATIONS as MOZAMBIQUE
from mkondo.openapi.operations import OPERATIONS
from tests.service.edge.conftest import client_of
from tests.service.edge.sockets import GET_SESSION, PAY
from tests.service.edge.test_mozambique import call, said
from tests.service.edge.world import API_KEY, World, build, c2b

PROXIES = ("10.0.0.0/8", "2001:db8:aaaa::/48")
PROXY, SHOP, SIX = "10.0.0.1", "196.1.2.3", "2001:db8::7"
NOT_TRUSTED = "Request source is not trusted"
ON = {name: ProductScope() for name in OPERATIONS}
Headers = list[tuple[str, str]]


def via(*lines: str) -> Headers:
    """Each a header line of its own."""
    return [("X-Forwarded-For", line) for line in lines]


def of(origin: str) -> Headers:
    return [("Origin", origin)]


CASES: list[tuple[tuple[str, ...], str, Headers, bool]] = [
    (("*",), "198.51.100.9", of("https://evil.example"), True),
    ((SHOP,), SHOP, [], True),
    ((SHOP,), f"::ffff:{SHOP}", [], True),
    ((f"::ffff:{SHOP}",), SHOP, [], True),
    ((SHOP,), "196.1.2.4", [], False),
    (("196.1.2.99/24",), SHOP, [], True),
    ((SIX,), "2001:0db8:0::7", [], True),
    (("2001:db8::9/64",), SIX, [], True),
    (("2001:db8::/64",), "2001:db8:0:1::7", [], False),
    (("fe80::7",), "fe80::7%eth0", [], True),
    # X-Forwarded-For of somebody who is no proxy of ours
    ((SHOP,), "198.51.100.9", via(SHOP), False),
    ((SHOP,), SHOP, via("198.51.100.9"), True),
    ((PROXY,), "198.51.100.9", via(PROXY), False),
    # Through ours
    ((SHOP,), PROXY, via(SHOP), True),
    ((SHOP,), PROXY, via("198.51.100.9"), False),
    ((SHOP,), PROXY, via(f"{SHOP}, 198.51.100.9"), False),
    ((SHOP,), PROXY, via(f"198.51.100.9, {SHOP}"), True),
    ((SHOP,), PROXY, via(f"198.51.100.9, {SHOP}, 10.0.0.2, 10.0.0.3"), True),
    ((SHOP,), PROXY, via(f"{SHOP}, 198.51.100.9, 10.0.0.2"), False),
    ((SHOP,), PROXY, via(f"{SHOP}, nonsense"), False),
    ((SHOP,), PROXY, via(f"nonsense, {SHOP}"), True),
    ((SHOP,), PROXY, [], False),
    ((PROXY,), PROXY, [], True),
    # Two header lines are one list: the client's own comes first.
    ((SHOP,), PROXY, via(SHOP, "198.51.100.9"), False),
    ((SHOP,), PROXY, via("198.51.100.9", SHOP), True),
    ((SHOP,), PROXY, via(f"198.51.100.9, {SHOP}", "10.0.0.2"), True),
    # IPv6, brackets, ports
    ((SIX,), PROXY, via(SIX), True),
    ((SIX,), PROXY, via(f"[{SIX}]"), True),
    ((SIX,), "2001:db8:aaaa::1", via(f"[{SIX}]:4711"), True),
    ((SHOP,), PROXY, via(f"{SHOP}:4711"), True),
    ((SHOP,), PROXY, via(f"[::ffff:{SHOP}]:4711"), True),
    ((SIX,), PROXY, via(f"[{SIX}"), False),
    # Origin
    (("shop.example",), SHOP, of("https://SHOP.example:8443"), True),
    (("shop.example",), SHOP, of("http://shop.example"), True),
    (("shop.example",), SHOP, of("https://www.shop.example"), False),
    (("shop.example",), SHOP, of("https://evil-shop.example"), False),
    (("shop.example",), SHOP, of("https://shop.example.evil"), False),
    (("shop.example",), SHOP, of("https://shop.example@evil.example"), False),
    (("shop.example",), SHOP, of("https://evil.example\\@shop.example"), False),
    (("shop.example",), SHOP, of("null"), False),
    (("null",), SHOP, of("null"), False),
    (("shop.example",), SHOP, of("*"), False),
    (("shop.example",), SHOP, [], False),
    (("shop.example",), SHOP, [("Referer", "https://shop.example/")], False),
    ((SHOP,), "198.51.100.9", of(f"http://{SHOP}"), False),
    ((SIX,), "198.51.100.9", of(f"http://[{SIX}]"), False),
    ((SHOP, "shop.example"), "198.51.100.9", of("https://shop.example"), True),
    ((SHOP, "shop.example"), SHOP, of("https://evil.example"), True),
]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = await build(addresses=Addresses(PROXIES))
    yield world
    world.keys.close()


def headers_of(world: World, secret: str, more: Headers) -> Headers:
    return [("Authorization", world.bearer(secret)["Authorization"]), *more]


@pytest.mark.parametrize(("sources", "peer", "more", "trusted"), CASES)
async def test_a_source_is_trusted_at_every_door_or_at_none(
    world: World, sources: tuple[str, ...], peer: str, more: Headers, trusted: bool
) -> None:
    await world.configure(products=ON, trusted_sources=sources)
    session = await world.session()
    async with client_of(world, peer) as client:
        opened = await client.get(GET_SESSION, headers=headers_of(world, API_KEY, more))
        paid = await client.post(PAY, json=c2b(), headers=headers_of(world, session, more))
        called = await call(client, httpx.Headers(headers_of(world, API_KEY, more)))  # type: ignore[arg-type]
    if trusted:
        assert [answer.status_code for answer in (opened, paid, called)] == [200, 201, 201]
    else:
        assert_not_trusted(opened, paid, called)
        assert world.core.commands == []


def assert_not_trusted(opened: httpx.Response, paid: httpx.Response, called: httpx.Response) -> None:
    assert opened.status_code == 400
    assert opened.json() == {
        "output_ResponseCode": "INS-989",
        "output_ResponseDesc": "Session Creation Failed",
        "output_SessionID": "N/A",
    }
    assert said(paid) == (401, "INS-989", NOT_TRUSTED)
    assert paid.json()["output_ResponseDesc"] == NOT_TRUSTED
    assert said(called) == (400, "INS-26", NOT_TRUSTED)


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "get_session"])
async def test_every_operation_says_so(world: World, operation: str) -> None:
    await world.configure(products=ON, trusted_sources=(SHOP,))
    row = OPERATIONS[operation]
    sent = {"input_ThirdPartyConversationID": "mine"}
    async with client_of(world, "198.51.100.9") as client:
        response = await client.request(
            row.method,
            f"/sandbox/ipg/v2/vodacomTZN/{row.path}",
            json=None if row.method == "GET" else sent,
            params=sent if row.method == "GET" else None,
            headers=headers_of(world, await world.session(), via(SHOP)),
        )
    assert said(response) == (401, "INS-989", NOT_TRUSTED)
    assert response.json()["output_ThirdPartyConversationID"] == "mine"


@pytest.mark.parametrize("operation", MOZAMBIQUE)
async def test_every_call_of_the_mozambique_gateway_does(world: World, operation: str) -> None:
    await world.configure(products=ON, trusted_sources=(SHOP,))
    async with client_of(world, "198.51.100.9") as client:
        response = await call(client, world.bearer(API_KEY) | {"X-Forwarded-For": SHOP}, operation)
    assert said(response) == (400, "INS-26", NOT_TRUSTED)


async def test_without_configured_proxies_no_header_moves_an_address() -> None:
    world = await build()
    await world.configure(products=ON, trusted_sources=(SHOP,))
    session = await world.session()
    for peer, forwarded, status in ((PROXY, SHOP, 401), (SHOP, PROXY, 201)):
        async with client_of(world, peer) as client:
            headers = headers_of(world, session, via(forwarded))
            assert (await client.post(PAY, json=c2b(), headers=headers)).status_code == status
    world.keys.close()
