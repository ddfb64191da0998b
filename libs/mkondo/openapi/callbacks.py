"""The result of an asynchronous request as it is pushed: the exact bytes of its body (contract section 6).

Pure. Rendered from the same event as the answer and the query, by the operation's row. Read next: render.py.
"""

from collections.abc import Mapping

import msgspec

from mkondo.domain import reasons
from mkondo.domain.delivery import Result, about
from mkondo.domain.payment import PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import RequestAnswered
from mkondo.openapi.operations import Operation
from mkondo.openapi.outputs import NOTHING
from mkondo.openapi.profiles import operation_of
from mkondo.openapi.render import told_as

_encode = msgspec.json.Encoder().encode

_ORIGINAL = "input_OriginalConversationID"
_CODES = ("input_ResultCode", "input_ResponseCode")
_TEXTS = ("input_ResultDesc", "input_ResponseDesc")


def operation_of_result(result: Result) -> Operation:
    asked = about(result)
    return operation_of(asked.operation, asked.profile)


def callback_body(result: Result) -> bytes:
    """Compact JSON with the operation's keys in the documented order; N/A where there is nothing to name."""
    asked, operation = about(result), operation_of_result(result)
    code, status, outputs = _said(result, operation)
    told = told_as(operation, code, circumstance=status)
    known: dict[str, str | bool] = {
        _ORIGINAL: asked.conversation_id,
        **dict.fromkeys(_CODES, operation.result_ok_code if code in (reasons.OK, operation.ok_code) else told.code),
        **dict.fromkeys(_TEXTS, told.text),
        operation.result_echo: asked.third_party_conversation_id,
        **{key.replace("output_", "input_", 1): value for key, value in outputs.items()},
    }
    return _encode({key: known.get(key, NOTHING) for key in operation.callback_outputs})


def _said(result: Result, operation: Operation) -> tuple[str, str, Mapping[str, str | bool]]:
    """The reason code, the status word, and what the answer would name, by the answer's keys."""
    match result:
        case PaymentCompleted(payment=payment) | PaymentReserved(payment=payment):
            return operation.ok_code, "", {**payment.outputs, "output_TransactionID": payment.transaction_id}
        case PaymentFailed(payment=payment):
            return result.code, result.status, {"output_TransactionID": payment.transaction_id}
        case RequestAnswered():
            return result.code, result.status, result.outputs if result.succeeded else {}
