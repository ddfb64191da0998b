"""Pushes results by HTTP POST. Read next: connections.py for how, addresses.py for where it may go, answers.py for
what comes of it, ports/callback_sender.py for what it promises."""

import asyncio
import ssl
import time
import traceback

import aiohttp

from mkondo.adapters.callbacks.addresses import Callee, NotAllowed, Rules, callee_of
from mkondo.adapters.callbacks.answers import Answer
from mkondo.adapters.callbacks.connections import IDLE_SECONDS, Connections, Went, url_of
from mkondo.adapters.callbacks.names import Names
from mkondo.adapters.callbacks.reasons import in_words, one_line
from mkondo.adapters.callbacks.retry_after import retry_after_ms
from mkondo.contracts.signature import sign
from mkondo.domain.delivery import Receipt
from mkondo.ports.callback_sender import Callback

SECONDS_MAX = 10.0


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
        began, answer, trouble = time.monotonic(), Answer(), ""
        try:
            async with asyncio.timeout(self._seconds_max):
                await self._post(callee_of(callback.url, self._rules), callback, answer)
        except NotAllowed as error:
            trouble = one_line(str(error))
        except TimeoutError:
            trouble = f"{'not at its end' if answer.status else 'no answer'} within {self._seconds_max:g} s"
        except aiohttp.ClientError as error:
            trouble = in_words(error)
            _let_go(error)
        return answer.receipt(trouble, callback.ack_code, _since(began))

    async def _post(self, callee: Callee, callback: Callback, answer: Answer) -> None:
        """A kept connection may be closed by its other end at the very moment at which it is used again: that says
        nothing about the merchant, so it is tried once more on a new one, and may arrive twice."""
        went = Went()
        try:
            return await self._post_by(self._connections.session(callee), callee, callback, answer, went)
        except aiohttp.ClientConnectionError:
            self._connections.broken(callee)
            if not went.again or answer.status:
                raise
        await self._post_by(self._connections.unkept, callee, callback, answer, Went())

    async def _post_by(
        self, session: aiohttp.ClientSession, callee: Callee, callback: Callback, answer: Answer, went: Went
    ) -> None:
        headers = {
            "host": callee.authority,
            "content-type": "application/json",
            **sign(callback.secrets, callback.id, int(time.time()), callback.body),
            "user-agent": "Mkondo",
        }
        asked = session.post(
            url_of(callee), data=callback.body, headers=headers, allow_redirects=False, trace_request_ctx=went
        )
        async with asked as response:  # what is not read of a long answer ends its connection
            answer.status = response.status
            answer.retry_after_ms = retry_after_ms(
                response.status, response.headers.get("retry-after", ""), time.time()
            )
            await answer.read(response.content)

    async def close(self) -> None:
        await self._connections.close()


def _let_go(trouble: BaseException | None) -> None:
    """The library keeps an error in the frames that the error's own traceback keeps. Each would wait for the cyclic
    collector, which stops everybody else's results when merchants refuse by the thousand."""
    while trouble is not None:
        traceback.clear_frames(trouble.__traceback__)
        trouble = trouble.__cause__ or trouble.__context__


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1_000)
