"""Gateways that are not to be believed, or in trouble: one lie a number, everybody else's phone is honest.

Each would be an approval if one check were missing. Read next: tests/service/ussd/test_hostile_gateways.py.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from mkondo.contracts.signature import TOLERANCE_SECONDS, Secret, sign
from mkondo.contracts.ussd import Question, Reply, write
from mkondo.domain.handset import APPROVE
from mkondo.testing.ussd_gateway import Receive, ReferenceGateway, Scope, Send, now_seconds, respond

OTHER_SECRET = Secret(b"the secret of somebody else.")
MEGABYTE = 1_000_000
_TOO_OLD = TOLERANCE_SECONDS + 60


class LyingGateway(ReferenceGateway):
    """Behaves by the customer's number as LIES says. `redirected` counts requests that followed the redirect."""

    def __init__(self, secrets: Sequence[Secret], phones: Mapping[str, str]) -> None:
        super().__init__(secrets, phones)
        self.secrets = secrets
        self.redirected = 0
        self.recorded: tuple[dict[str, str], bytes] = ({}, b"")
        """The last honest answer of any payment, headers and all."""
        self.tries: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.redirected += scope.get("path") == "/elsewhere"
        await super().__call__(scope, receive, send)

    async def answer(self, question: Question, receive: Receive, send: Send) -> None:
        self.tries[question.payment_id] = self.tries.get(question.payment_id, 0) + 1
        lie = LIES.get(self._phones.get(question.msisdn, APPROVE))
        if lie is None:
            await super().answer(question, receive, send)
            body = write(Reply(question.payment_id, APPROVE))
            self.recorded = (sign(self.secrets, question.payment_id, now_seconds(), body), body)
        else:
            await lie(self, question, receive, send)

    async def approve(self, question: Question, send: Send) -> None:
        await self.send(send, Reply(question.payment_id, APPROVE))

    async def approve_signed(self, question: Question, send: Send, secrets: Sequence[Secret], age: int) -> None:
        body = write(Reply(question.payment_id, APPROVE))
        await respond(send, 200, sign(secrets, question.payment_id, now_seconds() - age, body), body)

    async def send_signed(self, question: Question, send: Send, body: bytes) -> None:
        await respond(send, 200, sign(self.secrets, question.payment_id, now_seconds(), body), body)


async def _forged(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await gateway.approve_signed(question, send, [OTHER_SECRET], 0)


async def _unsigned(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await respond(send, 200, {}, write(Reply(question.payment_id, APPROVE)))


async def _stale(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await gateway.approve_signed(question, send, gateway.secrets, _TOO_OLD)


async def _from_the_future(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await gateway.approve_signed(question, send, gateway.secrets, -_TOO_OLD)


async def _changed(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    refused, approved = (write(Reply(question.payment_id, action)) for action in ("cancel", APPROVE))
    await respond(send, 200, sign(gateway.secrets, question.payment_id, now_seconds(), refused), approved)


async def _recorded(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await respond(send, 200, *gateway.recorded)


async def _other_id(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await gateway.send(send, Reply(question.payment_id, APPROVE), name="another-payment")


async def _other_payment(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await gateway.send_signed(question, send, b'{"type":"handset.answer","payment_id":"another","action":"approve"}')


async def _reflected(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await gateway.send_signed(question, send, write(question))


async def _garbage(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await gateway.send_signed(question, send, b'\xff\x00{"approve"')


async def _unknown_action(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await gateway.send(send, Reply(question.payment_id, "approved"))


async def _megabyte(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await gateway.send_signed(question, send, write(Reply(question.payment_id, APPROVE)) + b" " * MEGABYTE)


async def _byte_by_byte(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    body = write(Reply(question.payment_id, APPROVE))
    headers = sign(gateway.secrets, question.payment_id, now_seconds(), body)
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 200, "headers": raw})
    gone = asyncio.ensure_future(receive())
    for number in range(len(body)):
        await send({"type": "http.response.body", "body": body[number : number + 1], "more_body": True})
        done, _ = await asyncio.wait({gone}, timeout=1)
        if done:
            return
    await send({"type": "http.response.body", "body": b""})


async def _late(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    gone = asyncio.ensure_future(receive())
    done, _ = await asyncio.wait({gone}, timeout=question.expires_at / 1000 - time.time())
    if not done:
        await gateway.approve(question, send)


async def _silent(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await receive()  # until the platform hangs up


async def _not_found(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    body = write(Reply(question.payment_id, APPROVE))
    await respond(send, 404, sign(gateway.secrets, question.payment_id, now_seconds(), body), body)


async def _redirects(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    if gateway.tries[question.payment_id] == 1:
        return await respond(send, 307, {"location": "/elsewhere"}, b"")
    await gateway.approve(question, send)


async def _broken_once(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    if gateway.tries[question.payment_id] == 1:
        return await respond(send, 500, {}, b"")
    await gateway.approve(question, send)


async def _always_broken(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    await respond(send, 503, {}, b"")


async def _hangs_up_once(gateway: LyingGateway, question: Question, receive: Receive, send: Send) -> None:
    if gateway.tries[question.payment_id] == 1:  # the server drops a connection whose response is not finished
        return await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"99")]})
    await gateway.approve(question, send)


Lie = Callable[[LyingGateway, Question, Receive, Send], Awaitable[None]]

LIES: Mapping[str, Lie] = {
    "forged": _forged,
    "unsigned": _unsigned,
    "stale": _stale,
    "from the future": _from_the_future,
    "changed on the way": _changed,
    "recorded from another payment": _recorded,
    "signed for another payment": _other_id,
    "about another payment": _other_payment,
    "our own question sent back": _reflected,
    "garbage": _garbage,
    "an unknown action": _unknown_action,
    "a megabyte": _megabyte,
    "a byte a second": _byte_by_byte,
    "approval after the expiry": _late,
    "silence": _silent,
    "404": _not_found,
    "a redirect": _redirects,
    "500 once": _broken_once,
    "always 503": _always_broken,
    "hangs up once": _hangs_up_once,
}
"""What such a gateway does -> how. Each is a value of `phones`."""

_TO_BE_TRUSTED_IN_THE_END = ("500 once", "hangs up once")
UNTRUSTED = tuple(name for name in LIES if name not in _TO_BE_TRUSTED_IN_THE_END)
"""None of these is ever an answer."""
