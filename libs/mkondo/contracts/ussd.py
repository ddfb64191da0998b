"""What the platform and the gateway to customers' handsets say to each other: one question, one answer, as JSON.

docs/ussd-gateway.md is this page for integrators. Both messages are signed (signature.py) with the payment's id as
their id, so that an answer is bound to its question. Read next: adapters/ussd/gateway.py.
"""

import msgspec

from mkondo.domain.handset import ANSWERS
from mkondo.domain.ids import Instant, PaymentId

ANSWER_BYTES_MAX = 16_384


class Amount(msgspec.Struct, frozen=True):
    """`minor` is the integer number of minor units, `text` the same for people: 6000, `TZS`, `60.00`."""

    minor: int
    currency: str
    text: str


class Question(msgspec.Struct, frozen=True, tag="handset.prompt", tag_field="type"):
    """Show this to the customer until `expires_at` (milliseconds since 1970, UTC)."""

    payment_id: PaymentId
    msisdn: str
    amount: Amount
    shortcode: str
    organisation: str
    market: str
    reference: str
    description: str
    asked_at: Instant
    expires_at: Instant
    voucher_code: str
    language: str


class Reply(msgspec.Struct, frozen=True, tag="handset.answer", tag_field="type"):
    """What the customer did. The type tells it from a question that is sent back, which the same secret signed."""

    payment_id: PaymentId
    action: str


ACTIONS = tuple(ANSWERS)
"""What `action` may be: approve, wrong_pin, cancel, off, ignore."""

_read_question = msgspec.json.Decoder(Question).decode
_read_reply = msgspec.json.Decoder(Reply).decode
write = msgspec.json.encode


def read_question(body: bytes) -> Question | None:
    """None: it is no question."""
    try:
        return _read_question(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_reply(body: bytes) -> Reply | None:
    """None: it is no answer, or it says something that has no meaning here. Unknown fields are ignored."""
    try:
        reply = _read_reply(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return reply if reply.action in ACTIONS else None
