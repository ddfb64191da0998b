"""The loopback proxy: unmodified clients reach this platform under the public host names, and nothing else."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mkondo.adapters.http.proxy import Proxy, Refused, Routes, Way
from mkondo.adapters.http.server import HttpServer, Listen
from mkondo.adapters.keys.authority import PUBLIC_HOSTS, Certificates, ensure_certificates
from tests.service.edge.world import API_KEY, World, c2b

GET_SESSION = "/sandbox/ipg/v2/vodacomTZN/getSession/"
PAY = "/sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage/"
ROUTES = Routes(hosts=PUBLIC_HOSTS, http_port=1, https_port=2)


@pytest.fixture
def files(tmp_path: Path) -> Certificates:
    return ensure_certificates(tmp_path)


@pytest.fixture
async def proxy(world: World, files: Certificates) -> AsyncIterator[Proxy]:
    secure = Listen(certificate_file=files.certificate_file, key_file=files.key_file)
    servers = [await HttpServer.start(world.front, listen, world.ids) for listen in (Listen(), secure)]
    proxy = await Proxy.start(Routes(PUBLIC_HOSTS, servers[0].port, servers[1].port), most=4)
    yield proxy
    await proxy.stop()
    for server in servers:
        await server.stop()


async def say(port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("host", PUBLIC_HOSTS)
async def test_a_client_with_the_proxy_and_the_authority_pays_under_every_public_name(
    world: World, proxy: Proxy, files: Certificates, host: str
) -> None:
    context = ssl.create_default_context(cafile=str(files.ca_file))
    through = f"http://127.0.0.1:{proxy.port}"
    async with httpx.AsyncClient(base_url=f"https://{host}", proxy=through, verify=context) as client:
        session = (await client.get(GET_SESSION, headers=world.bearer(API_KEY))).json()["output_SessionID"]
        response = await client.post(PAY, json=c2b(), headers=world.bearer(session))
    assert response.status_code == 201


async def test_a_request_in_absolute_form_for_https_is_served_too(world: World, proxy: Proxy) -> None:
    """As axios 0.21 sends it (contract section 10)."""
    authorization = world.bearer(API_KEY)["Authorization"]
    head = f"GET https://openapi.m-pesa.com{GET_SESSION}?a=b HTTP/1.1\r\nHost: openapi.m-pesa.com\r\n"
    answer = await say(proxy.port, f"{head}Authorization: {authorization}\r\nConnection: keep-alive\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer


@pytest.mark.parametrize(
    "request_line",
    [
        "CONNECT example.com:443",
        "CONNECT openapi.m-pesa.com.evil.example:443",
        "CONNECT 127.0.0.1:22",
        "CONNECT openapi.m-pesa.com:",
        "GET http://example.com/",
        "GET http://openapi.m-pesa.com@evil.example/",
    ],
)
async def test_every_other_host_is_403(proxy: Proxy, request_line: str) -> None:
    answer = await say(proxy.port, f"{request_line} HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", b"hello\r\n\r\n", b"GET ftp://x/ HTTP/1.1\r\n\r\n", b"\xff\r\n\r\n"]
)
async def test_what_is_no_proxy_request_is_400(proxy: Proxy, data: bytes) -> None:
    assert (await say(proxy.port, data)).startswith(b"HTTP/1.1 400")


async def test_a_head_without_an_end_is_cut_off(proxy: Proxy) -> None:
    with contextlib.suppress(ConnectionError):
        assert await say(proxy.port, b"x" * 200_000) == b""


async def test_one_connection_too_many_is_503(proxy: Proxy) -> None:
    crowd = [await asyncio.open_connection("127.0.0.1", proxy.port) for _ in range(4)]
    answer = await say(proxy.port, b"CONNECT openapi.m-pesa.com:443 HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 503")
    for _, writer in crowd:
        writer.close()


async def test_a_platform_that_is_down_is_502() -> None:
    proxy = await Proxy.start(Routes(PUBLIC_HOSTS, http_port=1, https_port=1))
    answer = await say(proxy.port, b"CONNECT openapi.m-pesa.com:443 HTTP/1.1\r\n\r\n")
    await proxy.stop()
    assert answer.startswith(b"HTTP/1.1 502")


async def test_stopping_ends_open_tunnels(proxy: Proxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"CONNECT openapi.m-pesa.com:443 HTTP/1.1\r\n\r\n")
    async with asyncio.timeout(5):
        assert b"200" in await reader.readuntil(b"\r\n\r\n")
        await proxy.stop()
        assert await reader.read() == b""
    writer.close()


class TestRoutes:
    @pytest.mark.parametrize(("port", "leads_to"), [(443, 2), (80, 1), (18352, 2)])
    def test_a_tunnel_leads_to_our_port_of_the_same_kind(self, port: int, leads_to: int) -> None:
        assert ROUTES.find(b"CONNECT api.sandbox.vm.co.mz:%d HTTP/1.1\r\n\r\n" % port) == Way(leads_to)

    def test_host_names_are_compared_without_case(self) -> None:
        assert ROUTES.find(b"CONNECT OPENAPI.M-PESA.COM:443 HTTP/1.1\r\n\r\n") == Way(2)

    def test_an_absolute_form_is_passed_on_in_origin_form_for_one_request(self) -> None:
        head = (
            b"POST http://openapi.m-pesa.com/a?b=c HTTP/1.1\r\nHost: x\r\nProxy-Authorization: s\r\n"
            b"Proxy-Connection: keep-alive\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n"
        )
        expected = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        assert ROUTES.find(head) == Way(1, expected)

    def test_a_malformed_url_is_refused(self) -> None:
        assert isinstance(ROUTES.find(b"GET http://[ HTTP/1.1\r\n\r\n"), Refused)
