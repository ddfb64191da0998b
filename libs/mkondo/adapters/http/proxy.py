"""A loopback proxy that leads unmodified SDKs to this platform (interfaces.md, `mkondo env`).

It takes CONNECT and absolute-form requests for the public M-Pesa host names and passes their bytes to our own ports;
every other host is answered 403. One request a connection in absolute form, so that each one's host is looked at.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterator
from typing import Self
from urllib.parse import SplitResult, urlsplit

import msgspec

from mkondo.adapters.http.server import bind

LOOPBACK = "127.0.0.1"
_HEAD_BYTES_MAX = 64 * 1024
_HEAD_SECONDS_MAX = 10.0
_IDLE_SECONDS_MAX = 600.0
_LINGER_SECONDS = 0.5
_PIECE = 64 * 1024
_HTTP_PORT = 80
_OF_ONE_HOP = {"connection", "proxy-connection", "proxy-authorization", "keep-alive"}


class Way(msgspec.Struct, frozen=True):
    """Where a request goes: our port, and what to send first (absolute form only)."""

    port: int
    first: bytes = b""


class Refused(msgspec.Struct, frozen=True):
    status: bytes
    reason: bytes


_NOT_HTTP = Refused(b"400 Bad Request", b"this is a proxy: it takes CONNECT and absolute-form requests")
_NOT_OURS = Refused(b"403 Forbidden", b"this proxy leads to the public M-Pesa host names only")
_BUSY = Refused(b"503 Service Unavailable", b"too many connections")
_DOWN = Refused(b"502 Bad Gateway", b"the platform does not answer")


class Routes(msgspec.Struct, frozen=True):
    """The host names we answer for, and our own two ports."""

    hosts: Collection[str]
    http_port: int
    https_port: int

    def find(self, head: bytes) -> Way | Refused:
        """From a request's head, blank line included, to where it goes. Pure."""
        request_line, _, rest = head.decode("latin-1").partition("\r\n")
        words = request_line.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return _NOT_HTTP
        method, target, version = words
        if method == "CONNECT":
            return self._tunnel(target)
        url = _split(target)
        if url is None or url.scheme not in ("http", "https"):
            return _NOT_HTTP
        if url.hostname not in self.hosts:
            return _NOT_OURS
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        return Way(self.http_port, f"{method} {path} {version}\r\n{_one_hop(rest)}".encode("latin-1"))

    def _tunnel(self, target: str) -> Way | Refused:
        host, _, port = target.rpartition(":")
        if host.lower() not in self.hosts or not port.isdecimal():
            return _NOT_OURS
        return Way(self.http_port if int(port) == _HTTP_PORT else self.https_port)


def _split(target: str) -> SplitResult | None:
    try:
        return urlsplit(target)
    except ValueError:
        return None


def _one_hop(headers: str) -> str:
    """The headers without those between client and proxy, and with the end of the connection announced."""
    lines = [line for line in headers.split("\r\n") if line and line.partition(":")[0].lower() not in _OF_ONE_HOP]
    return "\r\n".join((*lines, "Connection: close", "", ""))


class Proxy:
    """The listening proxy. At most `most` connections at once."""

    def __init__(self, routes: Routes, most: int = 512) -> None:
        self._routes = routes
        self._most = most
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @classmethod
    async def start(cls, routes: Routes, port: int = 0, most: int = 512) -> Self:
        """Listen on loopback; port 0 takes a free one. Raises CannotListen."""
        proxy, listener = cls(routes, most), bind(LOOPBACK, port, "--proxy-port 0")
        proxy._server = await asyncio.start_server(proxy._accept, sock=listener, limit=_HEAD_BYTES_MAX)
        proxy.port = proxy._server.sockets[0].getsockname()[1]
        return proxy

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = self._refuse_one(reader, writer) if len(self._open) >= self._most else self._serve_one(reader, writer)
        task = asyncio.create_task(serving)
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _refuse_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            await _refuse(reader, writer, _BUSY)

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HEAD_SECONDS_MAX):
            head = await reader.readuntil(b"\r\n\r\n")
        way = self._routes.find(head)
        if isinstance(way, Refused):
            await _refuse(reader, writer, way)
            return
        try:
            answers, requests = await asyncio.open_connection(LOOPBACK, way.port)
        except OSError:
            await _refuse(reader, writer, _DOWN)
            return
        try:
            await _lead(reader, writer, answers, requests, way)
        finally:
            requests.close()


async def _lead(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answers: asyncio.StreamReader,
    requests: asyncio.StreamWriter,
    way: Way,
) -> None:
    if way.first:
        requests.write(way.first)
    else:
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    both = [asyncio.create_task(_pass_on(reader, requests)), asyncio.create_task(_pass_on(answers, writer))]
    try:
        await asyncio.gather(*both)
    finally:
        for way_of_bytes in both:
            way_of_bytes.cancel()


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Until the source ends; then the sink is told so, and the other direction may go on."""
    while True:
        async with asyncio.timeout(_IDLE_SECONDS_MAX):
            piece = await source.read(_PIECE)
        if not piece:
            break
        sink.write(piece)
        await sink.drain()
    if sink.can_write_eof():
        with contextlib.suppress(OSError):
            sink.write_eof()


@contextlib.contextmanager
def closing(writer: asyncio.StreamWriter) -> Iterator[None]:
    """A connection with a stranger: when it breaks, stalls or makes no sense, nothing is left to be said to it."""
    try:
        yield
    except (
        OSError,
        EOFError,
        asyncio.LimitOverrunError,
    ):  # a TimeoutError is an OSError, an incomplete read an EOFError
        pass
    finally:
        writer.close()


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, refused: Refused) -> None:
    """Say no, then read on for a moment: closing with bytes unread would send a reset and could lose the answer."""
    body = refused.reason + b"\n"
    head = b"HTTP/1.1 %s\r\ncontent-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
    writer.write(head % (refused.status, len(body)) + body)
    writer.write_eof()
    async with asyncio.timeout(_LINGER_SECONDS):
        while await reader.read(_PIECE):
            pass
