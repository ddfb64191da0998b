"""Pushes results by HTTP POST. Read next: addresses.py for where it may go, ports/callback_sender.py for what it
promises."""

import asyncio
import json
import ssl
import time
from contextlib import suppress

import httpx

from mkondo.adapters.callbacks.addresses import NotAllowed, Place, Rules, place_of
from mkondo.adapters.callbacks.names import Names
from mkondo.adapters.callbacks.webhook import headers_of, retry_after_ms
from mkondo.domain.delivery import Receipt
from mkondo.ports.callback_sender import Callback

SECONDS_MAX = 10.0
ANSWER_KEPT = 1_024
REASON_KEPT = 200


class HttpCallbackSender:
    """The sender of one environment. No attempt takes longer than `seconds_max` or keeps more than 1 KiB.

    How many go at once is for the caller to bound. No connection is used twice: they would be told apart by address,
    and one that was opened for one name, whose certificate was checked, would carry another name's results.
    """

    def __init__(
        self,
        rules: Rules,
        seconds_max: float = SECONDS_MAX,
        *,
        names: Names | None = None,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._rules = rules
        self._seconds_max = seconds_max
        self._names = names or Names()
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._http = httpx.AsyncClient(
            verify=trusted or True,
            follow_redirects=False,
            trust_env=False,
            limits=limits,
            timeout=seconds_max,
        )

    async def send(self, callback: Callback) -> Receipt:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds_max):
                place = await place_of(callback.url, self._rules, self._names)
                status, answer, wait = await self._post(place, callback)
        except NotAllowed as trouble:
            return Receipt(False, reason=str(trouble)[:REASON_KEPT], milliseconds=_since(began))
        except TimeoutError:
            reason = f"no answer within {self._seconds_max:g} s"
            return Receipt(False, reason=reason, milliseconds=_since(began))
        except (httpx.HTTPError, httpx.InvalidURL) as trouble:
            reason = f"{type(trouble).__name__}: {trouble}"[:REASON_KEPT]
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

    async def _post(self, place: Place, callback: Callback) -> tuple[int, bytes, str]:
        """To the first address at which somebody listens: nothing was sent where the connection failed."""
        *others, last = place.urls
        for url in others:
            with suppress(httpx.ConnectError):
                return await self._post_to(url, place, callback)
        return await self._post_to(last, place, callback)

    async def _post_to(self, url: str, place: Place, callback: Callback) -> tuple[int, bytes, str]:
        headers = {
            "host": place.authority,
            "content-type": "application/json",
            **headers_of(callback, int(time.time())),
            "user-agent": "Mkondo",
        }
        request = self._http.build_request("POST", url, headers=headers, content=callback.body)
        request.extensions["sni_hostname"] = place.host  # the certificate is the name's, not the address's
        response = await self._http.send(request, stream=True)
        try:
            answer = b""
            async for piece in response.aiter_raw():
                answer += piece[: ANSWER_KEPT - len(answer)]
                if len(answer) >= ANSWER_KEPT:
                    break
            return response.status_code, answer, response.headers.get("retry-after", "")
        finally:
            await response.aclose()

    async def close(self) -> None:
        await self._http.aclose()


def _acknowledges(answer: bytes, code: str) -> bool:
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):  # a thousand brackets fit into 1 KiB
        return False
    return isinstance(said, dict) and said.get("output_ResponseCode") == code


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1_000)
