"""Any bytes to any path: a status and body of the contract, never a traceback, never a framework's own words.

Seeded: a failure prints the seed and the bytes. The server runs on uvloop, as in production.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable

import httptools
import pytest
import uvloop

from mkondo.adapters.http.protocol import Patience
from mkondo.adapters.http.server import HttpServer, Listen
from tests.service.edge.world import World, build, c2b, status_of

PAY = "/sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage/"
QUERY = "/sandbox/ipg/v2/vodacomTZN/queryTransactionStatus/"
ROUNDS = 1_500
PATHS = (PAY, QUERY, "/sandbox/ipg/v2/vodacomTZN/getSession/", "/openapi/ipg/v2/x/getSession/", "/", "/sandbox/", "*")
METHODS = ("GET", "POST", "PUT", "OPTIONS", "HEAD", "DELETE", "CONNECT", "TRACE", "PRI", "GE T", "get", "")
STATUSES = {200, 201, 204, 400, 401, 404, 405, 413, 415}


class Reading:
    """httptools as the client's side: every answer must parse, to the last byte."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self._body = b""
        self._parser = httptools.HttpResponseParser(self)

    def on_message_begin(self) -> None:
        self._body = b""

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.answers.append((self._parser.get_status_code(), self._body))

    def read(self, raw: bytes) -> list[tuple[int, bytes]]:
        self._parser.feed_data(raw)
        return self.answers


def noise(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 300))


def text(chance: random.Random) -> str:
    letters = "aZ09 +-_,.'\"\\/{}[]:\0\n\ud800é€😀"
    return "".join(chance.choice(letters) for _ in range(chance.randrange(0, 60)))


def value(chance: random.Random, depth: int = 0) -> object:
    simple: list[Callable[[], object]] = [
        lambda: text(chance),
        lambda: chance.choice((None, True, False, 0, -1, 1e300, 10.0, 10**30, 5000)),
    ]
    nested: list[Callable[[], object]] = [
        lambda: [value(chance, depth + 1) for _ in range(chance.randrange(3))],
        lambda: {text(chance): value(chance, depth + 1) for _ in range(chance.randrange(3))},
    ]
    return chance.choice(simple if depth > 2 else simple + nested)()


def body(chance: random.Random) -> bytes:
    fields = c2b() | dict(status_of("x"))
    for name in chance.sample(sorted(fields), chance.randrange(4)):
        fields[name] = value(chance)
    raw = json.dumps(fields).encode()
    if chance.random() < 0.3:
        at = chance.randrange(len(raw))
        raw = raw[:at] + noise(chance) + raw[at + chance.randrange(9) :]
    return raw


def request(chance: random.Random, authorization: str) -> bytes:
    """A request that is mostly right."""
    path = chance.choice((PAY, PAY, PAY, QUERY, QUERY, *PATHS))
    method = chance.choice(METHODS) if chance.random() < 0.2 else "POST" if path == PAY else "GET"
    path += chance.choice(("", "", "?", f"?input_Country={chance.randbytes(4).hex()}", "?%ff&=&&"))
    content = chance.choice((body(chance), body(chance), b"", noise(chance)))
    lines = [f"{method} {path} HTTP/1.1".encode()]
    if chance.random() < 0.7:
        lines.append(f"Authorization: {authorization}".encode())
    if chance.random() < 0.3:
        lines.append(
            chance.choice((b"Authorization: Bearer \xff\xfe", b"Origin: '\"", b"X: " + noise(chance), b"Expect: x"))
        )
    chunked = chance.random() < 0.2
    if chunked:
        lines.append(chance.choice((b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked")))
        content = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content) if content else b"0\r\n\r\n"
    else:
        lines.append(b"Content-Length: %d" % max(0, len(content) + chance.choice((0, 0, 0, 0, -1, 1))))
    return b"\r\n".join((*lines, b"", content))


async def exchange(port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        writer.write_eof()
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def check(sent: bytes, received: bytes) -> int:
    assert b"Traceback" not in received
    answers = [] if sent.startswith(b"HEAD") else Reading().read(received)
    for status, content in answers:
        assert status in STATUSES, content
        assert b"Internal Server Error" not in content
        if status not in (200, 201, 204):
            assert list(json.loads(content))[:2] == ["output_ResponseCode", "output_ResponseDesc"], content
    return len(answers)


async def storm(seed: int, make: Callable[[random.Random, str], bytes]) -> int:
    world: World = await build()
    patience = Patience(request_seconds_max=0.5)
    server = await HttpServer.start(world.front, Listen(drain_seconds=1), world.ids, patience)
    authorization = world.bearer(await world.session())["Authorization"]
    chance, answered = random.Random(seed), 0
    try:
        for _ in range(ROUNDS // 20):
            sent = [make(chance, authorization) for _ in range(20)]
            received = await asyncio.gather(*(exchange(server.port, data) for data in sent))
            for data, answer in zip(sent, received, strict=True):
                try:
                    answered += check(data, answer)
                except Exception as trouble:
                    raise AssertionError(f"seed {seed}: sent {data!r}, received {answer!r}") from trouble
    finally:
        await server.stop()
        world.keys.close()
    return answered


@pytest.mark.parametrize("seed", [1, 2])
def test_random_bytes_get_the_contract_s_answer(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    assert uvloop.run(storm(seed, lambda chance, _: noise(chance) + b"\r\n\r\n")) > ROUNDS * 0.9
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_requests_that_are_nearly_right_get_the_contract_s_answer(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    assert uvloop.run(storm(seed, request)) > ROUNDS * 0.7
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
