"""The OpenAPI 3.1 document and the page of codes, made from the operations table: they can't disagree with the program.

Pure. `python -m mkondo.openapi.document > docs/m-pesa-openapi.json` renews the committed copy; a test keeps it fresh.
Read next: operations.py, codes.py.
"""

import sys
from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from mkondo.domain.environments import ENVIRONMENTS
from mkondo.domain.markets import MARKETS
from mkondo.openapi.codes import CODES, TRANSPORT, Code, codes_of, text_of
from mkondo.openapi.fields import Field, Kind
from mkondo.openapi.operations import OPERATIONS, Operation

Json: TypeAlias = dict[str, object]

_CONVERSATION_KEYS = ("output_ConversationID", "output_ThirdPartyConversationID")
_OUTPUTS: dict[str, str] = {
    "output_SessionID": "The session key: encrypt it with the platform's public key for every further call.",
    "output_TransactionID": "The payment's id.",
    "output_ResponseTransactionStatus": "Completed, In Progress, Failed, Declined, Cancelled or Expired.",
    "output_OriginalTransactionID": "The id of the payment that was asked about.",
    "output_Reversed": "True or False, as text.",
    "output_ConversationID": "The platform's id of this request; for a payment it can be queried by.",
    "output_ThirdPartyConversationID": "The request's input_ThirdPartyConversationID.",
}
_EXAMPLES = {
    "output_SessionID": "4ee35a0f5ac54dd8a2ed2b9d5ba4e0d2",
    "output_TransactionID": "G27DEn1DLoQ3",
    "output_ResponseTransactionStatus": "Completed",
    "output_OriginalTransactionID": "G27DEn1DLoQ3",
    "output_Reversed": "False",
    "output_ConversationID": "0195b0f2c4d87a31b6d0c1b1a4e5f601",
    "output_ThirdPartyConversationID": "1e9b774d1da34af78412a498cbc28f5e",
}
_ABOUT = """The M-Pesa OpenAPI as this platform serves it.

Every call needs `Authorization: Bearer` and a base64 RSA block: PKCS#1 v1.5 with the platform's public key, over the
API key for getSession and over the session key for everything else. Never call from a browser: the key would leak.
After a dropped connection, 408, 503 or 429: query by ThirdPartyConversationID first, then send again with the same id.
"""


def document() -> Json:
    """The OpenAPI 3.1 document of the thirteen operations."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "M-Pesa OpenAPI", "version": "2.0", "description": _ABOUT},
        "servers": [
            {"url": "http://127.0.0.1:8080", "description": "mkondo up"},
            {"url": "https://127.0.0.1:8443", "description": "mkondo up, with its own certificate authority"},
            {"url": "https://openapi.m-pesa.com", "description": "the public host name, through `mkondo env`"},
        ],
        "security": [{"bearer": []}],
        "paths": {
            f"/{{environment}}/ipg/v2/{{market}}/{operation.path}": _path(operation)
            for operation in OPERATIONS.values()
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "base64 RSA block"}},
            "parameters": {
                "environment": _path_parameter("environment", "sandbox, or openapi for live.", ENVIRONMENTS),
                "market": _path_parameter("market", "The market; it fixes input_Country and input_Currency.", MARKETS),
            },
            "schemas": dict(schema for operation in OPERATIONS.values() for schema in _schemas(operation)),
        },
    }


def _path_parameter(name: str, meaning: str, values: Iterable[str]) -> Json:
    schema = {"type": "string", "enum": list(values)}
    return {"name": name, "in": "path", "required": True, "description": meaning, "schema": schema}


def _path(operation: Operation) -> Json:
    shared = [{"$ref": "#/components/parameters/environment"}, {"$ref": "#/components/parameters/market"}]
    call: Json = {"operationId": operation.name, "summary": operation.label, "responses": _responses(operation)}
    if operation.method == "GET" and operation.fields:
        call["parameters"] = [_query_parameter(field) for field in operation.fields]
    elif operation.fields:
        schema = {"$ref": f"#/components/schemas/{operation.name}_request"}
        call["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"parameters": shared, operation.method.lower(): call}


def _query_parameter(field: Field) -> Json:
    return {
        "name": field.name,
        "in": "query",
        "required": field.mandatory,
        "description": _meaning(field),
        "schema": _schema(field),
    }


def _schemas(operation: Operation) -> Iterable[tuple[str, Json]]:
    if operation.method != "GET":
        yield (
            f"{operation.name}_request",
            {
                "type": "object",
                "required": [field.name for field in operation.fields if field.mandatory],
                "properties": {
                    field.name: _schema(field) | {"description": _meaning(field)} for field in operation.fields
                },
            },
        )
    keys = _answer_keys(operation)
    yield (
        f"{operation.name}_answer",
        {
            "type": "object",
            "required": list(keys),
            "properties": {key: {"type": "string", "description": meaning} for key, meaning in keys.items()},
        },
    )


def _answer_keys(operation: Operation) -> dict[str, str]:
    keys = {"output_ResponseCode": "The reason code.", "output_ResponseDesc": "The reason code's text."}
    conversation = _CONVERSATION_KEYS if operation.conversation else ()
    return keys | {key: _OUTPUTS.get(key, "") for key in (*operation.outputs, *conversation)}


def _schema(field: Field) -> Json:
    kind: object = "string" if field.kind is Kind.TEXT else ["string", "number", "boolean"]
    return {"type": kind, "pattern": f"^(?:{field.grammar})$", "examples": [field.example]}


def _meaning(field: Field) -> str:
    return f"{field.meaning} {field.code} when it does not fit."


def _responses(operation: Operation) -> Json:
    by_status: dict[int, list[tuple[str, str]]] = {}
    for code in codes_of(operation.name):
        by_status.setdefault(_status(code, operation), []).append((code.code, text_of(code.code, operation.name)))
    for status, name in TRANSPORT.items():
        if status not in (404, 405):  # those are answers to another path or method
            by_status.setdefault(status, []).append((name, text_of(name)))
    return {str(status): _response(operation, status, by_status[status]) for status in sorted(by_status)}


def _status(code: Code, operation: Operation) -> int:
    return code.statuses.get(operation.name, code.status)


def _response(operation: Operation, status: int, listed: list[tuple[str, str]]) -> Json:
    content: Json = {"schema": {"$ref": f"#/components/schemas/{operation.name}_answer"}}
    content["examples"] = {code: {"value": _example(operation, status, code, text)} for code, text in listed}
    answer: Json = {
        "description": "; ".join(f"{code} {text}" for code, text in listed),
        "content": {"application/json": content},
    }
    if status in (429, 503):
        answer["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return answer


def _example(operation: Operation, status: int, code: str, text: str) -> dict[str, str]:
    good = status < 300
    values = {"output_ResponseCode": code, "output_ResponseDesc": text}
    for key in list(_answer_keys(operation))[2:]:
        values[key] = _EXAMPLES.get(key, "") if good or key in _CONVERSATION_KEYS else "N/A"
    return values | ({"output_error": text} if code == "INS-989" and status == 401 else {})


def codes_page() -> list[Json]:
    """The rows of /docs/codes: every code with its status, operations, cause, mend and whether to send again."""
    return [
        {
            "code": code.code,
            "text": code.text,
            "http_status": code.status,
            "cause": code.cause,
            "mend": code.mend,
            "resend": code.resend.name.lower(),
            "resend_advice": code.resend.value,
            "operations": [_row(code, OPERATIONS[name]) for name in OPERATIONS if name in code.operations + code.also],
        }
        for code in CODES.values()
    ]


def _row(code: Code, operation: Operation) -> Json:
    return {
        "operation": operation.name,
        "label": operation.label,
        "http_status": _status(code, operation),
        "text": text_of(code.code, operation.name),
        "source": "documented" if operation.name in code.operations else "ruling",
    }


def as_text() -> str:
    """The document as the file in docs holds it."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text())
