"""From an answer to the wire: the contract's framing (section 1) around the bytes that openapi/render.py made.

Read next: front.py.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from mkondo.openapi.explain import HEADER as EXPLANATION
from mkondo.openapi.render import HEADERS, Answer

Header = tuple[bytes, bytes]
Send = Callable[[dict[str, Any]], Awaitable[None]]

HANG_UP = "mkondo.hang_up"
"""ASGI has no way to close a connection without an answer; protocol.py puts one among a request's extensions."""
HOLD = "mkondo.hold"
"""Beside it: says that this request may go on for long, so that a client that says no more counts as gone, not as one
that waits for the answer to its last words."""

CLOSE: Header = (b"connection", b"close")
RETRY_AFTER: Header = (b"retry-after", b"1")
"""Seconds. With every 503 and 429 (contract section 12, "Transport")."""

_NO_CONTENT: tuple[Header, ...] = tuple(header for header in HEADERS if header[0] != b"content-type")


def allow(methods: str) -> Header:
    return b"allow", methods.encode()


def cross_origin(methods: str) -> tuple[Header, ...]:
    """What OPTIONS answers: anybody may ask from anywhere (contract section 12)."""
    return (
        allow(methods),
        (b"access-control-allow-methods", methods.encode()),
        (b"access-control-allow-headers", b"*, Authorization"),
        (b"access-control-max-age", b"86400"),
    )


async def respond(send: Send, answer: Answer, extra: tuple[Header, ...] = ()) -> None:
    """Send an answer through ASGI."""
    await send({"type": "http.response.start", "status": answer.status, "headers": _headers(answer, extra)})
    await send({"type": "http.response.body", "body": answer.body})


def raw_response(answer: Answer) -> bytes:
    """The same without ASGI, for what was no HTTP request. It ends the connection."""
    phrase = HTTPStatus(answer.status).phrase.encode()
    lines = [b"HTTP/1.1 %d %s" % (answer.status, phrase)]
    extra = (RETRY_AFTER, CLOSE) if answer.status == HTTPStatus.SERVICE_UNAVAILABLE else (CLOSE,)
    lines += [b"%s: %s" % header for header in _headers(answer, extra)]
    return b"\r\n".join((*lines, b"", answer.body))


def _headers(answer: Answer, extra: tuple[Header, ...]) -> list[Header]:
    if answer.status == HTTPStatus.NO_CONTENT:
        return [*_NO_CONTENT, *extra]
    explained = [(EXPLANATION, answer.explanation.encode("ascii"))] if answer.explanation else []
    return [*HEADERS, (b"content-length", b"%d" % len(answer.body)), *explained, *extra]
