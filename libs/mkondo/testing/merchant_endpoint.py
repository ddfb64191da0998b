"""A merchant's endpoint for tests: a real HTTP server on a free port that behaves as the last part of the path says.

    async with MerchantEndpoint.running() as endpoint:
        endpoint.url("acknowledge"), endpoint.url("broken"), endpoint.received

What it has received is kept in order; `arrivals(n)` waits until there are so many.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from typing import Any, Self

import msgspec

ACKNOWLEDGED = b'{"output_ResponseCode":"0","output_ResponseDesc":"Successfully Accepted Result"}'
_LONG = b"x" * 10_000_000
_DEEP = b"[" * 2_000
_EVERY_BYTE = bytes(range(256))


class Received(msgspec.Struct):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """The body, decoded."""
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found


class MerchantEndpoint:
    """Answers like a merchant, good or bad. `failing` makes so many requests fail before the next one is accepted.

    `keeps` leaves connections open for further requests, unless it `hangs_up` at the next one instead of answering it.
    `connections` is how many there have been, `open` how many there are.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.failing = 0
        self.keeps = False
        self.hangs_up = False
        self.connections = self.open = 0
        self._arrival = asyncio.Event()
        self._server: asyncio.Server | None = None
        self.port = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, tls: ssl.SSLContext | None = None) -> AsyncIterator[Self]:
        endpoint = cls()
        endpoint._server = await asyncio.start_server(endpoint._serve, "127.0.0.1", 0, ssl=tls)
        endpoint.port = endpoint._server.sockets[0].getsockname()[1]
        try:
            yield endpoint
        finally:
            endpoint._server.close()

    def url(self, behaviour: str = "acknowledge") -> str:
        return f"http://127.0.0.1:{self.port}/{behaviour}"

    async def arrivals(self, number: int, seconds: float = 20.0) -> list[Received]:
        """Everything received, once it is so many."""
        async with asyncio.timeout(seconds):
            while len(self.received) < number:
                self._arrival.clear()
                await self._arrival.wait()
        return self.received

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._answer(await self._read(reader), writer)
            while self.keeps:
                got = await self._read(reader)
                if self.hangs_up:
                    break
                await self._answer(got, writer)
        self.open -= 1
        writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Received:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, path, _ = head[0].split(" ")
        got = Received(method, path, headers, body)
        self.received.append(got)
        self._arrival.set()
        return got

    async def _answer(self, got: Received, writer: asyncio.StreamWriter) -> None:
        behaviour = got.path.partition("?")[0].rpartition("/")[2]
        if self.failing > 0:
            self.failing -= 1
            behaviour = "broken"
        if behaviour == "never":
            await asyncio.sleep(3_600)
        if behaviour == "drop":
            return
        if behaviour in _NO_ANSWERS:
            writer.write(_NO_ANSWERS[behaviour] % got.path.encode())
            return await writer.drain()
        way, _, status_said = behaviour.rpartition("-")
        if way in BREAKING_OFF:
            return await self._break_off(way, status_said, writer)
        if behaviour == "endless":
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"x-more: and more\r\n" * 1_000)
                await writer.drain()
        status, body = _ANSWERS.get(behaviour, ("200 OK", ACKNOWLEDGED))
        extra = b"location: /acknowledge\r\n" if behaviour == "redirect" else b""
        extra += b"retry-after: 3600\r\n" if behaviour == "busy" else b""
        extra += b"" if self.keeps else b"connection: close\r\n"
        head = b"HTTP/1.1 %s\r\n%scontent-length: %d\r\n\r\n" % (status.encode(), extra, len(body))
        writer.write(head + body)
        await writer.drain()

    async def _break_off(self, way: str, status: str, writer: asyncio.StreamWriter) -> None:
        """A whole head, the documented acknowledgement perhaps, and then no proper end."""
        writer.write(f"HTTP/1.1 {status} Said\r\nretry-after: 3600\r\n".encode())
        for piece in BREAKING_OFF[way]:
            writer.write(piece)
            await writer.drain()
            for _ in range(20):  # whoever reads on this loop has read it
                await asyncio.sleep(0)
        if way == "slow":
            await asyncio.sleep(3_600)
        if way == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


_CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
_LONGER = b"content-length: 1000\r\n\r\n" + ACKNOWLEDGED
_CHUNK = b"%x\r\n%s\r\n" % (len(ACKNOWLEDGED), ACKNOWLEDGED)
BREAKING_OFF: dict[str, tuple[bytes, ...]] = {
    "short": (_LONGER,),
    "reset": (_LONGER,),
    "slow": (_LONGER,),
    "cut": (_CHUNKED, _CHUNK),
    "unchunked": (_CHUNKED, _CHUNK, b"nonsense\r\n"),
}
"""Ways in which a body breaks off, in pieces; `short-503` and so on is one behind such a status."""
_NO_ANSWERS = {
    "nonsense": _EVERY_BYTE.replace(b"%", b"%%") + b"%.0s",
    "another": b"SSH-2.0-OpenSSH_9.2\r\n%.0s",
    "echo": b"you have asked for %s\r\n\r\n",
    "version": b"HTTP/9.9 200 %s\r\n\r\n",
    "header": b"HTTP/1.1 200 OK\r\n%s\r\n\r\n",
    "unchunked": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%s\r\n",
    "half": b"HTTP/1.1 200 OK\r\nx-path: %s\r\n",
}
"""What is no HTTP, and may say which path was called."""
_ANSWERS = {
    "rubbish": ("200 OK", b"<html>thanks</html>"),
    "empty": ("204 No Content", b""),
    "created": ("201 Created", b'{"status":"success"}'),
    "gone": ("410 Gone", b"gone"),
    "busy": ("429 Too Many Requests", b"later"),
    "broken": ("500 Internal Server Error", b"a trace"),
    "redirect": ("307 Temporary Redirect", b""),
    "long": ("200 OK", _LONG),
    "deep": ("200 OK", _DEEP),
    "bytes": ("200 OK", _EVERY_BYTE),
}
