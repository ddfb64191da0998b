"""An answer as it comes, and what is told of it: a status line is an answer, whatever becomes of the body behind it.

Read next: reasons.py, sender.py.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
import msgspec
from aiohttp.client_proto import ResponseHandler

from mkondo.domain.delivery import Receipt

ANSWER_KEPT = 1_024
_HEAD_ENDS = b"\r\n\r\n"


class Acknowledgement(msgspec.Struct, frozen=True):
    """What a merchant answers (contract section 6), as far as it is looked at."""

    output_ResponseCode: str


_decode = msgspec.json.Decoder(Acknowledgement).decode


@dataclass
class Answer:
    """What has come so far. `status` 0: nothing yet; `retry_after_ms`: how long it asks us to wait."""

    status: int = 0
    retry_after_ms: int = 0
    body: bytes = b""

    async def read(self, content: aiohttp.StreamReader) -> None:
        """Its first 1 KiB. Raises aiohttp.ClientError where it breaks off."""
        while len(self.body) < ANSWER_KEPT and (piece := await content.read(ANSWER_KEPT - len(self.body))):
            self.body += piece

    def receipt(self, trouble: str, ack_code: str, milliseconds: int) -> Receipt:
        """What has come of the attempt; `trouble`: why no more came, or nothing; empty where it came to its end."""
        delivered = 200 <= self.status < 300
        return Receipt(
            delivered,
            self.status,
            self._reason(trouble),
            self.body.decode(errors="replace"),
            milliseconds,
            delivered and not trouble and _acknowledges(self.body, ack_code),
            self.retry_after_ms,
        )

    def _reason(self, trouble: str) -> str:
        if not self.status:
            return trouble
        refused = "" if 200 <= self.status < 300 else f"answered HTTP {self.status}"
        return "; ".join(part for part in (refused, trouble and f"the answer's body broke off: {trouble}") if part)


def _acknowledges(answer: bytes, code: str) -> bool:
    try:
        return _decode(answer).output_ResponseCode == code
    except (msgspec.DecodeError, RecursionError):  # a thousand brackets fit into 1 KiB
        return False


class HeadFirst(ResponseHandler):
    """The library's reader of answers, given the head by itself: of a head and a broken body in one piece it tells
    neither, and of a body that breaks in a later piece it tells nobody."""

    def data_received(self, data: bytes) -> None:
        head, ends, body = data.partition(_HEAD_ENDS)
        super().data_received(head + ends)
        if body:
            super().data_received(body)

    def set_exception(self, exc: BaseException, *cause: Any) -> None:
        super().set_exception(exc, *cause)
        if self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(aiohttp.ClientPayloadError())


class Connector(aiohttp.TCPConnector):
    """Opens connections whose answers are read head first."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        reader: type[ResponseHandler] = HeadFirst
        self._factory = partial(reader, loop=self._loop)
