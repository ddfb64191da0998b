"""The Postman collection is fresh, whole and in the order of its own story."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mkondo.domain.markets import MARKETS
from mkondo.openapi import samples
from mkondo.openapi.codes import codes_of
from mkondo.openapi.collection import FORMAT, STORY, VARIABLES, as_text
from mkondo.openapi.operations import OPERATIONS
from mkondo.openapi.parse import Fields, parse

COMMITTED = Path(__file__).parents[3] / "docs" / "m-pesa.postman_collection.json"
COLLECTION: dict[str, Any] = msgspec.json.decode(as_text())
ITEMS = dict(zip((step.operation for step in STORY), COLLECTION["item"], strict=True))
EACH = pytest.mark.parametrize(("name", "item"), ITEMS.items(), ids=ITEMS)
VARIABLE = re.compile(r"\{\{(\w+)\}\}")
MADE_BEFORE_EACH = {"bearer", "conversation_id", "reference"}


def script(item: dict[str, Any], listen: str) -> str:
    return "\n".join("\n".join(event["script"]["exec"]) for event in item["event"] if event["listen"] == listen)


def fields(item: dict[str, Any]) -> dict[str, str]:
    request = item["request"]
    if request["method"] == "GET":
        return {each["key"]: each["value"] for each in request["url"].get("query", ())}
    sent: dict[str, str] = msgspec.json.decode(request["body"]["raw"])
    return sent


def test_the_committed_collection_is_fresh() -> None:
    assert COMMITTED.read_text() == as_text(), (
        "python -m mkondo.openapi.collection > docs/m-pesa.postman_collection.json"
    )


def test_it_is_a_collection_of_format_2_1_with_every_operation_once() -> None:
    assert COLLECTION["info"]["schema"] == FORMAT and "/v2.1.0/" in FORMAT
    assert sorted(ITEMS) == sorted(OPERATIONS)
    assert [item["name"] for item in COLLECTION["item"]] == [OPERATIONS[name].label for name in ITEMS]


@EACH
def test_a_request_goes_to_its_operation_with_every_mandatory_field(name: str, item: dict[str, Any]) -> None:
    operation, request = OPERATIONS[name], item["request"]
    assert request["method"] == operation.method
    assert "/".join(request["url"]["path"]) == f"{{{{environment}}}}/ipg/v2/{{{{market}}}}/{operation.path}"
    assert {field.name for field in operation.fields if field.mandatory} <= set(fields(item))
    assert set(fields(item)) <= {field.name for field in operation.fields}


@EACH
def test_a_request_passes_the_parser_once_its_variables_are_filled_in(name: str, item: dict[str, Any]) -> None:
    usual = samples.request(OPERATIONS[name], MARKETS["vodacomTZN"])
    filled = {
        key: VARIABLE.sub(lambda found: VARIABLES.get(found[1], ("", ""))[0], value) or usual[key]
        for key, value in fields(item).items()
    }
    assert isinstance(parse(OPERATIONS[name], filled, MARKETS["vodacomTZN"], "sandbox", lenient=False), Fields)


def test_every_variable_is_declared_or_made_before_it_is_used() -> None:
    known = set(MADE_BEFORE_EACH) | {name for name, (value, _) in VARIABLES.items() if value}
    for item in COLLECTION["item"]:
        known |= set(re.findall(r"collectionVariables\.set\('(\w+)'", script(item, "prerequest")))
        used = set(VARIABLE.findall(msgspec.json.encode(item["request"]).decode()))
        assert used <= known, f"{item['name']} uses {used - known}"
        known |= set(re.findall(r"collectionVariables\.set\('(\w+)'", script(item, "test")))
    assert VARIABLES.keys() <= known | {"api_key", "public_key"}


@EACH
def test_its_checks_name_status_code_and_keys_in_documented_order(name: str, item: dict[str, Any]) -> None:
    operation = OPERATIONS[name]
    said = script(item, "test").split("const expected = ", 1)[1].split(";\nconst answer", 1)[0]
    expected = msgspec.json.decode(said)
    assert (expected["status"], expected["code"]) == (operation.ok_status, operation.ok_code)
    assert tuple(expected["keys"]) == samples.answer_keys(operation)


@EACH
def test_it_has_a_saved_example_for_each_code(name: str, item: dict[str, Any]) -> None:
    bodies = [(saved["code"], msgspec.json.decode(saved["body"])) for saved in item["response"]]
    shown = {(status, body["output_ResponseCode"]) for status, body in bodies}
    listed = {(code.statuses.get(name, code.status), code.code) for code in codes_of(name)}
    assert {pair for pair in listed if pair[0] >= 300} | {
        (OPERATIONS[name].ok_status, OPERATIONS[name].ok_code)
    } <= shown
    for status, body in bodies:
        assert list(body) == list(samples.answer(OPERATIONS[name], status, body["output_ResponseCode"]))


def test_the_encryption_asks_for_no_module_and_no_address() -> None:
    scripts = script(COLLECTION, "prerequest") + "".join(
        script(item, listen) for item in COLLECTION["item"] for listen in ("prerequest", "test")
    )
    assert "require(" not in scripts and "sendRequest" not in scripts and "://" not in scripts
    assert "globalThis" not in scripts, "Postman's sandbox has none"
