"""Rates at the edge: one address or one application too often is 429, and nobody else notices. Time stands still here.

Read next: mkondo/adapters/http/rates.py; tests/unit/http/test_rates.py, for how much a rate allows.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from mkondo.adapters.http.addresses import Addresses
from mkondo.adapters.http.bearer import hash_of
from mkondo.adapters.http.rates import ADDRESS, APPLICATION, Rate
from mkondo.adapters.http.server import HttpServer, Listen
from mkondo.adapters.keys.tokens import Tokens
from mkondo.domain.application import ProductScope
from mkondo.domain.ids import ApplicationId
from mkondo.openapi.codes import TOO_MANY
from mkondo.openapi.mozambique.operations import OPERATIONS as MOZAMBIQUE
from mkondo.openapi.operations import OPERATIONS
from services.portal.api.app import PREFIX, management_api
from tests.service.edge.conftest import client_of
from tests.service.edge.sockets import GET_SESSION, PAY
from tests.service.edge.test_mozambique import call, fields, said
from tests.service.edge.world import API_KEY, World, build, c2b

GOLDEN = Path(__file__).parents[2] / "contract"
ECHOES = {"golden": "1e9b774d1da34af78412a498cbc28f5e", "golden_mozambique": "11114"}
PROXY, SHOP, OTHER = "10.0.0.1", "196.1.2.3", "196.1.2.4"
OTHER_KEY, OTHER_APPLICATION = "zY9xW7vU5tS3rQ1pO9nM7lK5jI3hG1fE", ApplicationId("app-2")
ON = {name: ProductScope() for name in OPERATIONS}


class Still:
    """Nanoseconds that pass only when told to."""

    def __init__(self) -> None:
        self.nanoseconds = 1_000_000_000

    def now(self) -> int:
        return self.nanoseconds

    def pass_a_second(self) -> None:
        self.nanoseconds += 1_000_000_000


@asynccontextmanager
async def limited(
    per_address: int = 0, per_application: int = 0, proxies: Sequence[str] = (PROXY,)
) -> AsyncIterator[tuple[World, Still]]:
    """A world with these rates, two applications and every product; 0 is no rate."""
    still = Still()
    address = Rate(ADDRESS, per_address, now=still.now) if per_address else None
    rates = {
        environment: Rate(APPLICATION, per_application, now=still.now)
        for environment in ("sandbox", "openapi")
        if per_application
    }
    world = await build(addresses=Addresses(proxies, address), rates=rates)
    await world.configure(products=ON)
    await world.configure(OTHER_APPLICATION, products=ON, api_key_hash=hash_of(OTHER_KEY))
    try:
        yield world, still
    finally:
        world.keys.close()


def once_a_second(of: str) -> AbstractAsyncContextManager[tuple[World, Still]]:
    return limited(per_address=int(of == ADDRESS), per_application=int(of == APPLICATION))


async def pay(world: World, headers: dict[str, str], address: str = SHOP, **changes: object) -> httpx.Response:
    async with client_of(world, address) as client:
        return await client.post(PAY, json=c2b(**changes), headers=headers)


async def statuses(world: World, headers: dict[str, str], times: int, address: str = SHOP) -> list[int]:
    return [(await pay(world, headers, address)).status_code for _ in range(times)]


class TestTheAnswer:
    @pytest.mark.parametrize("of", TOO_MANY)
    @pytest.mark.parametrize("operation", OPERATIONS)
    async def test_every_operation_has_it(self, operation: str, of: str) -> None:
        row = OPERATIONS[operation]
        path = f"/sandbox/ipg/v2/vodacomTZN/{row.path}"
        async with once_a_second(of) as (world, _), client_of(world) as client:
            secret = API_KEY if operation == "get_session" else await world.session()
            sent: Any = {"json": c2b()} if row.method != "GET" else {}
            answers = [await client.request(row.method, path, headers=world.bearer(secret), **sent) for _ in range(2)]
        first, second = answers
        assert first.status_code != 429
        assert (second.status_code, second.headers["retry-after"]) == (429, "1")
        assert second.json()["output_ResponseCode"] == "INS-1"
        assert second.json()["output_ResponseDesc"] == TOO_MANY[of]
        assert "output_error" not in second.json()

    @pytest.mark.parametrize("of", TOO_MANY)
    @pytest.mark.parametrize("operation", MOZAMBIQUE)
    async def test_so_has_every_call_of_the_mozambique_gateway(self, operation: str, of: str) -> None:
        async with once_a_second(of) as (world, _), client_of(world) as client:
            headers = world.bearer(API_KEY)
            first, second = [await call(client, headers, operation) for _ in range(2)]
        assert first.status_code != 429
        assert said(second) == (429, "INS-16", TOO_MANY[of])
        assert second.headers["retry-after"] == "1"

    @pytest.mark.parametrize("of", TOO_MANY)
    @pytest.mark.parametrize(
        ("golden", "operation"),
        [
            ("golden", "get_session"),
            ("golden", "c2b_single_stage"),
            ("golden_mozambique", "c2b_single_stage"),
        ],
    )
    async def test_it_is_its_golden_file_byte_for_byte_and_the_connection_stays_open(
        self, golden: str, operation: str, of: str
    ) -> None:
        async with once_a_second(of) as (world, still):
            server = await HttpServer.start(world.front, Listen(drain_seconds=5), world.ids)
            secret = API_KEY if operation == "get_session" or "mozambique" in golden else await world.session()
            request = raw_request(golden, operation, world.bearer(secret)["Authorization"])
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            told = []
            for _ in range(3):
                writer.write(request)
                told.append(await one_answer(reader))
            still.pass_a_second()
            writer.write(request)
            told.append(await one_answer(reader))
            writer.close()
            await server.stop()
        expected = (GOLDEN / golden / operation / f"too_many_of_{of}.http").read_bytes()
        assert [status_of_raw(each) == 429 for each in told] == [False, True, True, False]
        for each in told[1:3]:
            assert as_golden(each, expected) == expected


def raw_request(golden: str, operation: str, authorization: str) -> bytes:
    row = (MOZAMBIQUE if "mozambique" in golden else OPERATIONS)[operation]
    echo = ECHOES[golden]
    sent: Any = c2b(input_ThirdPartyConversationID=echo)
    path = f"/sandbox/ipg/v2/vodacomTZN/{row.path}"
    if "mozambique" in golden:
        sent, path = fields(ThirdPartyReference=echo), f"/ipg/v1x/{row.path}"
    made = httpx.Request(row.method, f"http://x{path}", json=sent, headers={"Authorization": authorization})
    lines = [f"{row.method} {path} HTTP/1.1".encode(), *(b"%s: %s" % header for header in made.headers.raw)]
    return b"\r\n".join((*lines, b"", made.read()))


async def one_answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in head.split(b"\r\n") if line.startswith(b"content-length: ")]
        return head + await reader.readexactly(int(lengths[0].partition(b": ")[2]))


def status_of_raw(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def as_golden(answer: bytes, golden: bytes) -> bytes:
    """As the file writes it: no protocol, no reason phrase, no Date, and the file's own conversation."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    kept = [header for header in headers if not header.startswith(b"date: ")]
    key = b'"output_ConversationID":"'
    if key in golden:
        start, theirs = body.index(key) + len(key), golden.index(key) + len(key)
        body = body[:start] + golden[theirs : theirs + 32] + body[start + 32 :]
    return b"\n".join((first.split(b" ")[1], *kept, b"", body))


class TestNothingIsLost:
    @pytest.mark.parametrize("of", TOO_MANY)
    async def test_the_id_is_not_used_up(self, of: str) -> None:
        async with once_a_second(of) as (world, still):
            headers, mine = world.bearer(await world.session()), "mine"
            await pay(world, headers)
            refused = await pay(world, headers, input_ThirdPartyConversationID=mine)
            assert (refused.status_code, refused.json()["output_ThirdPartyConversationID"]) == (429, mine)
            assert len(world.core.payments) == 1
            still.pass_a_second()
            assert (await pay(world, headers, input_ThirdPartyConversationID=mine)).status_code == 201
            assert [payment.third_party_conversation_id == mine for payment in world.core.payments] == [False, True]

    async def test_an_address_is_refused_before_anything_is_decrypted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with limited(per_address=3) as (world, _):
            session, decrypted = await world.session(), []
            decrypt = world.keys.decrypt

            async def counted(block: str) -> str | None:
                decrypted.append(block)
                return await decrypt(block)

            monkeypatch.setattr(world.keys, "decrypt", counted)
            told = [(await pay(world, world.bearer(session))).status_code for _ in range(20)]
            assert told == [201] * 3 + [429] * 17
            assert len(decrypted) == 3


class TestOthers:
    async def test_another_address_does_not_notice(self) -> None:
        async with limited(per_address=2) as (world, _):
            headers = world.bearer(await world.session())
            assert await statuses(world, headers, 3) == [201, 201, 429]
            assert await statuses(world, headers, 3, OTHER) == [201, 201, 429]

    async def test_another_application_at_the_same_address_does_not_notice(self) -> None:
        async with limited(per_application=2) as (world, _):
            mine = world.bearer(await world.session())
            others = world.bearer(await world.session(OTHER_APPLICATION))
            assert await statuses(world, mine, 3) == [201, 201, 429]
            assert await statuses(world, others, 3) == [201, 201, 429]

    async def test_an_application_of_the_other_environment_has_a_rate_of_its_own(self) -> None:
        async with limited(per_application=1) as (world, _), client_of(world) as client:
            await world.configure(environment="openapi", products=ON)
            told = []
            for environment in ("sandbox", "openapi"):
                path, headers = GET_SESSION.replace("sandbox", environment), world.bearer(API_KEY)
                told += [(await client.get(path, headers=headers)).status_code for _ in range(2)]
            assert told == [200, 429, 200, 429]

    async def test_all_ways_in_count_for_one_application(self) -> None:
        async with limited(per_application=3) as (world, _), client_of(world) as client:
            sessions = [world.bearer(await world.session()) for _ in range(2)]
            assert (await client.get(GET_SESSION, headers=world.bearer(API_KEY))).status_code == 200
            assert await statuses(world, sessions[0], 1) == [201]
            assert (await call(client, world.bearer(API_KEY))).status_code == 201
            assert await statuses(world, sessions[1], 1, OTHER) == [429]
            assert (await call(client, world.bearer(API_KEY))).status_code == 429
            assert (await client.get(GET_SESSION, headers=world.bearer(API_KEY))).status_code == 429

    async def test_who_is_not_recognised_or_not_trusted_takes_nothing_from_an_application(self) -> None:
        async with limited(per_application=1) as (world, _):
            await world.configure(products=ON, trusted_sources=(SHOP,))
            headers, revoked = world.bearer(await world.session()), world.bearer(await world.session(revoked=True))
            assert await statuses(world, headers, 5, OTHER) == [401] * 5
            assert await statuses(world, revoked, 5) == [401] * 5
            assert await statuses(world, headers, 2) == [201, 429]


class TestWhoseAddress:
    async def test_a_forged_header_neither_escapes_nor_takes_anothers_turn(self) -> None:
        async with limited(per_address=3) as (world, _):
            headers = world.bearer(await world.session())
            told = [await pay(world, headers | {"X-Forwarded-For": forged}) for forged in (OTHER, OTHER, "8.8.8.8", "")]
            assert [each.status_code for each in told] == [201, 201, 201, 429]
            assert await statuses(world, headers, 3, OTHER) == [201] * 3

    async def test_nor_does_one_that_came_through_our_proxy(self) -> None:
        async with limited(per_address=3) as (world, _):
            headers = world.bearer(await world.session())
            forged = [f"{address}, {SHOP}" for address in (OTHER, PROXY, "8.8.8.8", "nonsense", f"{OTHER}, {PROXY}")]
            told = [await pay(world, headers | {"X-Forwarded-For": each}, PROXY) for each in forged]
            assert [each.status_code for each in told] == [201] * 3 + [429] * 2
            through = headers | {"X-Forwarded-For": OTHER}
            assert await statuses(world, through, 4, PROXY) == [201] * 3 + [429]
            assert await statuses(world, headers, 1, SHOP) == [429]  # straight, and yet the same client

    async def test_behind_a_proxy_that_was_not_configured_all_are_one_address(self) -> None:
        async with limited(per_address=2, proxies=()) as (world, _):
            headers = world.bearer(await world.session())
            told = [
                (await pay(world, headers | {"X-Forwarded-For": f"196.1.2.{number}"}, PROXY)).status_code
                for number in range(4)
            ]
            assert told == [201, 201, 429, 429]

    @pytest.mark.parametrize(
        ("addresses", "told"),
        [
            (("2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"), [201, 201, 429]),
            (("2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:3::1"), [201, 201, 201]),
            (("196.1.2.3", "::ffff:196.1.2.3", "::ffff:c401:203"), [201, 201, 429]),
            (("fe80::1%eth0", "fe80::1%eth1", "fe80::2"), [201, 201, 429]),
        ],
    )
    async def test_ipv6_counts_by_what_a_subscriber_has(self, addresses: Sequence[str], told: list[int]) -> None:
        async with limited(per_address=2) as (world, _):
            headers = world.bearer(await world.session())
            assert [(await pay(world, headers, address)).status_code for address in addresses] == told


async def test_probes_metrics_and_documents_are_nobodys_turn() -> None:
    async with limited(per_address=1) as (world, _), client_of(world) as client:
        for path in ("/health/live", "/health/ready", "/metrics", "/docs/m-pesa-openapi.json") * 3:
            assert (await client.get(path)).status_code == 200


async def test_the_management_api_has_the_rate_of_addresses_before_it_asks_who_that_is() -> None:
    still = Still()
    refused: list[None] = []
    rate = Rate(ADDRESS, 2, lambda: refused.append(None), still.now)
    api = management_api({}, Tokens(b"s" * 32), Addresses((PROXY,), rate))

    async def ask(peer: str, forwarded: str = "") -> httpx.Response:
        transport = httpx.ASGITransport(api, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://mkondo") as client:
            return await client.get(f"{PREFIX}/sandbox/applications", headers={"X-Forwarded-For": forwarded})

    told = [await ask(SHOP, "8.8.8.8"), await ask(PROXY, f"8.8.4.4, {SHOP}"), await ask(SHOP), await ask(OTHER)]
    assert [each.status_code for each in told] == [401, 401, 429, 401]
    assert told[2].json() == {
        "error": "too many requests from this address",
        "mend": "Wait as long as Retry-After says.",
    }
    assert told[2].headers["retry-after"] == "1"
    assert len(refused) == 1
    still.pass_a_second()
    assert (await ask(SHOP)).status_code == 401


async def test_the_address_of_a_payment_and_of_the_management_api_is_one() -> None:
    """They are given the same Addresses (services/cli/web.py)."""
    addresses = Addresses((), Rate(ADDRESS, 1, now=Still().now))
    api = management_api({}, Tokens(b"s" * 32), addresses)
    world = await build(addresses=addresses)
    assert await statuses(world, world.bearer(await world.session()), 1) == [201]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(api, client=(SHOP, 1)), base_url="http://mkondo"
    ) as client:
        assert (await client.get(f"{PREFIX}/sandbox/applications")).status_code == 429
    world.keys.close()
