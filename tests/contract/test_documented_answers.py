"""Every golden answer is one that the OpenAPI document describes: its status, its keys and their types, its code."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from mkondo.openapi.document import as_text
from mkondo.openapi.explain import CODES
from mkondo.openapi.operations import OPERATIONS
from tests.contract.answers import ANSWERS, EXPLAINED

DOCUMENT: dict[str, Any] = msgspec.json.decode(as_text())
RESPONSES = {
    call["operationId"]: call["responses"]
    for item in DOCUMENT["paths"].values()
    for key, call in item.items()
    if key != "parameters"
}
OF_AN_OPERATION = [name for name in ANSWERS if Path(name).parent.name in OPERATIONS]


@pytest.mark.parametrize("name", OF_AN_OPERATION)
def test_a_golden_answer_is_documented(name: str) -> None:
    answer = ANSWERS[name]
    schema = RESPONSES[Path(name).parent.name][str(answer.status)]["content"]["application/json"]["schema"]
    judge = Draft202012Validator({"components": DOCUMENT["components"], "allOf": [schema]})
    judge.validate(msgspec.json.decode(answer.body))


@pytest.mark.parametrize("name", EXPLAINED)
def test_the_header_of_a_golden_answer_is_documented(name: str) -> None:
    answer = ANSWERS[name]
    headers = RESPONSES[Path(name).parent.name][str(answer.status)]["headers"]
    header = headers["Mkondo-Explanation"]
    assert header == {"$ref": "#/components/headers/explanation"}
    described = DOCUMENT["components"]["headers"]["explanation"]
    for text in (described["example"], answer.explanation or described["example"]):
        Draft202012Validator(described["schema"]).validate(text)


def test_only_what_may_be_refused_for_a_limit_documents_it() -> None:
    for responses in RESPONSES.values():
        for response in responses.values():
            codes = response.get("content", {}).get("application/json", {}).get("examples", {})
            limits = {code for code in codes if code in CODES}
            assert ("Mkondo-Explanation" in response.get("headers", {})) == bool(limits)


def test_every_operation_has_a_golden_answer() -> None:
    assert {Path(name).parent.name for name in OF_AN_OPERATION} == OPERATIONS.keys()
