"""Sample requests, answers, results and acknowledgements of every operation, for the document and the collection.

Pure. Each is made from the same rows that check, answer and send the real ones. Read next: document.py, collection.py.
"""

from collections.abc import Callable

import msgspec

from mkondo.domain.markets import Market
from mkondo.openapi.codes import CODES, TOO_MANY, TRANSPORT, codes_of, text_of
from mkondo.openapi.fields import RESPONSE_URL, Field, Kind
from mkondo.openapi.operations import Operation
from mkondo.openapi.outputs import ACKNOWLEDGED, NOTHING, output

CODE_KEYS = ("output_ResponseCode", "output_ResponseDesc")
CONVERSATION_KEYS = ("output_ConversationID", "output_ThirdPartyConversationID")
ACKNOWLEDGEMENT_KEYS = (
    "output_OriginalConversationID",
    "output_ResponseCode",
    "output_ResponseDesc",
    "output_ThirdPartyConversationID",
)
TRANSACTION = "output_TransactionID"
_SUBSCRIBER = "744553111"
_OF_MARKET: dict[Kind, Callable[[Market], str]] = {
    Kind.COUNTRY: lambda market: market.country,
    Kind.CURRENCY: lambda market: market.currency,
    Kind.MSISDN: lambda market: market.msisdn_prefix + _SUBSCRIBER[: market.live_msisdn_length - 3],
}


def answer_keys(operation: Operation) -> tuple[str, ...]:
    """The keys of a good answer in the order of section 12."""
    return (*CODE_KEYS, *operation.outputs, *(CONVERSATION_KEYS if operation.conversation else ()))


def field_sample(field: Field, market: Market) -> str:
    """A value that the market takes."""
    of_market = _OF_MARKET.get(field.kind)
    return of_market(market) if of_market else field.example


def request(operation: Operation, market: Market) -> dict[str, str]:
    """Every field but the address for an asynchronous result, which is the application's by default."""
    return {field.name: field_sample(field, market) for field in operation.fields if field is not RESPONSE_URL}


class Said(msgspec.Struct, frozen=True):
    """A code and its text; `name` tells it from the others under its status."""

    name: str
    code: str
    text: str


def answers(operation: Operation) -> dict[int, list[Said]]:
    """By HTTP status: the codes that may be answered under it, and their texts."""
    found: dict[int, list[Said]] = {}
    for code in codes_of(operation.name):
        status = code.statuses.get(operation.name, code.status)
        if status >= 300 or code.code == operation.ok_code:
            found.setdefault(status, []).append(Said(code.code, code.code, text_of(code.code, operation.name)))
    for status, code_name in TRANSPORT.items():
        if status == 429:
            found[status] = [Said(f"{code_name} {of}", code_name, text) for of, text in TOO_MANY.items()]
        elif status not in (404, 405):  # those are answers to another path or method
            found.setdefault(status, []).append(Said(code_name, code_name, text_of(code_name)))
    return found


def answer(operation: Operation, status: int, code: str, text: str = "") -> dict[str, str | bool]:
    """What an answer looks like. A refused request has nothing to name but its own conversation."""
    text = text or text_of(code, operation.name)
    values: dict[str, str | bool] = dict(zip(CODE_KEYS, (code, text), strict=True))
    for key in answer_keys(operation)[2:]:
        values[key] = output(key).example if status < 300 or key in CONVERSATION_KEYS else NOTHING
    return values | ({"output_error": text} if code == "INS-989" and status == 401 else {})


def accepted(operation: Operation) -> dict[str, str | bool]:
    """The answer to a request whose result is pushed later."""
    return {
        "output_ResponseCode": operation.accepted_code,
        "output_ResponseDesc": CODES[operation.accepted_code].text,
        **{key: output(key).example for key in CONVERSATION_KEYS},
    }


def result(operation: Operation) -> dict[str, str | bool]:
    """What is pushed to the merchant when the request went well."""
    codes = dict.fromkeys(("input_ResultCode", "input_ResponseCode"), operation.result_ok_code)
    return {key: codes.get(key, output(key).example) for key in operation.callback_outputs}


def acknowledgement(operation: Operation) -> dict[str, str | bool]:
    """What the merchant answers to that."""
    said = {"output_ResponseCode": operation.ack_code, "output_ResponseDesc": ACKNOWLEDGED}
    return {key: said.get(key, output(key).example) for key in ACKNOWLEDGEMENT_KEYS}
