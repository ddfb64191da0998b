"""Pushes results by HTTP POST. Read next: connections.py for how, addresses.py for where it may go,
ports/callback_sender.py for what it promises."""

import asyncio
import ssl
import time
import traceback

import aiohttp
import msgspec

from mkondo.adapters.callbacks.addresses import NotAllowed, Place, Rules, place_of
from mkondo.adapters.callbacks.connections import IDLE_SECONDS, Connections, Went, url_of
from mkondo.adapters.callbacks.names import Names
from mkondo.adapters.callbacks.retry_after import retry_after_ms
from mkondo.contracts.signature import sign
from mkondo.domain.delivery import Receipt
from mkondo.ports.callback_sender import Callback

SECONDS_MAX = 10.0
ANSWER_KEPT = 1_024
REASON_KEPT = 200

_Answer = tuple[int, bytes, str]
"""Status, the first bytes of the body, and what Retry-After says."""


class Acknowledgement(msgspec.Struct, frozen=True):
    """What a merchant answers (contract section 6), as far as it is looked at."""

    output_ResponseCode: str


_decode = msgspec.json.Decoder(Acknowledgement).decode


class HttpCallbackSender:
    """The sender of one environment. No attempt takes longer than `seconds_max` or keeps more than 1 KiB.

    How many go at once is for the caller to bound. Make it in a running event loop.
    """

    def __init__(
        self,
        rules: Rules,
        seconds_max: float = SECONDS_MAX,
        *,
        names: Names | None = None,
        trusted: ssl.SSLContext | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._rules = rules
        self._seconds_max = seconds_max
        self._connections = Connections(rules, names or Names(), trusted, idle_seconds)

    async def send(self, callback: Callback) -> Receipt:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds_max):
                status, answer, wait = await self._post(place_of(callback.url, self._rules), callback)
        except NotAllowed as trouble:
            return Receipt(False, reason=str(trouble)[:REASON_KEPT], milliseconds=_since(began))
        except TimeoutError:
            reason = f"no answer within {self._seconds_max:g} s"
            return Receipt(False, reason=reason, milliseconds=_since(began))
        except aiohttp.ClientError as trouble:
            reason = _words(trouble)[:REASON_KEPT]
            _let_go(trouble)
            return Receipt(False, reason=reason, milliseconds=_since(began))
        delivered = 200 <= status < 300
        return Receipt(
            delivered,
            status,
            "" if delivered else f"answered HTTP {status}",
            answer.decode(errors="replace"),
            _since(began),
            delivered and _acknowledges(answer, callback.ack_code),
            retry_after_ms(status, wait, time.time()),
        )

    async def _post(self, place: Place, callback: Callback) -> _Answer:
        """A kept connection may be closed by its other end at the very moment at which it is used again: that says
        nothing about the merchant, so it is tried once more on a new one, and may arrive twice."""
        went = Went()
        try:
            return await self._post_by(self._connections.session(place), place, callback, went)
        except aiohttp.ClientConnectionError:
            self._connections.broken(place)
            if not went.again:
                raise
        return await self._post_by(self._connections.unkept, place, callback, Went())

    async def _post_by(self, session: aiohttp.ClientSession, place: Place, callback: Callback, went: Went) -> _Answer:
        headers = {
            "host": place.authority,
            "content-type": "application/json",
            **sign(callback.secrets, callback.id, int(time.time()), callback.body),
            "user-agent": "Mkondo",
        }
        asked = session.post(
            url_of(place), data=callback.body, headers=headers, allow_redirects=False, trace_request_ctx=went
        )
        async with asked as response:  # what is not read of a long answer ends its connection
            answer = b""
            while len(answer) < ANSWER_KEPT and (piece := await response.content.read(ANSWER_KEPT - len(answer))):
                answer += piece
            return response.status, answer, response.headers.get("retry-after", "")

    async def close(self) -> None:
        await self._connections.close()


def _words(trouble: aiohttp.ClientError) -> str:
    """What was wrong, without the address, which may hold a secret in its query."""
    match trouble:
        case aiohttp.ClientResponseError():
            return f"no HTTP: {trouble.message}"
        case aiohttp.InvalidURL():
            return "no address"
        case aiohttp.ClientConnectorError():
            return f"no connection: {trouble.os_error}"
        case _:
            return f"{type(trouble).__name__}: {trouble}"


def _let_go(trouble: BaseException | None) -> None:
    """The library keeps an error in the frames that the error's own traceback keeps. Each would wait for the cyclic
    collector, which stops everybody else's results when merchants refuse by the thousand."""
    while trouble is not None:
        traceback.clear_frames(trouble.__traceback__)
        trouble = trouble.__cause__ or trouble.__context__


def _acknowledges(answer: bytes, code: str) -> bool:
    try:
        return _decode(answer).output_ResponseCode == code
    except (msgspec.DecodeError, RecursionError):  # a thousand brackets fit into 1 KiB
        return False


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1_000)
