"""The OpenAPI 3.1 document of the thirteen operations, made from the table that the program runs on.

Pure. `python -m mkondo.openapi.document > docs/m-pesa-openapi.json` renews the committed copy; a test keeps it fresh.
Read next: schemas.py, samples.py, then collection.py for the same as a Postman collection.
"""

import sys
from collections.abc import Iterable

import msgspec

from mkondo.domain.environments import ENVIRONMENTS
from mkondo.domain.markets import MARKETS
from mkondo.openapi import explain, samples, schemas
from mkondo.openapi.codes import text_of
from mkondo.openapi.fields import RESPONSE_URL, Field
from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.openapi.samples import Said
from mkondo.openapi.schemas import Json

ABOUT = """The M-Pesa OpenAPI as this platform serves it.

Every call needs `Authorization: Bearer` and a base64 RSA block: PKCS#1 v1.5 with the platform's public key, over the
API key for getSession and over the session key for everything else. Never call from a browser: the key would leak.
After a dropped connection, 408, 503 or 429: query by ThirdPartyConversationID first, then send again with the same id.
"""
_JSON = "application/json"
_ELSEWHERE = "https://merchant.example/mpesa"


def document() -> Json:
    """The OpenAPI 3.1 document."""
    rows = OPERATIONS.values()
    return {
        "openapi": "3.1.0",
        "info": {"title": "M-Pesa OpenAPI", "version": "2.0", "description": ABOUT},
        "servers": [
            {"url": "http://127.0.0.1:8080", "description": "mkondo up"},
            {"url": "https://127.0.0.1:8443", "description": "mkondo up, with its own certificate authority"},
            {"url": "https://openapi.m-pesa.com", "description": "the public host name, through `mkondo env`"},
        ],
        "security": [{"bearer": []}],
        "paths": {f"/{{environment}}/ipg/v2/{{market}}/{row.path}": _path(row) for row in rows},
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "base64 RSA block"}},
            "parameters": {
                "environment": _path_parameter("environment", "sandbox, or openapi for live.", ENVIRONMENTS),
                "market": _path_parameter("market", "The market; it fixes input_Country and input_Currency.", MARKETS),
                "origin": _ORIGIN,
            },
            "headers": {"explanation": _EXPLANATION},
            "responses": {"unknown_path": _unknown_path()},
            "schemas": dict(_schemas(rows)),
        },
    }


_ORIGIN: Json = {
    "name": "Origin",
    "in": "header",
    "required": False,
    "description": "Must be one of the application's trusted sources, where it has any.",
    "schema": {"type": "string", "examples": ["*"]},
}


_RETRY_AFTER: Json = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
_EXPLANATION: Json = {
    "required": False,
    "description": (
        "In the sandbox, beside INS-990 to INS-996: the limits that stood in the way, as a structured field "
        "(RFC 9651), a list with a member for each. `ceiling`, `used`, `asked` and `left` are in whole units of "
        "`currency`, or counts; `resets` is when there is room again, in seconds since 1970, or `new_session`, or "
        "`never`. Without a `ceiling`, none names the currency. Live answers do not have it."
    ),
    "schema": {"type": "string", "pattern": f"^{explain.GRAMMAR.pattern}$"},
    "example": explain.EXAMPLE,
}


def _path_parameter(name: str, meaning: str, values: Iterable[str]) -> Json:
    schema = {"type": "string", "enum": list(values)}
    return {"name": name, "in": "path", "required": True, "description": meaning, "schema": schema}


def _path(operation: Operation) -> Json:
    shared = [{"$ref": f"#/components/parameters/{name}"} for name in ("environment", "market", "origin")]
    call: Json = {"operationId": operation.name, "summary": operation.label}
    if operation.method == "GET" and operation.fields:
        call["parameters"] = [_query_parameter(field) for field in operation.fields]
        if operation.either:
            call["description"] = f"{' or '.join(operation.either.names)} is needed, else {operation.either.code}."
    elif operation.fields:
        call["requestBody"] = _request_body(operation)
    call["responses"] = _responses(operation)
    if operation.may_be_asynchronous:
        call["callbacks"] = {"result": {_response_url(operation): {"post": _callback(operation)}}}
    return {"parameters": shared, operation.method.lower(): call}


def _request_body(operation: Operation) -> Json:
    content = {
        "schema": _schema(f"{operation.name}_request"),
        "examples": {path: {"value": samples.request(operation, market)} for path, market in MARKETS.items()},
    }
    return {"required": True, "content": {_JSON: content}}


def _query_parameter(field: Field) -> Json:
    values = {path: samples.field_sample(field, market) for path, market in MARKETS.items()}
    differs = len(set(values.values())) > 1
    return {
        "name": field.name,
        "in": "query",
        "required": field.mandatory,
        "description": schemas.meaning(field),
        "schema": schemas.text_field(field),
        "examples": {path: {"value": value} for path, value in values.items()}
        if differs
        else {"usual": {"value": field.example}},
    }


def _schemas(operations: Iterable[Operation]) -> Iterable[tuple[str, Json]]:
    yield "accepted", schemas.accepted()
    yield "acknowledgement", schemas.acknowledgement()
    yield "unknown_path", schemas.unknown_path()
    for operation in operations:
        if operation.method != "GET":
            yield f"{operation.name}_request", schemas.request(operation)
        yield f"{operation.name}_answer", schemas.answer(operation)
        yield f"{operation.name}_refusal", schemas.refusal(operation)
        if operation.may_be_asynchronous:
            yield f"{operation.name}_result", schemas.result(operation)


def _schema(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _responses(operation: Operation) -> Json:
    listed = samples.answers(operation)
    answers = {status: _response(operation, status, said) for status, said in listed.items()}
    answers[404] = {"$ref": "#/components/responses/unknown_path"}
    return {str(status): answers[status] for status in sorted(answers)}


def _response(operation: Operation, status: int, said: list[Said]) -> Json:
    examples: Json = {each.name: {"value": samples.answer(operation, status, each.code, each.text)} for each in said}
    if status >= 300:
        code = {"properties": {"output_ResponseCode": {"enum": list(dict.fromkeys(each.code for each in said))}}}
        schema: Json = {"allOf": [_schema(f"{operation.name}_refusal"), code]}
    elif operation.may_be_asynchronous:
        schema = {"oneOf": [_schema(f"{operation.name}_answer"), _schema("accepted")]}
        examples["accepted"] = {"value": samples.accepted(operation)}
    else:
        schema = _schema(f"{operation.name}_answer")
    answer: Json = {
        "description": "; ".join(f"{each.code} {each.text}" for each in said),
        "content": {_JSON: {"schema": schema, "examples": examples}},
    }
    headers = {
        name: header
        for name, header, there in (
            ("Retry-After", _RETRY_AFTER, status in (429, 503)),
            (
                "Mkondo-Explanation",
                {"$ref": "#/components/headers/explanation"},
                any(each.code in explain.CODES for each in said),
            ),
        )
        if there
    }
    return answer | ({"headers": headers} if headers else {})


def _unknown_path() -> Json:
    description = f"The path names no environment: INS-21 {text_of('INS-21')}"
    return {"description": description, "content": {_JSON: {"schema": _schema("unknown_path")}}}


def _response_url(operation: Operation) -> str:
    """Where the result goes: the address in the request if it has one, else the application's."""
    if RESPONSE_URL not in operation.fields:
        return _ELSEWHERE
    where = "query." if operation.method == "GET" else "body#/"
    return f"{{$request.{where}{RESPONSE_URL.name}}}"


def _callback(operation: Operation) -> Json:
    result = {"schema": _schema(f"{operation.name}_result"), "example": samples.result(operation)}
    acknowledged = {"schema": _schema("acknowledgement"), "example": samples.acknowledgement(operation)}
    return {
        "operationId": f"{operation.name}_result",
        "summary": f"{operation.label}: the result",
        "description": "Sent to the application's response URL, or to the request's own where that is allowed.",
        "security": [],
        "requestBody": {"required": True, "content": {_JSON: result}},
        "responses": {"2XX": {"description": "Taken; any body will do.", "content": {_JSON: acknowledged}}},
    }


def as_text() -> str:
    """The document as the file in docs holds it."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text())
