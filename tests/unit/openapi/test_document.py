"""The OpenAPI document is fresh, sound and says what the program does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mkondo.openapi.codes import CODES
from mkondo.openapi.document import as_text, codes_page
from mkondo.openapi.operations import OPERATIONS

COMMITTED = Path(__file__).parents[3] / "docs" / "m-pesa-openapi.json"
DOCUMENT: dict[str, Any] = msgspec.json.decode(as_text())


def _calls() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in item.keys() - {"parameters"}:
            yield f"{method.upper()} {path}", item, item[method]


def _values_of(key: str, node: Any) -> Iterator[Any]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and key in node:
        yield node[key]
    for child in children:
        yield from _values_of(key, child)


def _at(reference: str) -> dict[str, Any]:
    node: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    assert isinstance(node, dict)
    return node


def test_the_committed_document_is_fresh() -> None:
    assert COMMITTED.read_text() == as_text(), "python -m mkondo.openapi.document > docs/m-pesa-openapi.json"


def test_it_has_what_openapi_3_1_asks_for() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert DOCUMENT["info"]["title"] and DOCUMENT["info"]["version"]
    assert all(path.startswith("/") for path in DOCUMENT["paths"])
    assert all(server["url"].startswith("http") for server in DOCUMENT["servers"])
    for _, _, call in _calls():
        assert call["responses"]
        assert all(re.fullmatch(r"[1-5]\d\d", status) for status in call["responses"])
        assert all(response["description"] for response in call["responses"].values())


def test_every_reference_leads_somewhere() -> None:
    references = list(_values_of("$ref", DOCUMENT))
    assert references and all(_at(reference) for reference in references)


def test_every_path_parameter_is_declared_and_every_operation_named_once() -> None:
    names = [call["operationId"] for _, _, call in _calls()]
    assert sorted(names) == sorted(operation.name for operation in OPERATIONS.values())
    for call, item, _ in _calls():
        declared = {_at(parameter["$ref"])["name"] for parameter in item["parameters"]}
        assert set(re.findall(r"\{(\w+)\}", call)) == declared


def test_every_pattern_accepts_its_example() -> None:
    schemas = [schema for schema in _nodes(DOCUMENT) if "pattern" in schema]
    assert schemas
    for schema in schemas:
        assert all(re.search(schema["pattern"], example, re.ASCII) for example in schema["examples"])


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(child)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_every_example_has_the_answers_keys_in_order(operation: Any) -> None:
    required = DOCUMENT["components"]["schemas"][f"{operation.name}_answer"]["required"]
    (call,) = [call for _, _, call in _calls() if call["operationId"] == operation.name]
    assert str(operation.ok_status) in call["responses"]
    for example in _values_of("value", call):
        assert [key for key in example if key != "output_error"] == required


def test_the_page_of_codes_has_every_code_and_each_operations_own_status() -> None:
    page: Any = codes_page()
    assert [row["code"] for row in page] == list(CODES)
    rows = {row["code"]: {use["operation"]: use for use in row["operations"]} for row in page}
    assert rows["INS-989"]["get_session"]["http_status"] == 400
    assert rows["INS-989"]["c2b_single_stage"]["http_status"] == 401
    assert rows["INS-0"]["query_transaction_status"]["http_status"] == 200
    assert rows["INS-10"].keys() >= {"c2b_single_stage", "query_direct_debit"}
    assert "query_transaction_status" not in rows["INS-10"]
