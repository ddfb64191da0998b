"""The front over real sockets: framing, connections, limits, and bytes that are no HTTP (contract sections 1, 10.5
and 12)."""

import asyncio
import json
import ssl
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import uvloop

from mkondo.adapters.http.front import Limits
from mkondo.adapters.http.protocol import Patience
from mkondo.adapters.http.server import CannotListen, HttpServer, Listen
from mkondo.adapters.keys.authority import ensure_certificates
from mkondo.domain.payment import PaymentCompleted, RequestPayment
from tests.service.edge.world import API_KEY, Core, World, build, c2b, status_of

GET_SESSION = "/sandbox/ipg/v2/vodacomTZN/getSession/"
PAY = "/sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage/"
QUERY = "/sandbox/ipg/v2/vodacomTZN/queryTransactionStatus/"
FIVE = ["output_ResponseCode", "output_ResponseDesc", "output_TransactionID", "output_ConversationID",
        "output_ThirdPartyConversationID"]  # fmt: skip
pytestmark = pytest.mark.filterwarnings("ignore:Overriding the .event_loop_policy:pytest.PytestDeprecationWarning")
QUICK = Patience(request_seconds_max=0.2, head_bytes_max=8_192)


@pytest.fixture(scope="session")
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    policy: asyncio.AbstractEventLoopPolicy = uvloop.EventLoopPolicy()
    return policy


@pytest.fixture
async def server(world: World) -> AsyncIterator[HttpServer]:
    server = await HttpServer.start(world.front, Listen(drain_seconds=5), world.ids)
    yield server
    await server.stop()


@pytest.fixture
async def wire(server: HttpServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        yield client


async def say(port: int, data: bytes, *, eof: bool = False) -> bytes:
    """Everything the server answers to these bytes until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    if eof:
        writer.write_eof()
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer


def body_of(raw: bytes) -> dict[str, str]:
    head, _, body = raw.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower()
    values = json.loads(body)
    assert isinstance(values, dict)
    return values


class TestFraming:
    async def test_answers_are_framed_as_captured(self, world: World, wire: httpx.AsyncClient) -> None:
        response = await wire.post(PAY, json=c2b(), headers=world.bearer(await world.session()))
        assert response.status_code == 201
        expected = {
            "content-type": "application/json",
            "access-control-allow-origin": "*",
            "x-frame-options": "SAMEORIGIN",
            "x-robots-tag": "none",
            "x-content-type-options": "nosniff",
            "x-xss-protection": "1; mode=block",
            "strict-transport-security": "max-age=16005600; includeSubDomains",
            "vary": "Accept-Encoding",
            "content-length": str(len(response.content)),
        }
        assert {name: response.headers[name] for name in expected} == expected
        assert set(response.headers) == {*expected, "date"}

    @pytest.mark.parametrize("path", [PAY, QUERY, GET_SESSION, "/sandbox/x", "/nowhere", "/health/live"])
    async def test_no_header_holds_a_quote_character(self, wire: httpx.AsyncClient, path: str) -> None:
        for method in ("GET", "POST", "OPTIONS", "DELETE"):
            response = await wire.request(method, path)
            assert not [value for value in response.headers.values() if '"' in value or "'" in value]

    async def test_bodies_are_compact_and_complete(self, wire: httpx.AsyncClient) -> None:
        response = await wire.post(PAY, json=c2b())
        assert b": " not in response.content
        assert list(response.json()) == [*FIVE, "output_error"]

    @pytest.mark.parametrize("host", ["openapi.m-pesa.com:443", "x", "[::1]", ""])
    async def test_no_host_is_ever_refused(self, wire: httpx.AsyncClient, world: World, host: str) -> None:
        response = await wire.get(GET_SESSION, headers=world.bearer(API_KEY) | {"Host": host})
        assert response.status_code == 200

    @pytest.mark.parametrize("path", ["//sandbox//ipg/v2/vodacomTZN/getSession//", GET_SESSION.rstrip("/")])
    async def test_slashes_are_forgiven_without_a_redirect(self, world: World, server: HttpServer, path: str) -> None:
        authorization = world.bearer(API_KEY)["Authorization"]
        request = f"GET {path} HTTP/1.1\r\nAuthorization: {authorization}\r\nConnection: close\r\n\r\n"
        assert (await say(server.port, request.encode())).startswith(b"HTTP/1.1 200")


class TestMisses:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/sandbox/ipg/v2/vodacomTZN/nothing/", 404),
            ("POST", "/sandbox/ipg/v3/vodacomTZN/c2bPayment/singleStage/", 404),
            ("GET", "/sandbox", 404),
            ("GET", "/nowhere", 404),
            ("GET", "/", 404),
            ("DELETE", "/health/live", 405),
            ("GET", PAY, 405),
            ("PUT", PAY, 405),
            ("POST", GET_SESSION, 405),
            ("BREW", PAY, 400),
        ],
    )
    async def test_a_wrong_path_or_method_has_the_contract_s_body(
        self, wire: httpx.AsyncClient, method: str, path: str, status: int
    ) -> None:
        response = await wire.request(method, path)
        assert response.status_code == status
        assert response.json()["output_ResponseCode"] == "INS-21"
        assert status != 405 or response.headers["allow"]

    async def test_head_is_405_without_a_body(self, wire: httpx.AsyncClient) -> None:
        response = await wire.head(GET_SESSION)
        assert (response.status_code, response.content) == (405, b"")

    async def test_options_is_204_with_allow_and_permissive_cors(self, wire: httpx.AsyncClient) -> None:
        response = await wire.options(PAY, headers={"Origin": "https://x.example"})
        assert (response.status_code, response.content) == (204, b"")
        assert response.headers["allow"] == "POST, OPTIONS"
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["access-control-allow-methods"] == "POST, OPTIONS"


class TestBodies:
    async def refused(self, response: httpx.Response, status: int) -> None:
        assert response.status_code == status
        assert response.json()["output_ResponseCode"] == "INS-21"
        assert list(response.json()) == FIVE

    async def test_64_kib_is_taken_and_one_byte_more_is_413(self, wire: httpx.AsyncClient, world: World) -> None:
        headers = world.bearer(await world.session())
        sized = json.dumps(c2b()).encode().ljust(64 * 1024)
        assert (await wire.post(PAY, content=sized, headers=headers)).status_code == 201
        await self.refused(await wire.post(PAY, content=sized + b" ", headers=headers), 413)

    async def test_chunks_are_counted_too(self, wire: httpx.AsyncClient) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(70):
                yield b"x" * 1024

        await self.refused(await wire.post(PAY, content=chunks()), 413)

    async def test_a_chunked_body_is_read(self, wire: httpx.AsyncClient, world: World) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for byte in json.dumps(c2b()).encode():
                yield bytes([byte])

        response = await wire.post(PAY, content=chunks(), headers=world.bearer(await world.session()))
        assert response.status_code == 201

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP"])
    async def test_a_compressed_body_is_415(self, wire: httpx.AsyncClient, encoding: str) -> None:
        content = zlib.compress(json.dumps(c2b()).encode())
        await self.refused(await wire.post(PAY, content=content, headers={"Content-Encoding": encoding}), 415)

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"null", b'{"a":' * 40, b"{}{}"])
    async def test_what_is_no_json_object_is_400(self, wire: httpx.AsyncClient, content: bytes) -> None:
        await self.refused(await wire.post(PAY, content=content), 400)

    async def test_no_content_type_is_needed(self, wire: httpx.AsyncClient, world: World) -> None:
        headers = world.bearer(await world.session())
        assert (await wire.post(PAY, content=json.dumps(c2b()).encode(), headers=headers)).status_code == 201


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
        gate = asyncio.Event()

        async def waits(core: Core, command: RequestPayment) -> None:
            await gate.wait()
            core.reply(PaymentCompleted(command.payment))

        world.core.answering = waits
        body = json.dumps(c2b()).encode()
        authorization = world.bearer(await world.session())["Authorization"]
        head = f"POST {PAY} HTTP/1.1\r\nAuthorization: {authorization}\r\nContent-Length: {len(body)}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head.encode() + body + b"\0\0 noise\r\n\r\n")
        await world.core.asked_for(1)
        gate.set()
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
        gate = asyncio.Event()

        async def waits(core: Core, command: RequestPayment) -> None:
            await gate.wait()
            core.reply(PaymentCompleted(command.payment))

        world.core.answering = waits
        server = await HttpServer.start(world.front, Listen(), world.ids)
        headers = world.bearer(await world.session())
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as wire:
            two = [asyncio.create_task(wire.post(PAY, json=c2b(), headers=headers)) for _ in range(2)]
            await world.core.asked_for(2)
            third = await wire.post(PAY, json=c2b(input_ThirdPartyConversationID="kept"), headers=headers)
            gate.set()
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
        assert body_of(answer)["output_ResponseCode"] == "INS-1"
        writer.close()
        await server.stop()


class TestStopping:
    async def test_a_request_in_hand_is_answered_and_a_new_connection_is_refused(self, world: World) -> None:
        gate = asyncio.Event()

        async def waits(core: Core, command: RequestPayment) -> None:
            await gate.wait()
            core.reply(PaymentCompleted(command.payment))

        world.core.answering = waits
        server = await HttpServer.start(world.front, Listen(), world.ids)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as wire:
            headers = world.bearer(await world.session())
            paying = asyncio.create_task(wire.post(PAY, json=c2b(), headers=headers))
            await world.core.asked_for(1)
            stopping = asyncio.create_task(server.stop())
            while not await closed(server.port):
                pass
            gate.set()
            assert (await paying).status_code == 201
            await asyncio.wait_for(stopping, 5)

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


class TestAddresses:
    async def test_a_busy_port_names_port_0(self, world: World, server: HttpServer) -> None:
        with pytest.raises(CannotListen, match="--port 0"):
            await HttpServer.start(world.front, Listen(port=server.port), world.ids)

    async def test_https_is_trusted_with_the_local_authority(self, world: World, tmp_path: Path) -> None:
        files = ensure_certificates(tmp_path)
        listen = Listen(certificate_file=files.certificate_file, key_file=files.key_file)
        server = await HttpServer.start(world.front, listen, world.ids)
        context = ssl.create_default_context(cafile=str(files.ca_file))
        async with httpx.AsyncClient(base_url=f"https://localhost:{server.port}", verify=context) as wire:
            session = (await wire.get(GET_SESSION, headers=world.bearer(API_KEY))).json()["output_SessionID"]
            response = await wire.post(PAY, json=c2b(), headers=world.bearer(session))
            query = status_of(response.json()["output_TransactionID"])
            status = await wire.get(QUERY, params=query, headers=world.bearer(session))
        assert status.json()["output_ResponseTransactionStatus"] == "Completed"
        await server.stop()

    async def test_an_absolute_url_leads_to_the_same_operation(self, world: World, server: HttpServer) -> None:
        authorization = world.bearer(API_KEY)["Authorization"]
        request = f"GET https://openapi.m-pesa.com{GET_SESSION} HTTP/1.1\r\nAuthorization: {authorization}\r\n"
        answer = await say(server.port, f"{request}Connection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 200")


class TestBugs:
    async def test_a_bug_in_a_handler_is_ins_1_of_the_contract_and_logged(
        self, world: World, wire: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def breaks(_: Core, __: RequestPayment) -> None:
            raise ZeroDivisionError

        world.core.answering = breaks
        response = await wire.post(
            PAY, json=c2b(input_ThirdPartyConversationID="kept"), headers=world.bearer(await world.session())
        )
        assert (response.status_code, response.json()["output_ResponseCode"]) == (400, "INS-1")
        assert response.json()["output_ThirdPartyConversationID"] == "kept"
        assert "retry-after" not in response.headers
        assert [record.name for record in caplog.records if record.levelname == "ERROR"] == ["mkondo.edge"]

    async def test_a_bug_in_a_page_is_too(self) -> None:
        async def breaks(scope: object, receive: object, send: object) -> None:
            raise ZeroDivisionError

        world = await build(page=breaks)
        server = await HttpServer.start(world.front, Listen(), world.ids)
        assert body_of(await say(server.port, b"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n"))
        await server.stop()
        world.keys.close()


class TestPages:
    async def test_probes_metrics_and_documents_are_served(self, wire: httpx.AsyncClient) -> None:
        for path in ("/health/live", "/health/ready", "/metrics", "/docs/m-pesa-openapi.json"):
            assert (await wire.get(path)).status_code == 200
