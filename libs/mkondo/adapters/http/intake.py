"""What comes in with a request: the few headers that matter, and a body within its limit of size.

How long a request may take to arrive is protocol.py's concern. Read next: front.py.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

Receive = Callable[[], Awaitable[dict[str, Any]]]

BODY_MAX = 64 * 1024


class Head(msgspec.Struct):
    """The headers of a request that anybody here looks at."""

    authorization: bytes = b""
    host: str = ""
    origin: str = ""
    forwarded_for: str = ""
    encoded: bool = False
    """Whether the body is compressed, or framed in a way that could be."""
    length: int = 0
    expects: bool = False
    """Whether the client waits for `100 Continue` before it sends the body."""


def read_head(headers: Sequence[tuple[bytes, bytes]]) -> Head:
    """One pass; of a header that is repeated the last one counts, X-Forwarded-For's are one list."""
    head = Head()
    for name, value in headers:
        match name:
            case b"authorization":
                head.authorization = value
            case b"host":
                head.host = value.decode("latin-1")
            case b"content-length":
                head.length = int(value) if len(value) < 20 else BODY_MAX + 1
            case b"origin":
                head.origin = value.decode("latin-1")
            case b"x-forwarded-for":
                hops = value.decode("latin-1")
                head.forwarded_for = f"{head.forwarded_for},{hops}" if head.forwarded_for else hops
            case b"content-encoding":
                head.encoded = head.encoded or value.lower() not in (b"", b"identity")
            case b"transfer-encoding":
                head.encoded = head.encoded or value.lower() != b"chunked"
            case b"expect":
                head.expects = True
    return head


class Unreadable(msgspec.Struct, frozen=True):
    """The body was not taken. `close` when what follows could not be told from a next request."""

    status: int
    close: bool = False


async def read_body(head: Head, receive: Receive) -> bytes | Unreadable:
    """The whole body, or why not: 413 too long, 415 compressed, 400 broken off."""
    if head.length > BODY_MAX:
        return Unreadable(413, close=head.expects)
    message = await receive()
    body = message.get("body", b"")
    if message.get("more_body"):
        message, body = await _collect(message, receive)
    if message["type"] == "http.disconnect":
        return Unreadable(400, close=True)
    if len(body) > BODY_MAX:
        return Unreadable(413)
    return Unreadable(415) if head.encoded and body else body


async def _collect(message: dict[str, Any], receive: Receive) -> tuple[dict[str, Any], bytes]:
    """The last message and the body so far; stops early once there is more than anybody wants."""
    pieces = bytearray(message.get("body", b""))
    while message.get("more_body") and len(pieces) <= BODY_MAX:
        message = await receive()
        pieces += message.get("body", b"")
    return message, bytes(pieces)
