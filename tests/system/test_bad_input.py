"""Any bytes to the live platform: an answer of the contract, never a traceback, and nothing moves.

Every rule by itself is in tests/service/edge/test_wire.py; here they meet the whole platform, over HTTP and HTTPS.
"""

import asyncio
import gzip
import json
import random
import ssl
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import pytest

from mkondo.testing.platform import RunningPlatform
from tests.system.books import read_books
from tests.system.merchant import Merchant, read_answer
from tests.system.nonsense import broken_request, noise
from tests.system.wire import answers, say

pytestmark = pytest.mark.timeout(120)

ROUNDS, AT_ONCE = 2_500, 50
PAY = "/sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage/"
QUERY = "/sandbox/ipg/v2/vodacomTZN/queryTransactionStatus/"
SESSION = "/sandbox/ipg/v2/vodacomTZN/getSession/"
KIB_64 = 64 * 1024


@pytest.fixture(autouse=True)
async def unmoved(platform: RunningPlatform, merchant: Merchant) -> AsyncIterator[None]:
    """Whatever was sent: nothing moved, no part of the platform died or complained, and it goes on paying."""
    said, before = platform.said(), (await read_books(platform)).posted
    yield
    assert (await read_books(platform)).posted == before
    assert platform.said() == said
    assert (await merchant.pay()).status == 201


def port_of(platform: RunningPlatform, name: str) -> int:
    return int(urlsplit(platform.addresses[name]).port or 0)


def trusting(platform: RunningPlatform) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=platform.demo["ca_file"])


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_bytes_are_answered_in_the_contract_s_words(platform: RunningPlatform, seed: int) -> None:
    assert await storm(platform, seed, noise) > ROUNDS * 0.9


@pytest.mark.parametrize("seed", [3, 4, 5])
async def test_requests_that_are_nearly_right_are_answered_in_the_contract_s_words(
    platform: RunningPlatform, merchant: Merchant, seed: int
) -> None:
    assert await storm(platform, seed, lambda chance: broken_request(chance, merchant)) > ROUNDS * 0.9


async def storm(platform: RunningPlatform, seed: int, make: Callable[[random.Random], bytes]) -> int:
    """How many of the connections were answered."""
    chance, port, answered = random.Random(seed), port_of(platform, "http"), 0
    for _ in range(ROUNDS // AT_ONCE):
        sent = [make(chance) for _ in range(AT_ONCE)]
        received = await asyncio.gather(*(say(port, data) for data in sent))
        answered += sum(bool(answers(*pair)) for pair in zip(sent, received, strict=True))
    return answered


async def test_noise_on_the_secure_port_and_on_the_proxy_harms_nobody(platform: RunningPlatform) -> None:
    chance = random.Random(6)
    for name in ("https", "proxy"):
        received = [await say(port_of(platform, name), noise(chance)) for _ in range(100)]
        assert not any(b"Traceback" in found or b"INS-0" in found for found in received)
    foreign = await say(port_of(platform, "proxy"), b"CONNECT example.org:443 HTTP/1.1\r\n\r\n")
    assert foreign.startswith(b"HTTP/1.1 403")


REQUESTS = {
    "unknown path": (f"POST {PAY}x/ HTTP/1.1", b"{}", 404, "INS-21"),
    "root": ("GET / HTTP/1.1", b"", 404, "INS-21"),
    "no such version": ("GET /sandbox/ipg/v3/vodacomTZN/getSession/ HTTP/1.1", b"", 404, "INS-21"),
    "no such environment": ("GET /production/ipg/v2/vodacomTZN/getSession/ HTTP/1.1", b"", 404, "INS-21"),
    "no such market": ("POST /sandbox/ipg/v2/vodacomXYZ/c2bPayment/singleStage/ HTTP/1.1", b"{}", 400, "INS-998"),
    "no such market for a session": ("GET /sandbox/ipg/v2/vodacomXYZ/getSession/ HTTP/1.1", b"", 400, "INS-989"),
    "wrong method": (f"PUT {PAY} HTTP/1.1", b"{}", 405, "INS-21"),
    "a session by POST": (f"POST {SESSION} HTTP/1.1", b"{}", 405, "INS-21"),
    "lower case": (f"POST {PAY.lower()} HTTP/1.1", b"{}", 404, "INS-21"),
    "not JSON": (f"POST {PAY} HTTP/1.1", b"input_Amount=10", 400, "INS-21"),
    "not an object": (f"POST {PAY} HTTP/1.1", b"[1]", 400, "INS-21"),
    "not UTF-8": (f"POST {PAY} HTTP/1.1", b'{"a":"\xff"}', 400, "INS-21"),
    "deep": (f"POST {PAY} HTTP/1.1", b'{"a":' * 9_000 + b"1" + b"}" * 9_000, 400, "INS-21"),
    "no fields": (f"POST {PAY} HTTP/1.1", b"{}", 400, None),
    "one byte too many": (f"POST {PAY} HTTP/1.1", b"{}".ljust(KIB_64 + 1), 413, "INS-21"),
    "as much as may be": (f"POST {PAY} HTTP/1.1", b"{}".ljust(KIB_64), 400, None),
    "compressed": (f"POST {PAY} HTTP/1.1\r\nContent-Encoding: gzip", gzip.compress(b"{}"), 415, "INS-21"),
    "a query without a reference": (f"GET {QUERY} HTTP/1.1", b"", 400, None),
}


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
async def test_every_wrong_request_has_its_answer_and_leaves_the_connection_open(
    platform: RunningPlatform, merchant: Merchant, secure: bool
) -> None:
    """All of them after one another on one connection, the last one right."""
    tls = trusting(platform) if secure else None
    port = port_of(platform, "https" if secure else "http")
    reader, writer = await asyncio.open_connection("localhost", port, ssl=tls)
    for case, (line, body, status, code) in REQUESTS.items():
        head = f"{line}\r\nAuthorization: {merchant.bearer}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        async with asyncio.timeout(10):
            answer = await read_answer(reader)
        assert (answer.status, answer.headers.get("connection")) == (status, None), case
        assert code in (None, answer.code), case
        assert answer.said("ConversationID" if "session" not in case else "SessionID"), case
    writer.write(f"GET {SESSION} HTTP/1.1\r\nAuthorization: {merchant.encrypted(merchant.api_key)}\r\n\r\n".encode())
    assert (await read_answer(reader)).status == 200
    writer.close()


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
async def test_methods_that_ask_about_an_operation(platform: RunningPlatform, method: str) -> None:
    received = await say(port_of(platform, "http"), f"{method} {PAY} HTTP/1.1\r\n\r\n".encode())
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405" if method == "HEAD" else b"HTTP/1.1 204")
    assert b"allow: POST, OPTIONS" in head
    assert body == b""


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000,
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1",
        b"GET / HTTP/1.1" + b"".join(b"\r\nX-%d: x" % number for number in range(5_000)),
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
        b"GET / HTTP/9.9",
        b"BREW / HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["header", "path", "headers", "two lengths", "length and chunks", "version", "method", "TLS"],
)
async def test_a_head_that_nobody_should_send_is_refused(platform: RunningPlatform, head: bytes) -> None:
    sent = head + b"\r\n\r\n"
    found = answers(sent, await say(port_of(platform, "http"), sent))
    assert [reply.status for reply in found] == [400]
    assert json.loads(found[0].body)["output_ResponseCode"] == "INS-21"


async def test_a_client_that_breaks_off_before_it_is_told_to_continue_gets_one_answer(
    platform: RunningPlatform,
) -> None:
    for _ in range(20):
        sent = f"POST {PAY} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n{{".encode()
        received = await say(port_of(platform, "http"), sent)
        assert [reply.status for reply in answers(sent, received)] == [400]


async def test_whoever_is_too_slow_is_refused_and_keeps_nobody_else_waiting(
    platform: RunningPlatform, merchant: Merchant
) -> None:
    beginnings = (
        b"P",
        b"POST / HTTP/1.1\r\nX:",
        f"POST {PAY} HTTP/1.1\r\nContent-Length: 10\r\n\r\n{{".encode(),
        f"POST {PAY} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n".encode(),
    )
    port = port_of(platform, "http")
    waiting = [asyncio.create_task(say(port, data, finish=False)) for data in beginnings for _ in range(50)]
    assert (await merchant.status("Nobody")).code == "INS-23"
    assert not any(task.done() for task in waiting)
    for received in await asyncio.gather(*waiting):
        assert [reply.status for reply in answers(b"", received)] == [400]
