"""The OpenAPI document is fresh, sound, and says what the program does.

Soundness is judged by the standard's own validators, truth by the parser and by what render.py makes.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from mkondo.domain.markets import MARKETS
from mkondo.openapi import render, samples
from mkondo.openapi.codes import codes_of
from mkondo.openapi.document import as_text
from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.openapi.parse import Fields, parse

COMMITTED = Path(__file__).parents[3] / "docs" / "m-pesa-openapi.json"
DOCUMENT: dict[str, Any] = msgspec.json.decode(as_text())
ALL = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
PUSHED = pytest.mark.parametrize(
    "operation", [row for row in OPERATIONS.values() if row.may_be_asynchronous], ids=lambda operation: operation.name
)


def call_of(operation: Operation) -> dict[str, Any]:
    item = DOCUMENT["paths"][f"/{{environment}}/ipg/v2/{{market}}/{operation.path}"]
    call: dict[str, Any] = item[operation.method.lower()]
    assert call["operationId"] == operation.name
    return call


def validator(schema: object) -> Draft202012Validator:
    """Of a schema of the document, with the document's components behind its references."""
    return Draft202012Validator({"components": DOCUMENT["components"], "allOf": [schema]})


def valid(value: object, schema: object) -> bool:
    return bool(validator(schema).is_valid(value))


def answer_schema(operation: Operation, status: int) -> Any:
    response = call_of(operation)["responses"][str(status)]
    return response["content"]["application/json"]["schema"]


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(child)


def test_the_committed_document_is_fresh() -> None:
    assert COMMITTED.read_text() == as_text(), "python -m mkondo.openapi.document > docs/m-pesa-openapi.json"


def test_it_is_a_valid_openapi_3_1_document() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    validate(DOCUMENT)


def test_every_reference_leads_somewhere() -> None:
    for reference in (node["$ref"] for node in _nodes(DOCUMENT) if "$ref" in node):
        found: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        assert found


def test_it_names_each_operation_once() -> None:
    calls = [call for item in DOCUMENT["paths"].values() for key, call in item.items() if key != "parameters"]
    assert [call["operationId"] for call in calls] == list(OPERATIONS)


@ALL
@pytest.mark.parametrize("market", MARKETS.values(), ids=lambda market: market.path)
def test_each_markets_example_is_a_request_that_passes(operation: Operation, market: Any) -> None:
    call = call_of(operation)
    if "requestBody" in call:
        content = call["requestBody"]["content"]["application/json"]
        example = content["examples"][market.path]["value"]
        assert valid(example, content["schema"])
    else:
        example = {}
        for parameter in call.get("parameters", ()):
            examples = parameter["examples"]
            example[parameter["name"]] = examples.get(market.path, examples.get("usual"))["value"]
            assert valid(example[parameter["name"]], parameter["schema"])
    for environment in ("sandbox", "openapi"):
        assert isinstance(parse(operation, example, market, environment, lenient=False), Fields)


@ALL
def test_every_code_of_the_operation_is_documented_under_its_status_with_an_example(operation: Operation) -> None:
    """Update lists all codes of C2B, but has successes of its own."""
    responses = call_of(operation)["responses"]
    for code in codes_of(operation.name):
        status = code.statuses.get(operation.name, code.status)
        examples = responses[str(status)]["content"]["application/json"]["examples"]
        names = {example["value"]["output_ResponseCode"] for example in examples.values()}
        assert code.code in names or (status < 300 and names == {operation.ok_code, operation.accepted_code})


@ALL
def test_every_example_of_an_answer_fits_its_schema(operation: Operation) -> None:
    for status, response in call_of(operation)["responses"].items():
        if status != "404":
            content = response["content"]["application/json"]
            for example in content["examples"].values():
                validator(content["schema"]).validate(example["value"])


@ALL
def test_a_refusal_as_it_is_rendered_fits_its_schema_key_by_key(operation: Operation) -> None:
    for code in codes_of(operation.name):
        answer = render.refusal(operation, code.code, conversation_id="0" * 32)
        body: dict[str, str] = msgspec.json.decode(answer.body)
        if answer.status >= 300:
            validator(answer_schema(operation, answer.status)).validate(body)
            assert list(body) == list(samples.answer(operation, answer.status, code.code))
            assert not valid(body | {"output_Surprise": ""}, answer_schema(operation, answer.status))
            assert not valid(body | {"output_ResponseCode": "INS-7777"}, answer_schema(operation, answer.status))


def test_an_unknown_path_has_its_documented_shape() -> None:
    answer = render.transport_refusal(404, "INS-21", "0" * 32)
    schema = DOCUMENT["components"]["responses"]["unknown_path"]["content"]["application/json"]["schema"]
    validator(schema).validate(msgspec.json.decode(answer.body))


@PUSHED
def test_an_acceptance_is_a_good_answer_with_exactly_four_keys(operation: Operation) -> None:
    schema = answer_schema(operation, operation.ok_status)
    assert "oneOf" in schema
    accepted = samples.accepted(operation)
    assert len(accepted) == 4 and "output_TransactionID" not in accepted
    validator(schema).validate(accepted)
    assert not valid({key: accepted[key] for key in list(accepted)[1:]}, schema)


def test_a_session_key_has_no_other_good_answer_and_no_callback() -> None:
    operation = OPERATIONS["get_session"]
    assert answer_schema(operation, 200) == {"$ref": "#/components/schemas/get_session_answer"}
    assert "callbacks" not in call_of(operation)


@PUSHED
def test_every_result_and_its_acknowledgement_are_documented(operation: Operation) -> None:
    ((address, item),) = call_of(operation)["callbacks"]["result"].items()
    if "input_ResponseURL" not in {field.name for field in operation.fields}:
        assert address.startswith("https://")
    elif operation.method == "GET":
        assert address == "{$request.query.input_ResponseURL}", "where a GET has its parameters"
    else:
        assert address == "{$request.body#/input_ResponseURL}"
    body = item["post"]["requestBody"]["content"]["application/json"]
    assert tuple(body["example"]) == operation.callback_outputs
    validator(body["schema"]).validate(body["example"])
    acknowledged = item["post"]["responses"]["2XX"]["content"]["application/json"]
    assert acknowledged["example"]["output_ResponseCode"] == operation.ack_code
    validator(acknowledged["schema"]).validate(acknowledged["example"])


@pytest.mark.parametrize(
    ("operation", "key", "good", "bad"),
    [
        ("query_direct_debit", "output_SufficientBalance", [True, False, "True", "False", "N/A"], ["true", 1, None]),
        ("query_transaction_status", "output_Reversed", ["True", "False", True, False], ["N/A", "yes", 0]),
        ("query_transaction_status", "output_ResponseTransactionStatus", ["Pending", "Completed"], ["Done", "N/A"]),
        ("query_direct_debit", "output_Frequency", ["06", "N/A"], ["6", "09", ""]),
        ("direct_debit_creation", "output_MandateID", ["15045"], ["a1", ""]),
        ("c2b_single_stage", "output_TransactionID", ["G27DEn1DLoQ3"], ["N/A", "", None, 5]),
    ],
)
def test_an_output_has_its_exact_type(operation: str, key: str, good: list[object], bad: list[object]) -> None:
    row = OPERATIONS[operation]
    sample = samples.answer(row, row.ok_status, row.ok_code)
    schema = {"$ref": f"#/components/schemas/{operation}_answer"}
    assert [value for value in good if not valid({**sample, key: value}, schema)] == []
    assert [value for value in bad if valid({**sample, key: value}, schema)] == []


def test_a_voucher_code_may_be_left_out_by_a_switch_and_nothing_else_may() -> None:
    for operation in OPERATIONS.values():
        sample = samples.answer(operation, operation.ok_status, operation.ok_code)
        schema = {"$ref": f"#/components/schemas/{operation.name}_answer"}
        spared = [key for key in sample if valid({name: sample[name] for name in sample if name != key}, schema)]
        assert spared == (["output_VoucherCode"] if operation.name == "c2b_multi_stage" else [])


def test_where_one_of_two_fields_is_needed_the_schema_says_so() -> None:
    schema = {"$ref": "#/components/schemas/direct_debit_payment_request"}
    whole = samples.request(OPERATIONS["direct_debit_payment"], MARKETS["vodacomTZN"])
    lacks = {name: value for name, value in whole.items() if name not in ("input_MsisdnToken", "input_CustomerMSISDN")}
    assert not valid(lacks, schema)
    for name in ("input_MsisdnToken", "input_CustomerMSISDN"):
        assert valid(lacks | {name: whole[name]}, schema)
    assert re.search(
        "input_CustomerMSISDN or input_MsisdnToken", call_of(OPERATIONS["query_direct_debit"])["description"]
    )
