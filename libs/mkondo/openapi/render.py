"""Every answer of the M-Pesa OpenAPI as a status and the exact bytes of its body.

Pure. Contract section 1 (framing), 4 (outputs), 5 (codes) and 12 ("Who you are", "Transport", "Order of keys"): compact
JSON with the operation's full key set, `N/A` where an identifier does not exist. Golden files in tests/contract hold
each shape byte for byte. Read next: routing.py, which says what is answered without an operation.
"""

import msgspec

from mkondo.domain.payment import Payment, PaymentCompleted, PaymentEnded
from mkondo.openapi.codes import status_of, text_of
from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.openapi.triggers import Trigger

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-type", b"application/json"),
    (b"access-control-allow-origin", b"*"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"x-robots-tag", b"none"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-xss-protection", b"1; mode=block"),
    (b"strict-transport-security", b"max-age=16005600; includeSubDomains"),
    (b"vary", b"Accept-Encoding"),
)
"""Framing of every answer; content-length is the caller's. No quote character ever: one client crashes on it (10.5)."""

NOTHING = "N/A"
_encode = msgspec.json.Encoder().encode

_CODE = "output_ResponseCode"
_TEXT = "output_ResponseDesc"
_CONVERSATION = "output_ConversationID"
_ECHO = "output_ThirdPartyConversationID"

_USUAL = ("output_TransactionID",)
"""What an answer names between description and conversation when no operation is known."""


class Answer(msgspec.Struct, frozen=True):
    """A status and a body, ready to be sent under HEADERS."""

    status: int
    body: bytes


def refusal(
    operation: Operation,
    code: str,
    *,
    text: str | None = None,
    conversation_id: str,
    third_party_conversation_id: str | None = None,
) -> Answer:
    """The request was not carried out, and nothing it could be asked about exists.

    A 401 for who the caller is (INS-989, `text` from section 12) has the reason again as `output_error`.
    """
    status = status_of(code, operation.name)
    keys = _refused(operation, code, text, conversation_id, third_party_conversation_id)
    if status == 401 and code == "INS-989":
        keys["output_error"] = keys[_TEXT]
    return Answer(status, _encode(keys))


def transport_refusal(
    status: int,
    code: str,
    conversation_id: str,
    *,
    text: str | None = None,
    operation: Operation | None = None,
    third_party_conversation_id: str | None = None,
) -> Answer:
    """404, 405, 413, 415, 429 or 503: the status is the transport's, not the code's (section 12, "Transport")."""
    keys = _refused(operation, code, text, conversation_id, third_party_conversation_id)
    return Answer(status, _encode(keys))


def _refused(
    operation: Operation | None, code: str, text: str | None, conversation_id: str, echo: str | None
) -> dict[str, str]:
    name, outputs = (operation.name, operation.outputs) if operation else ("", _USUAL)
    keys = {_CODE: code, _TEXT: text or text_of(code, name), **dict.fromkeys(outputs, NOTHING)}
    if operation is None or operation.conversation:
        keys[_CONVERSATION] = conversation_id
        keys[_ECHO] = echo or NOTHING
    return keys


def payment_ended(ended: PaymentEnded) -> Answer:
    """The answer to the request for a payment that has ended. It names the payment even when that was declined."""
    payment = ended.payment
    operation = OPERATIONS[payment.operation]
    code = operation.ok_code if isinstance(ended, PaymentCompleted) else ended.code
    keys = {
        _CODE: code,
        _TEXT: text_of(code, operation.name),
        "output_TransactionID": payment.transaction_id,
        _CONVERSATION: payment.payment_id,
        _ECHO: payment.third_party_conversation_id,
    }
    return Answer(status_of(code, operation.name), _encode(keys))


def payment_accepted(payment: Payment) -> Answer:
    """The result comes later, by callback: exactly four keys (section 12, "Asynchronous acceptance")."""
    operation = OPERATIONS[payment.operation]
    keys = {
        _CODE: operation.accepted_code,
        _TEXT: text_of(operation.accepted_code, operation.name),
        _CONVERSATION: payment.payment_id,
        _ECHO: payment.third_party_conversation_id,
    }
    return Answer(operation.ok_status, _encode(keys))


def session_opened(session_id: str) -> Answer:
    """The session key; the only place it ever appears."""
    keys = {_CODE: "INS-0", _TEXT: text_of("INS-0"), "output_SessionID": session_id}
    return Answer(200, _encode(keys))


def session_refused() -> Answer:
    """Whatever is wrong with the bearer or the source: section 2 knows only one failure of getSession."""
    return refusal(OPERATIONS["get_session"], "INS-989", conversation_id=NOTHING)


def payment_status(
    payment: Payment,
    ended: PaymentEnded | None,
    *,
    conversation_id: str,
    third_party_conversation_id: str | None = None,
    reversed: bool = False,
) -> Answer:
    """How a payment stands. The query's own two ids, not the payment's, are its conversation."""
    return _status(_word(ended), payment.transaction_id, reversed, conversation_id, third_party_conversation_id)


def _word(ended: PaymentEnded | None) -> str:
    if ended is None:
        return "In Progress"
    return "Completed" if isinstance(ended, PaymentCompleted) else ended.status


def _status(word: str, transaction_id: str, reversed: bool, conversation_id: str, echo: str | None) -> Answer:
    keys = {
        _CODE: "INS-0",
        _TEXT: text_of("INS-0"),
        "output_ResponseTransactionStatus": word,
        "output_OriginalTransactionID": transaction_id,
        "output_Reversed": str(reversed),  # a string: every typed client reads one (section 4)
        _CONVERSATION: conversation_id,
        _ECHO: echo or NOTHING,
    }
    return Answer(200, _encode(keys))


def status_not_found(*, conversation_id: str, third_party_conversation_id: str | None = None) -> Answer:
    """No payment of the caller has the reference, or it is somebody else's: the same answer for both."""
    return refusal(
        OPERATIONS["query_transaction_status"],
        "INS-23",
        conversation_id=conversation_id,
        third_party_conversation_id=third_party_conversation_id,
    )


def status_triggered(
    trigger: Trigger, reference: str, *, conversation_id: str, third_party_conversation_id: str | None = None
) -> Answer:
    """The sandbox's scripted answer to a status query of a test reference (section 7)."""
    if trigger.code == "INS-0":
        return _status("Completed", reference, trigger.reversed, conversation_id, third_party_conversation_id)
    return refusal(
        OPERATIONS["query_transaction_status"],
        trigger.code,
        text=trigger.text,
        conversation_id=conversation_id,
        third_party_conversation_id=third_party_conversation_id,
    )
