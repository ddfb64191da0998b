"""Every answer of the M-Pesa OpenAPI as a status and the exact bytes of its body.

Pure. Contract section 1 (framing), 4 (outputs), 5 (codes) and 12 ("Who you are", "Transport", "Order of keys"): compact
JSON with the operation's full key set, `N/A` where an identifier does not exist. Golden files in tests/contract hold
each shape byte for byte. Read next: routing.py, which says what is answered without an operation.
"""

from collections.abc import Mapping, Sequence

import msgspec

from mkondo.domain import reasons
from mkondo.domain.payment import Payment, PaymentCompleted, PaymentEnded, PaymentReserved
from mkondo.domain.request import Request, RequestAnswered
from mkondo.openapi.codes import OPENAPI, text_of
from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.openapi.outputs import NOTHING as NOTHING
from mkondo.openapi.profiles import operation_of

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
_ERROR = "output_error"

_TRANSACTION = "output_TransactionID"
_USUAL = (_TRANSACTION,)
"""What an answer names between description and conversation when no operation is known."""


class Answer(msgspec.Struct, frozen=True):
    """A status and a body, ready to be sent under HEADERS. `explanation` goes into a header (explain.py).

    `lost`: it is not sent and the connection is closed, because a fault switch of the sandbox says so."""

    status: int
    body: bytes
    explanation: str = ""
    lost: bool = False


class _Told(msgspec.Struct, frozen=True):
    """A code as an answer says it. `error` is empty where it does not say its reason again."""

    code: str
    text: str
    status: int
    error: str


def told_as(operation: Operation | None, code: str, text: str | None = None, circumstance: str = "") -> _Told:
    """From the platform's code, and the words of this case if it has some, to what the operation's own table says."""
    table, name = (operation.codes, operation.name) if operation else (OPENAPI, "")
    renamed = table.find(code, circumstance or text or "")
    wire = code if renamed is None else renamed.to
    status = table.status_of(wire, name)
    if operation is None or not operation.repeats_error:
        said = text or table.text_of(wire, name)
        return _Told(wire, said, status, said if status == 401 and code == reasons.BAD_SESSION else "")
    said = table.text_of(wire, name)
    if status < 400:
        return _Told(wire, said, status, "")
    vague = renamed is not None and renamed.vague
    return _Told(wire, said, status, (text or text_of(code, name)) if vague else said)


def refusal(
    operation: Operation,
    code: str,
    *,
    text: str | None = None,
    circumstance: str = "",
    conversation_id: str,
    third_party_conversation_id: str | None = None,
) -> Answer:
    """The request was not carried out, and nothing it could be asked about exists.

    A 401 for who the caller is (INS-989, `text` from section 12) has the reason again as `output_error`. A profile may
    have another code for a `circumstance`.
    """
    told = told_as(operation, code, text, circumstance)
    return Answer(told.status, _encode(_refused(operation, told, conversation_id, third_party_conversation_id)))


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
    told = told_as(operation, code, text, str(status))
    return Answer(status, _encode(_refused(operation, told, conversation_id, third_party_conversation_id)))


def _refused(operation: Operation | None, told: _Told, conversation_id: str, echo: str | None) -> dict[str, str]:
    outputs, echo_key = (operation.outputs, operation.echo) if operation else (_USUAL, _ECHO)
    keys = {_CODE: told.code, _TEXT: told.text, **dict.fromkeys(outputs, NOTHING)}
    if operation is None or operation.conversation:
        keys[_CONVERSATION] = conversation_id
        keys[echo_key] = echo or NOTHING
    return _with_error(keys, told)


def _with_error(keys: dict[str, str], told: _Told) -> dict[str, str]:
    if told.error:
        keys[_ERROR] = told.error
    return keys


def payment_ended(ended: PaymentEnded) -> Answer:
    """The answer to the request for a payment that has ended. It names the payment even when that was declined."""
    payment = ended.payment
    operation = operation_of(payment.operation, payment.profile)
    if isinstance(ended, PaymentCompleted):
        return _of_payment(operation, payment, operation.ok_code, payment.outputs)
    return _of_payment(operation, payment, ended.code, dict.fromkeys(operation.outputs, NOTHING), ended.status)


def payment_reserved(reserved: PaymentReserved) -> Answer:
    """The first step of a two-step payment is done (section 4)."""
    payment = reserved.payment
    operation = operation_of(payment.operation, payment.profile)
    return _of_payment(operation, payment, operation.ok_code, payment.outputs)


def _of_payment(
    operation: Operation, payment: Payment, code: str, outputs: Mapping[str, str], word: str = ""
) -> Answer:
    """An output that the payment does not have is left out: which extras there are is the application's choice."""
    known = {**outputs, _TRANSACTION: payment.transaction_id}
    told = told_as(operation, code, circumstance=word)
    keys = {
        _CODE: told.code,
        _TEXT: told.text,
        **{key: known[key] for key in operation.outputs if key in known},
        _CONVERSATION: payment.payment_id,
        operation.echo: payment.third_party_conversation_id,
    }
    return Answer(told.status, _encode(_with_error(keys, told)))


def request_answered(answered: RequestAnswered) -> Answer:
    """The answer to a service request; a refused one has the full key set, with nothing in it."""
    request = answered.request
    operation = operation_of(request.operation, request.profile)
    code = operation.ok_code if answered.code == reasons.OK else answered.code
    outputs = answered.outputs if answered.succeeded else {}
    told = told_as(operation, code, circumstance=answered.status)
    keys: dict[str, str | bool] = {
        _CODE: told.code,
        _TEXT: told.text,
        **{key: outputs.get(key, NOTHING) for key in operation.outputs},
        _CONVERSATION: request.request_id,
        operation.echo: request.third_party_conversation_id,
    }
    if told.error:
        keys[_ERROR] = told.error
    return Answer(told.status, _encode(keys))


def accepted(about: Payment | Request) -> Answer:
    """The result comes later, by callback: exactly four keys (section 12, "Asynchronous acceptance")."""
    operation = operation_of(about.operation, about.profile)
    keys = {
        _CODE: operation.accepted_code,
        _TEXT: operation.codes.text_of(operation.accepted_code, operation.name),
        _CONVERSATION: about.conversation_id,
        operation.echo: about.third_party_conversation_id,
    }
    return Answer(operation.ok_status, _encode(keys))


def session_opened(session_id: str) -> Answer:
    """The session key; the only place it ever appears."""
    keys = {_CODE: reasons.OK, _TEXT: text_of(reasons.OK), "output_SessionID": session_id}
    return Answer(200, _encode(keys))


def session_refused() -> Answer:
    """Whatever is wrong with the bearer or the source: section 2 knows only one failure of getSession."""
    return refusal(OPERATIONS["get_session"], reasons.BAD_SESSION, conversation_id=NOTHING)


class Standing(msgspec.Struct, frozen=True):
    """How something that was asked about stands, and how the asker likes `output_Reversed` written."""

    word: str
    transaction_id: str
    reversed: bool = False
    reversed_as_boolean: bool = False


def status(
    standing: Standing,
    *,
    conversation_id: str,
    third_party_conversation_id: str | None = None,
    operation: Operation = OPERATIONS["query_transaction_status"],
) -> Answer:
    """A status query's answer. The query's own two ids, not the payment's, are its conversation."""
    flag = standing.reversed if standing.reversed_as_boolean else str(standing.reversed)  # typed clients read a string
    outputs = (standing.word, standing.transaction_id, flag)
    return found(operation, outputs, conversation_id, third_party_conversation_id)


def found(operation: Operation, outputs: Sequence[str | bool], conversation_id: str, echo: str | None) -> Answer:
    """What was asked about, such as a customer's name; `outputs` in the order of the operation's row."""
    keys = {
        _CODE: operation.ok_code,
        _TEXT: operation.codes.text_of(operation.ok_code, operation.name),
        **dict(zip(operation.outputs, outputs, strict=True)),
        _CONVERSATION: conversation_id,
        operation.echo: echo or NOTHING,
    }
    return Answer(operation.ok_status, _encode(keys))
