"""The JSON Schemas of requests, answers and results, exact enough to generate good and bad requests from.

Pure. Fields come from fields.py, outputs from outputs.py; the tolerances of contract section 10 (numbers and booleans
for text, empty and null for absent) are part of the schema, because a request that uses them is a good one.
Read next: samples.py, document.py.
"""

import re
from collections.abc import Iterable
from typing import TypeAlias

from mkondo.domain.markets import MARKETS
from mkondo.openapi.fields import RESPONSE_URL, Field, Kind
from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.openapi.outputs import NOTHING, output
from mkondo.openapi.samples import ACKNOWLEDGEMENT_KEYS, CODE_KEYS, CONVERSATION_KEYS, TRANSACTION, answer_keys

Json: TypeAlias = dict[str, object]

_DAY = "0?[1-9]|[12][0-9]|3[01]"
_DATE = "[1-9][0-9]{3}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_AMOUNT = r"[0-9]{1,16}|[0-9]{0,16}\.[0-9]{1,2}"
_PATTERNS: dict[Kind, str] = {
    Kind.AMOUNT: _AMOUNT,
    Kind.BALANCE: _AMOUNT,
    Kind.DIGITS: "0?[1-8]",
    Kind.START_DAY: _DAY,
    Kind.END_DAY: _DAY,
    Kind.FIRST_DATE: _DATE,
    Kind.EXPIRY_DATE: _DATE,
}
"""What a kind adds to its field's grammar; a single digit is padded."""
_VALUES: dict[Kind, tuple[str, ...]] = {
    Kind.COUNTRY: tuple(market.country for market in MARKETS.values()),
    Kind.CURRENCY: tuple(market.currency for market in MARKETS.values()),
    Kind.FLAG: ("True", "False", "true", "false"),
}
_NUMBERS: dict[Kind, tuple[Json, ...]] = {
    Kind.AMOUNT: ({"type": "number", "exclusiveMinimum": 0},),
    Kind.BALANCE: ({"type": "number", "minimum": 0},),
    Kind.MSISDN: ({"type": "integer", "minimum": 10**10, "maximum": 10**14 - 1},),
    Kind.COUNTRY: (),
    Kind.CURRENCY: (),
    Kind.ADDRESS: (),
    Kind.FLAG: ({"type": "boolean"},),
    Kind.DIGITS: ({"type": "integer", "minimum": 1, "maximum": 8},),
    Kind.START_DAY: ({"type": "integer", "minimum": 1, "maximum": 31},),
    Kind.END_DAY: ({"type": "integer", "minimum": 1, "maximum": 31},),
    Kind.FIRST_DATE: ({"type": "integer", "minimum": 10000101, "maximum": 99991231},),
    Kind.EXPIRY_DATE: ({"type": "integer", "minimum": 10000101, "maximum": 99991231},),
}
"""The JSON value that may stand for the text; of a plain text, what its grammar lets through."""
_LENGTHS = range(1, 16)
"""Of whole numbers that every JSON library reads exactly; what may be longer has no maximum."""


def text_field(field: Field) -> Json:
    """The field as text, which is all that a query string has. Empty is the same as absent."""
    values = _VALUES.get(field.kind)
    if values:
        return {"type": "string", "enum": list(values)}
    either = [_PATTERNS.get(field.kind, field.grammar), *([field.test_grammar] if field.test_grammar else [])]
    grammar = "|".join(either).replace(r"\d", "[0-9]").replace(r"\w", "0-9A-Za-z_")
    schema: Json = {"type": "string", "pattern": f"^(?:{grammar}){'' if field.mandatory else '?'}$"}
    return schema | ({"format": "uri"} if field is RESPONSE_URL else {})


def body_field(field: Field) -> Json:
    """The field in a JSON body: text, or what is read as that text. Null is the same as absent."""
    others = [*_other_types(field), *([] if field.mandatory else [{"type": "null"}])]
    return {"anyOf": [text_field(field), *others]} if others else text_field(field)


def _other_types(field: Field) -> Iterable[Json]:
    if field.kind is not Kind.TEXT:
        yield from _NUMBERS[field.kind]
        return
    lengths = [length for length in _LENGTHS if re.fullmatch(field.grammar, "1" * length, re.ASCII)]
    if lengths:
        smallest = 0 if lengths[0] == 1 else 10 ** (lengths[0] - 1)
        longest = {} if lengths[-1] == _LENGTHS[-1] else {"maximum": 10 ** lengths[-1] - 1}
        yield {"type": "integer", "minimum": smallest, **longest}
    if re.fullmatch(field.grammar, field.example, re.ASCII) and re.fullmatch(r"\d+\.\d+", field.example):
        yield {"const": float(field.example)}
    if re.fullmatch(field.grammar, "true", re.ASCII):
        yield {"type": "boolean"}


def request(operation: Operation) -> Json:
    """The JSON body; unknown members are ignored."""
    schema: Json = {
        "type": "object",
        "required": [field.name for field in operation.fields if field.mandatory],
        "properties": {
            field.name: {"description": meaning(field), "examples": [field.example], **body_field(field)}
            for field in operation.fields
        },
    }
    if operation.either:
        schema["anyOf"] = [{"required": [name]} for name in operation.either.names]
    return schema


def meaning(field: Field) -> str:
    needed = field.needed_with
    condition = f" Mandatory when {needed[0]} is {needed[1]}, else {needed[2]}." if needed else ""
    return f"{field.meaning} {field.code} when it does not fit.{condition}"


def answer(operation: Operation) -> Json:
    """A good answer, its keys in their order."""
    keys = answer_keys(operation)
    properties = {key: said(key) for key in keys} | {"output_ResponseCode": _code(operation.ok_code)}
    return _closed(properties, [key for key in keys if not output(key).optional])


def refusal(operation: Operation) -> Json:
    """The same keys with nothing in them; a payment that was made and declined has its id."""
    keys = answer_keys(operation)
    properties = {key: said(key) if key in (*CODE_KEYS, *CONVERSATION_KEYS) else _nothing(key) for key in keys}
    return _closed(properties | {"output_error": said("output_error")}, list(keys))


def accepted() -> Json:
    """The result follows by callback: exactly four keys (section 12, "Asynchronous acceptance")."""
    codes = dict.fromkeys(operation.accepted_code for operation in OPERATIONS.values())
    keys = (*CODE_KEYS, *CONVERSATION_KEYS)
    return _closed({key: said(key) for key in keys} | {"output_ResponseCode": _code(*codes)}, list(keys))


def result(operation: Operation) -> Json:
    """What is pushed to the merchant; of a request that failed, nothing or N/A beside the first four keys."""
    keys = operation.callback_outputs
    return _closed({key: said(key, may_lack=True) for key in keys}, list(keys[:4]))


def acknowledgement() -> Json:
    """What the merchant answers; any 2xx counts as delivered, whatever its body."""
    codes = dict.fromkeys(operation.ack_code for operation in OPERATIONS.values())
    properties = {key: said(key) for key in ACKNOWLEDGEMENT_KEYS} | {"output_ResponseCode": _code(*codes)}
    return {"type": "object", "properties": properties}


def unknown_path() -> Json:
    """404: no operation is known, so the usual five keys."""
    keys = (*CODE_KEYS, TRANSACTION, *CONVERSATION_KEYS)
    properties = {key: said(key) for key in keys} | {TRANSACTION: {"const": NOTHING}}
    return _closed(properties, list(keys))


def said(key: str, may_lack: bool = False) -> Json:
    """One key of an answer or a result."""
    row = output(key)
    lacks = may_lack or not row.named
    schema: Json = {"type": "string"}
    if row.values:
        values: list[object] = [*row.values, *([NOTHING] if lacks else [])]
        schema = {"enum": [*values, True, False]} if row.boolean else {"type": "string", "enum": values}
    elif row.grammar:
        schema["pattern"] = f"^(?:{row.grammar}{f'|{NOTHING}' if lacks else ''})$"
    return {**schema, "description": row.meaning}


def _nothing(key: str) -> Json:
    if key == TRANSACTION:
        return said(key, may_lack=True)
    return {"const": NOTHING}


def _code(*codes: str) -> Json:
    return {"type": "string", "enum": list(codes), "description": output("output_ResponseCode").meaning}


def _closed(properties: dict[str, Json], required: list[str]) -> Json:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}
