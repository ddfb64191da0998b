"""What the platform and the gateway to customers' handsets say to each other: one question, one answer, as JSON.

docs/ussd-gateway.md is this page for integrators. Both messages are signed (signature.py) with the payment's id as
their id, so that an answer is bound to its question. Read next: adapters/ussd/gateway.py.
"""

from collections.abc import Callable

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

write = msgspec.json.encode
_read: Callable[[bytes], Question | Reply] = msgspec.json.Decoder(Question | Reply).decode
"""Of both, so that the type must be there: alone, a Struct takes a message without one for its own."""


def read_question(body: bytes) -> Question | None:
    """None: it is no question."""
    message = _message(body)
    return message if isinstance(message, Question) else None


def read_reply(body: bytes) -> Reply | None:
    """None: it is no answer, or it says something that has no meaning here. Unknown fields are ignored."""
    message = _message(body)
    return message if isinstance(message, Reply) and message.action in ACTIONS else None


def _message(body: bytes) -> Question | Reply | None:
    try:
        return _read(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the last: brackets a thousand deep
        return None
