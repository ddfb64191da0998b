"""Every answer of the M-Pesa OpenAPI as a status and the exact bytes of its body.

Pure. Contract section 1 (framing), 4 (outputs), 5 (codes) and 12 ("Who you are", "Transport", "Order of keys"): compact
JSON with the operation's full key set, `N/A` where an identifier does not exist. Golden files in tests/contract hold
each shape byte for byte. Read next: routing.py, which says what is answered without an operation.
"""

from collections.abc import Mapping

import msgspec

from mkondo.domain.payment import Payment, PaymentCompleted, PaymentEnded, PaymentReserved
from mkondo.domain.request import Request, RequestAnswered
from mkondo.openapi.codes import status_of, text_of
from mkondo.openapi.operations import OPERATIONS, Operation, operation_of
from mkondo.openapi.outputs import NOTHING as NOTHING

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

_encode = msgspec.json.Encoder().encode

_CODE = "output_ResponseCode"
_TEXT = "output_ResponseDesc"
_CONVERSATION = "output_ConversationID"
_ECHO = "output_ThirdPartyConversationID"

_TRANSACTION = "output_TransactionID"
_USUAL = (_TRANSACTION,)
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
    operation = operation_of(payment.operation, payment.profile)
    if isinstance(ended, PaymentCompleted):
        return _of_payment(operation, payment, operation.ok_code, payment.outputs)
    return _of_payment(operation, payment, ended.code, dict.fromkeys(operation.outputs, NOTHING))


def payment_reserved(reserved: PaymentReserved) -> Answer:
    """The first step of a two-step payment is done (section 4)."""
    payment = reserved.payment
    operation = operation_of(payment.operation, payment.profile)
    return _of_payment(operation, payment, operation.ok_code, payment.outputs)


def _of_payment(operation: Operation, payment: Payment, code: str, outputs: Mapping[str, str]) -> Answer:
    """An output that the payment does not have is left out: which extras there are is the application's choice."""
    known = {**outputs, _TRANSACTION: payment.transaction_id}
    keys = {
        _CODE: code,
        _TEXT: text_of(code, operation.name),
        **{key: known[key] for key in operation.outputs if key in known},
        _CONVERSATION: payment.payment_id,
        _ECHO: payment.third_party_conversation_id,
    }
    return Answer(status_of(code, operation.name), _encode(keys))


def request_answered(answered: RequestAnswered) -> Answer:
    """The answer to a service request; a refused one has the full key set, with nothing in it."""
    request = answered.request
    operation = operation_of(request.operation, request.profile)
    code = operation.ok_code if answered.code == "INS-0" else answered.code
    outputs = answered.outputs if answered.succeeded else {}
    keys = {
        _CODE: code,
        _TEXT: text_of(code, operation.name),
        **{key: outputs.get(key, NOTHING) for key in operation.outputs},
        _CONVERSATION: request.request_id,
        _ECHO: request.third_party_conversation_id,
    }
    return Answer(status_of(code, operation.name), _encode(keys))


def accepted(about: Payment | Request) -> Answer:
    """The result comes later, by callback: exactly four keys (section 12, "Asynchronous acceptance")."""
    operation = operation_of(about.operation, about.profile)
    keys = {
        _CODE: operation.accepted_code,
        _TEXT: text_of(operation.accepted_code, operation.name),
        _CONVERSATION: about.conversation_id,
        _ECHO: about.third_party_conversation_id,
    }
    return Answer(operation.ok_status, _encode(keys))


def session_opened(session_id: str) -> Answer:
    """The session key; the only place it ever appears."""
    keys = {_CODE: "INS-0", _TEXT: text_of("INS-0"), "output_SessionID": session_id}
    return Answer(200, _encode(keys))


def session_refused() -> Answer:
    """Whatever is wrong with the bearer or the source: section 2 knows only one failure of getSession."""
    return refusal(OPERATIONS["get_session"], "INS-989", conversation_id=NOTHING)


class Standing(msgspec.Struct, frozen=True):
    """How something that was asked about stands, and how the asker likes `output_Reversed` written."""

    word: str
    transaction_id: str
    reversed: bool = False
    reversed_as_boolean: bool = False


def status(standing: Standing, *, conversation_id: str, third_party_conversation_id: str | None = None) -> Answer:
    """A status query's answer. The query's own two ids, not the payment's, are its conversation."""
    flag = standing.reversed
    keys = {
        _CODE: "INS-0",
        _TEXT: text_of("INS-0"),
        "output_ResponseTransactionStatus": standing.word,
        "output_OriginalTransactionID": standing.transaction_id,
        "output_Reversed": flag if standing.reversed_as_boolean else str(flag),  # every typed client reads a string
        _CONVERSATION: conversation_id,
        _ECHO: third_party_conversation_id or NOTHING,
    }
    return Answer(200, _encode(keys))


def beneficiary(
    first_name: str, last_name: str, *, conversation_id: str, third_party_conversation_id: str | None = None
) -> Answer:
    """The customer's name."""
    keys = {
        _CODE: "INS-0",
        _TEXT: text_of("INS-0"),
        "output_CustomerFirstName": first_name,
        "output_CustomerLastName": last_name,
        _CONVERSATION: conversation_id,
        _ECHO: third_party_conversation_id or NOTHING,
    }
    return Answer(200, _encode(keys))
