"""An answer as it comes, and what is told of it: a status line is an answer, whatever becomes of the body behind it.

Read next: reasons.py, sender.py.
"""

from dataclasses import dataclass

import aiohttp
import msgspec

from mkondo.domain.delivery import Receipt

ANSWER_KEPT = 1_024


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
