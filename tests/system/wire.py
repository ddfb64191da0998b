"""The wire by hand: bytes in, answers out, each held to the contract's words for transport (section 12).

Read next: test_bad_input.py, nonsense.py.
"""

import asyncio
import json
import ssl
from typing import NamedTuple

import httptools

STATUSES = frozenset({200, 201, 204, 400, 401, 404, 405, 408, 409, 413, 415, 422})
"""What may be answered to anything while the platform is well."""
CONTINUE = 100
SECONDS = 20


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Replies:
    """All answers on one connection, to the last byte: httptools refuses whatever is not HTTP."""

    def __init__(self) -> None:
        self.found: list[Reply] = []
        self._parser = httptools.HttpResponseParser(self)
        self.on_message_begin()

    def on_message_begin(self) -> None:
        self._headers: dict[str, str] = {}
        self._body = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() == CONTINUE:
            return
        self.found.append(Reply(self._parser.get_status_code(), self._headers, self._body))

    def read(self, raw: bytes) -> list[Reply]:
        self._parser.feed_data(raw)
        return self.found


async def say(port: int, data: bytes, *, finish: bool = True, tls: ssl.SSLContext | None = None) -> bytes:
    """Everything that comes back until the connection is closed. `finish`: nothing more will be sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    try:
        writer.write(data)
        if finish and writer.can_write_eof():
            writer.write_eof()
        async with asyncio.timeout(SECONDS):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def answers(sent: bytes, received: bytes) -> list[Reply]:
    """The answers, every one of them in the contract's words, or this fails with both sides of the conversation."""
    try:
        assert b"Traceback" not in received
        assert b"Internal Server Error" not in received
        found = _headless(received) if b"HEAD " in sent else Replies().read(received)
        for reply in found:
            _check(reply)
    except Exception as trouble:
        raise AssertionError(f"sent {sent!r}, received {received!r}") from trouble
    return found


def _check(reply: Reply) -> None:
    assert reply.status in STATUSES
    assert not any(quote in value for value in reply.headers.values() for quote in "'\"")
    if reply.status in (200, 204) or not reply.body:
        return
    assert reply.headers["content-type"] == "application/json"
    assert list(json.loads(reply.body))[:2] == ["output_ResponseCode", "output_ResponseDesc"]


def _headless(received: bytes) -> list[Reply]:
    """To a HEAD there is no body, whatever content-length says: a parser that was not told would wait for one."""
    head = received.partition(b"\r\n")[0]
    return [Reply(int(head.split()[1]), {}, b"")] if head else []
