"""Requests as they are, bytes in and bytes out, for whoever wants to send what a client library would not.

Read next: client.py, which is how a merchant would call.
"""

from collections.abc import Mapping

import httpx
import msgspec

from mkondo.adapters.client.trouble import NoAnswer, NotTheApi

SECONDS_MAX = 40.0
"""More than a payment may take (contract section 10.9)."""


class Sent(msgspec.Struct, frozen=True):
    """A request; its headers are all that goes out beside Host and the length of the body."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Received(msgspec.Struct, frozen=True):
    """An answer; names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Some connections to one place. Use it as an async context."""

    def __init__(self, connections: int) -> None:
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http = httpx.AsyncClient(timeout=SECONDS_MAX, trust_env=False, limits=limits)
        self._http.headers.clear()

    async def __aenter__(self) -> "Wire":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def send(self, sent: Sent) -> Received:
        try:
            answer = await self._http.request(
                sent.method, sent.url, headers=dict(sent.headers), content=sent.body or None
            )
        except UNANSWERED as trouble:
            raise NoAnswer(f"{type(trouble).__name__} {trouble}".strip()) from trouble
        return Received(answer.status_code, dict(answer.headers), answer.content)


UNANSWERED = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)
"""What is raised where there is no answer; the last two for addresses that nobody can have (address.py)."""


def trouble_with(address: str, trouble: Exception, seconds: float) -> NoAnswer | NotTheApi:
    """One of UNANSWERED in words: who was asked, and what came of it."""
    match trouble:
        case httpx.TimeoutException():
            return NoAnswer(f"{address} did not answer within {seconds:g} s")
        case httpx.DecodingError():
            return NotTheApi(f"{address} answers, but not as the M-Pesa OpenAPI does")
        case httpx.RemoteProtocolError() if not any(word in str(trouble) for word in ("disconnected", "closed")):
            return NotTheApi(f"{address} answers, but not in HTTP")
        case _:
            said = str(trouble).rstrip(".") or type(trouble).__name__
            return NoAnswer(f"nobody answers at {address}: {said}")
