"""A reference gateway to handsets: what an integrator has to build, in one small ASGI program, with phones of paper.

    MKONDO_USSD_SECRET=whsec_… uvicorn --factory mkondo.testing.ussd_gateway:from_environment --port 9000

It believes only what the platform has signed, asks each payment's customer once however often the question comes, and
signs what they did. Read next: docs/ussd-gateway.md, ussd_liars.py for gateways that are not to be believed.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

from mkondo.contracts.signature import ID, Secret, distrust, read_secret, sign
from mkondo.contracts.ussd import Question, Reply, read_question, write
from mkondo.domain.handset import APPROVE, CANCEL, IGNORE, OFF, WRONG_PIN

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PHONES: Mapping[str, str] = {
    "255700000001": APPROVE,
    "255700000002": WRONG_PIN,
    "255700000003": CANCEL,
    "255700000004": IGNORE,
    "255700000005": OFF,
}
"""Paper phones by number, and what their owners do. Everybody else approves."""

_QUESTION_BYTES_MAX = 16_384


class ReferenceGateway:
    """An ASGI application. `shown` lists the questions that reached a customer, each once; `posts` counts requests."""

    def __init__(self, secrets: Sequence[Secret], phones: Mapping[str, str] = PHONES) -> None:
        self.shown: list[Question] = []
        self.posts = 0
        self.distrusted: list[str] = []
        self._secrets, self._phones = secrets, phones
        self._answers: dict[str, asyncio.Task[Reply]] = {}
        """By payment, so that a question that comes again gets the same answer. A real gateway keeps them for a day."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError("only HTTP is spoken here")
        self.posts += 1
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await read_body(receive)
        trouble = distrust(self._secrets, headers, now_seconds(), body)
        question = read_question(body)
        if trouble or question is None or headers[ID] != question.payment_id:
            self.distrusted.append(trouble)
            return await respond(send, 401 if trouble else 400, {}, b"")
        await self.answer(question, receive, send)

    async def answer(self, question: Question, receive: Receive, send: Send) -> None:
        """Bring the question to the customer and what they do back, as long as the platform listens."""
        if question.payment_id not in self._answers:
            self._answers[question.payment_id] = asyncio.create_task(self._show(question))
        customer = self._answers[question.payment_id]
        gone = asyncio.ensure_future(receive())
        await asyncio.wait({customer, gone}, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if customer.done():
            await self.send(send, customer.result())

    async def send(self, send: Send, reply: Reply, name: str = "") -> None:
        """A signed reply; `name` is whose answer it says it is."""
        body = write(reply)
        await respond(send, 200, sign(self._secrets, name or reply.payment_id, now_seconds(), body), body)

    async def _show(self, question: Question) -> Reply:
        """The telephone network would be here. One who ignores the prompt is given up when its time is over."""
        self.shown.append(question)
        action = self._phones.get(question.msisdn, APPROVE)
        if action == IGNORE:
            await asyncio.sleep(max(0.0, question.expires_at / 1000 - time.time()))
        return Reply(question.payment_id, action)


def from_environment() -> ReferenceGateway:
    """As an application factory for uvicorn."""
    return ReferenceGateway([read_secret(word) for word in os.environ["MKONDO_USSD_SECRET"].split()])


def now_seconds() -> int:
    return int(time.time())


async def read_body(receive: Receive) -> bytes:
    body, more = b"", True
    while more and len(body) <= _QUESTION_BYTES_MAX:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def respond(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    fields = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    raw = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
