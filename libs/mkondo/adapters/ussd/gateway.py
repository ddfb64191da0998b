"""Asks customers through a gateway to their handsets: one signed POST, whose signed response is the answer.

It fails closed: whatever is not certainly this customer's answer to this payment is no answer, and time ends the
payment. For live, whose clock is never moved: the gateway's timestamps are compared with it. Read next:
ports/handset.py for the promises, contracts/ussd.py for the messages, docs/ussd-gateway.md for the other side.
"""

import asyncio
import logging
import ssl

import httpx

from mkondo.adapters.ussd.settings import UssdSettings
from mkondo.contracts.signature import ID, distrust, sign
from mkondo.contracts.ussd import ANSWER_BYTES_MAX, Amount, Question, read_reply, write
from mkondo.domain.handset import ANSWERS
from mkondo.ports.back_off import back_off
from mkondo.ports.clock import Clock
from mkondo.ports.handset import Answer, Prompt
from mkondo.ports.ids import Ids

log = logging.getLogger(__name__)

_AGAIN = {408, 425, 429, 500, 502, 503, 504}
"""The gateway did not take the question, or lost the answer. Every other status but 200 stays what it is."""
_IDLE_CONNECTIONS_MAX = 100


class _Again(Exception):
    """The gateway can't be reached or is in trouble; it remembers questions by their id, so it may be asked again."""


class _NoAnswer(Exception):
    """What came back is no answer to this question, and why."""


class UssdGateway:
    """A `Handset` behind a gateway. `close` when done."""

    def __init__(self, settings: UssdSettings, clock: Clock, ids: Ids) -> None:
        self._settings, self._clock, self._ids = settings, clock, ids
        self._places = asyncio.Semaphore(settings.prompts_max)
        self._http = httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else True,
            timeout=httpx.Timeout(None, connect=settings.connect_seconds),  # the whole has a time-out of its own
            # `_places` bounds them; a queue inside the pool would be searched for every request
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=_IDLE_CONNECTIONS_MAX),
            follow_redirects=False,  # a redirect would carry a customer's number to an address nobody has configured
            trust_env=False,
        )

    async def ask(self, prompt: Prompt) -> Answer | None:
        try:
            return await self._answer(prompt)
        except _NoAnswer as trouble:
            # No number here: whoever needs it finds it by the payment.
            log.warning("no answer from the handset", extra={"payment": prompt.payment_id, "trouble": str(trouble)})
            return None

    async def close(self) -> None:
        await self._http.aclose()

    async def _answer(self, prompt: Prompt) -> Answer | None:
        seconds = (prompt.expires_at - self._clock.now() - self._settings.margin_ms) / 1000
        if prompt.market not in self._settings.markets:
            raise _NoAnswer("no gateway serves this market")
        if seconds <= 0:
            raise _NoAnswer("no time is left")
        failures: list[str] = []
        try:
            async with asyncio.timeout(seconds), self._places:
                return await self._ask_until_answered(prompt, failures)
        except TimeoutError:
            why = f"the gateway could not be asked: {failures[-1]}" if failures else "nobody answered in time"
            raise _NoAnswer(why) from None

    async def _ask_until_answered(self, prompt: Prompt, failures: list[str]) -> Answer | None:
        body = write(_question(prompt))
        while True:
            try:
                return await self._post(prompt, body)
            except _Again as trouble:
                failures.append(str(trouble))
                await back_off(self._clock, self._ids, len(failures))

    async def _post(self, prompt: Prompt, body: bytes) -> Answer | None:
        headers = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            **sign(self._settings.secrets, prompt.payment_id, self._seconds(), body),
        }
        try:
            async with self._http.stream("POST", self._settings.url, content=body, headers=headers) as response:
                if response.status_code in _AGAIN:
                    raise _Again(f"status {response.status_code}")
                if response.status_code != httpx.codes.OK:
                    raise _NoAnswer(f"the gateway answered {response.status_code}")
                return self._read(prompt, response.headers, await _bounded(response))
        except httpx.TransportError as trouble:
            raise _Again(type(trouble).__name__) from trouble

    def _read(self, prompt: Prompt, headers: httpx.Headers, body: bytes) -> Answer | None:
        """Refusals first. The id and the payment in the body must both be this one's: a recorded answer of another
        payment is rightly signed too."""
        trouble = distrust(self._settings.secrets, headers, self._seconds(), body)
        if trouble:
            raise _NoAnswer(trouble)
        if headers[ID] != prompt.payment_id:
            raise _NoAnswer("it answers another question")
        reply = read_reply(body)
        if reply is None:
            raise _NoAnswer("it is not understood")
        if reply.payment_id != prompt.payment_id:
            raise _NoAnswer("it is about another payment")
        return ANSWERS[reply.action]

    def _seconds(self) -> int:
        return self._clock.now() // 1000


def _question(prompt: Prompt) -> Question:
    return Question(
        payment_id=prompt.payment_id,
        msisdn=prompt.msisdn,
        amount=Amount(prompt.amount.minor, prompt.amount.currency, prompt.amount_text),
        shortcode=prompt.shortcode,
        organisation=prompt.organisation,
        market=prompt.market,
        reference=prompt.reference,
        description=prompt.description,
        asked_at=prompt.asked_at,
        expires_at=prompt.expires_at,
        voucher_code=prompt.voucher_code,
        language=prompt.language,
    )


async def _bounded(response: httpx.Response) -> bytes:
    """The raw body, so that a compressed one can't grow. One that is longer than any answer is not read on."""
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > ANSWER_BYTES_MAX:
            raise _NoAnswer("it is too long")
    return bytes(body)
