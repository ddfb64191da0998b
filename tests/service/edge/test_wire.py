"""The front over real sockets: framing, misses, bodies, addresses (contract sections 1, 10.5 and 12).

Read next: test_connections.py.
"""

import json
import ssl
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mkondo.adapters.http.server import CannotListen, HttpServer, Listen
from mkondo.adapters.keys.authority import ensure_certificates
from mkondo.domain.payment import RequestPayment
from tests.service.edge.sockets import GET_SESSION, PAY, QUERY, UVLOOP, body_of, say
from tests.service.edge.sockets import event_loop_policy as event_loop_policy
from tests.service.edge.world import API_KEY, Core, World, build, c2b, status_of

FIVE = ["output_ResponseCode", "output_ResponseDesc", "output_TransactionID", "output_ConversationID",
        "output_ThirdPartyConversationID"]  # fmt: skip
pytestmark = UVLOOP


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
