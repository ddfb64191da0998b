"""Connections over real sockets: many requests on one, slow ones, too many, the end (contract sections 10.5 and 12)."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from mkondo.adapters.http.front import Limits
from mkondo.adapters.http.protocol import Patience
from mkondo.adapters.http.server import HttpServer, Listen
from mkondo.domain.payment import RequestPayment
from tests.service.edge.sockets import PAY, UVLOOP, Gate, body_of, say
from tests.service.edge.sockets import event_loop_policy as event_loop_policy
from tests.service.edge.world import Core, World, build, c2b

pytestmark = UVLOOP
QUICK = Patience(request_seconds_max=0.2, head_bytes_max=8_192)


class TestConnections:
    async def test_errors_whose_body_was_read_keep_the_connection(self, server: HttpServer) -> None:
        """Seven requests, each wrong in its own way, and a good one, all answered on one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        requests = [
            (f"POST {PAY} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", b"400"),
            (f"POST {PAY} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}", b"401"),
            (f"GET {PAY} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}", b"405"),
            ("POST /sandbox/x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", b"404"),
            ("POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", b"404"),
            (f"POST {PAY} HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{{}}", b"415"),
            (f"POST {PAY} HTTP/1.1\r\nContent-Length: 66000\r\n\r\n{'x' * 66000}", b"413"),
            ("GET /health/live HTTP/1.1\r\n\r\n", b"200"),
        ]
        for request, status in requests:
            writer.write(request.encode())
            async with asyncio.timeout(5):
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
            assert head.split(b" ")[1] == status
            assert b"connection: close" not in head.lower()
        writer.close()

    async def test_requests_that_were_answered_leave_nothing_to_the_cyclic_collector(self, server: HttpServer) -> None:
        """It stops everybody's requests while it walks, and would walk every two seconds under load."""
        requests = 100
        request = f"POST {PAY} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}".encode()
        last = b"GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n"
        await say(server.port, request * requests + last)
        gc.collect()
        gc.disable()
        try:
            answer = await say(server.port, request * requests + last)
            found = gc.collect()
        finally:
            gc.enable()
        assert answer.count(b"HTTP/1.1 401") == requests
        assert found < requests, "an object or more of each request waited for the collector"

    async def test_pipelined_requests_are_answered_in_order(self, server: HttpServer) -> None:
        requests = b"".join(
            b"POST %s HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (PAY.encode(), len(body), body)
            for body in (b'{"input_ThirdPartyConversationID":"n%d"}' % number for number in range(10))
        )
        answer = await say(server.port, requests + b"GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n")
        found = [answer.find(b'"output_ThirdPartyConversationID":"n%d"' % number) for number in range(10)]
        assert found == sorted(found)
        assert -1 not in found

    async def test_a_request_in_hand_is_answered_before_the_noise_after_it_ends_the_connection(
        self, world: World, server: HttpServer
    ) -> None:
        gate = Gate()
        world.core.answering = gate.answering
        body = json.dumps(c2b()).encode()
        authorization = world.bearer(await world.session())["Authorization"]
        head = f"POST {PAY} HTTP/1.1\r\nAuthorization: {authorization}\r\nContent-Length: {len(body)}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head.encode() + body + b"\0\0 noise\r\n\r\n")
        await world.core.asked_for(1)
        gate.open()
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 201")
        assert answer.count(b"HTTP/1.1") == 1

    async def test_a_client_that_says_no_more_still_gets_its_answer(self, world: World, server: HttpServer) -> None:
        body = json.dumps(c2b()).encode()
        authorization = world.bearer(await world.session())["Authorization"]
        head = f"POST {PAY} HTTP/1.1\r\nAuthorization: {authorization}\r\nContent-Length: {len(body)}\r\n\r\n"
        assert (await say(server.port, head.encode() + body, eof=True)).startswith(b"HTTP/1.1 201")
        assert (await say(server.port, head.encode() + body[:-1], eof=True)).startswith(b"HTTP/1.1 400")
        assert (await say(server.port, head[:50].encode(), eof=True)).startswith(b"HTTP/1.1 400")

    async def test_an_upgrade_is_declined_by_answering_as_usual(self, server: HttpServer) -> None:
        request = b"GET /health/live HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
        assert (await say(server.port, request)).startswith(b"HTTP/1.1 200")

    async def test_expecting_clients_are_told_to_continue(self, world: World, server: HttpServer) -> None:
        body = json.dumps(c2b()).encode()
        authorization = world.bearer(await world.session())["Authorization"]
        head = f"POST {PAY} HTTP/1.1\r\nAuthorization: {authorization}\r\nExpect: 100-continue\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        async with asyncio.timeout(5):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
            writer.write(body)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 201")
        writer.close()

    async def test_an_expecting_client_with_too_much_is_refused_before_it_sends(self, server: HttpServer) -> None:
        request = f"POST {PAY} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n"
        assert (await say(server.port, request.encode())).startswith(b"HTTP/1.1 413")


class TestPatience:
    @pytest.fixture
    async def port(self, world: World) -> AsyncIterator[int]:
        server = await HttpServer.start(world.front, Listen(drain_seconds=1), world.ids, QUICK)
        yield server.port
        await server.stop()

    @pytest.mark.parametrize(
        "beginning",
        [
            b"G",
            b"GET / HTTP/1.1\r\nX: ",
            f"POST {PAY} HTTP/1.1\r\nContent-Length: 10\r\n\r\n{{".encode(),
            f"POST {PAY} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n".encode(),
        ],
        ids=["method", "header", "body", "chunk"],
    )
    async def test_a_request_that_never_ends_is_refused(self, port: int, beginning: bytes) -> None:
        answer = await say(port, beginning)
        assert answer.startswith(b"HTTP/1.1 400")
        assert body_of(answer)["output_ResponseCode"] == "INS-21"

    async def test_a_trickle_does_not_buy_more_time(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n")
        async with asyncio.timeout(5):
            while True:
                try:
                    async with asyncio.timeout(0.02):
                        answer = await reader.read()
                        break
                except TimeoutError:
                    writer.write(b"A: 1\r\n")
        writer.close()
        assert answer.startswith(b"HTTP/1.1 400")

    @pytest.mark.parametrize(
        "head",
        [
            b"GET /" + b"x" * 20_000,
            b"GET / HTTP/1.1\r\nA: " + b"x" * 200_000,
            b"GET / HTTP/1.1\r\n" + b"A: 1\r\n" * 101 + b"\r\n",
        ],
        ids=["url", "header", "count"],
    )
    async def test_a_head_that_is_too_large_is_refused(self, port: int, head: bytes) -> None:
        assert (await say(port, head)).startswith(b"HTTP/1.1 400")

    async def test_a_body_that_nobody_wants_is_not_read_for_ever(self, world: World) -> None:
        server = await HttpServer.start(world.front, Listen(), world.ids, Patience(unwanted_bytes_max=100_000))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"POST {PAY} HTTP/1.1\r\nContent-Length: 999999999999999\r\n\r\n".encode())
        async with asyncio.timeout(5):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413")
            with pytest.raises(ConnectionError):
                await send_for_ever(writer)
        await server.stop()

    async def test_an_idle_connection_may_wait_longer_than_a_slow_request(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(3 * QUICK.request_seconds_max)
        writer.write(b"GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(5):
            assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()


class TestCrowds:
    async def test_more_requests_than_the_limit_are_503_try_again(self) -> None:
        world = await build(limits=Limits(requests_max=2))
        gate = Gate()
        world.core.answering = gate.answering
        server = await HttpServer.start(world.front, Listen(), world.ids)
        headers = world.bearer(await world.session())
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as wire:
            two = [asyncio.create_task(wire.post(PAY, json=c2b(), headers=headers)) for _ in range(2)]
            await world.core.asked_for(2)
            third = await wire.post(PAY, json=c2b(input_ThirdPartyConversationID="kept"), headers=headers)
            gate.open()
            assert [answer.status_code for answer in await asyncio.gather(*two)] == [201, 201]
            assert (third.status_code, third.headers["retry-after"]) == (503, "1")
            assert third.json()["output_ThirdPartyConversationID"] == "kept"
            assert (await wire.post(PAY, json=c2b(), headers=headers)).status_code == 201
        await server.stop()
        world.keys.close()

    async def test_one_connection_too_many_is_told_so(self, world: World) -> None:
        server = await HttpServer.start(world.front, Listen(), world.ids, Patience(connections_max=1))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /health/live HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        answer = await say(server.port, b"GET /health/live HTTP/1.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"\r\nretry-after: 1\r\n" in answer
        assert body_of(answer)["output_ResponseCode"] == "INS-1"
        writer.close()
        await server.stop()


class TestStopping:
    async def test_a_request_in_hand_is_answered_and_a_new_connection_is_refused(self, world: World) -> None:
        gate = Gate()
        world.core.answering = gate.answering
        server = await HttpServer.start(world.front, Listen(), world.ids)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as wire:
            headers = world.bearer(await world.session())
            paying = asyncio.create_task(wire.post(PAY, json=c2b(), headers=headers))
            await world.core.asked_for(1)
            stopping = asyncio.create_task(server.stop())
            while not await closed(server.port):
                pass
            gate.open()
            assert (await paying).status_code == 201
            await asyncio.wait_for(stopping, 5)

    async def test_while_it_drains_new_payments_are_refused_and_pages_are_served_on(
        self, world: World, server: HttpServer, wire: httpx.AsyncClient
    ) -> None:
        gate = Gate()
        world.core.answering = gate.answering
        headers = world.bearer(await world.session())
        paying = asyncio.create_task(wire.post(PAY, json=c2b(), headers=headers))
        await world.core.asked_for(1)
        draining = asyncio.create_task(world.front.drain(60))
        await asyncio.sleep(0)
        refused = await wire.post(PAY, json=c2b(), headers=headers)
        assert (refused.status_code, refused.json()["output_ResponseCode"]) == (503, "INS-1")
        assert (refused.headers["retry-after"], refused.headers["connection"]) == ("1", "close")
        assert (await wire.get("/health/live")).status_code == 200
        assert not draining.done()
        gate.open()
        assert (await paying).status_code == 201
        await asyncio.wait_for(draining, 5)
        assert len(world.core.payments) == 1

    async def test_a_drain_waits_no_longer_than_it_is_told(self, world: World, wire: httpx.AsyncClient) -> None:
        gate = Gate()
        world.core.answering = gate.answering
        paying = asyncio.create_task(wire.post(PAY, json=c2b(), headers=world.bearer(await world.session())))
        await world.core.asked_for(1)
        await asyncio.wait_for(world.front.drain(0.01), 5)
        assert world.front.in_hand == 1
        gate.open()
        assert (await paying).status_code == 201

    async def test_what_will_not_end_is_told_408_not_known(self, world: World) -> None:
        async def hangs(_: Core, __: RequestPayment) -> None:
            await asyncio.Event().wait()

        world.core.answering = hangs
        server = await HttpServer.start(world.front, Listen(drain_seconds=0), world.ids)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as wire:
            headers = world.bearer(await world.session())
            paying = asyncio.create_task(wire.post(PAY, json=c2b(), headers=headers))
            await world.core.asked_for(1)
            await server.stop()
            response = await paying
        assert (response.status_code, response.json()["output_ResponseCode"]) == (408, "INS-9")


async def send_for_ever(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 50_000)
        await writer.drain()
        await asyncio.sleep(0)


async def closed(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return True
    writer.close()
    return False
