"""The schemas and the parser agree: what a schema refuses the parser refuses, and plain text one accepts both accept.

So requests generated from the document, good and bad, are judged by the program as the document says.
"""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mkondo.domain.markets import MARKETS
from mkondo.openapi import samples, schemas
from mkondo.openapi.decode import decode_body
from mkondo.openapi.fields import Field, Kind
from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.openapi.parse import Fields, parse

TANZANIA = MARKETS["vodacomTZN"]
FIELDS = [
    pytest.param(row, field, id=f"{row.name}-{field.name}") for row in OPERATIONS.values() for field in row.fields
]

_texts = st.one_of(
    st.text(max_size=45),
    st.from_regex(re.compile(r"[0-9A-Za-z _+,.=/-]{0,45}", re.ASCII), fullmatch=True),
    st.from_regex(re.compile(r"[0-9]{0,21}", re.ASCII), fullmatch=True),
    st.from_regex(re.compile(r"[0-9]{0,20}\.[0-9]{0,3}", re.ASCII), fullmatch=True),
)
_others = st.one_of(
    st.booleans(),
    st.none(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.just([]),
    st.just({}),
)


def fits(value: object, schema: schemas.Json) -> bool:
    """As ECMAScript has it, which JSON Schema follows: `$` is the very end, and not before a last newline."""
    text = msgspec.json.encode(schema).decode().replace('$"', '\\\\Z"')
    return bool(Draft202012Validator(msgspec.json.decode(text)).is_valid(value))


def passes(operation: Operation, name: str, value: object) -> bool:
    """Whether a good request with this one value passes, by way of the bytes that a client would send."""
    sent = decode_body(msgspec.json.encode({**samples.request(operation, TANZANIA), name: value}))
    assert sent is not None
    return isinstance(parse(operation, sent, TANZANIA, "sandbox", lenient=False), Fields)


def reachable(operation: Operation, field: Field) -> bool:
    """But for a frequency, whose absence makes other fields wrong, a field is judged by itself."""
    return field.name != "input_Frequency" and not (operation.either and field.name in operation.either.names)


@pytest.mark.parametrize(("operation", "field"), FIELDS)
@settings(max_examples=40)
@given(value=st.one_of(_texts, _others))
@example(value="\n")
@example(value="1\n")
@example(value="é")
@example(value="a-b")
@example(value="٣")
@example(value="0")
@example(value=0)
@example(value=1.5)
@example(value=3.1)
@example(value=1e22)
@example(value=True)
@example(value="true")
def test_what_the_schema_refuses_the_parser_refuses(operation: Operation, field: Field, value: Any) -> None:
    schema = schemas.body_field(field)
    if not fits(value, schema):
        assert not passes(operation, field.name, value)
    elif field.kind is Kind.TEXT and isinstance(value, str) and reachable(operation, field):
        assert passes(operation, field.name, value)


@pytest.mark.parametrize(("operation", "field"), FIELDS)
def test_every_example_fits_its_field_as_text(operation: Operation, field: Field) -> None:
    value = samples.field_sample(field, TANZANIA)
    assert fits(value, schemas.text_field(field))
    assert fits(value, schemas.body_field(field))


@pytest.mark.parametrize(
    ("name", "field", "good", "bad"),
    [
        ("c2b_single_stage", "input_Amount", ["10", ".5", 10, 0.5], ["1e3", "-1", 0, True, "10.001", None, ""]),
        ("c2b_single_stage", "input_CustomerMSISDN", ["255744553111", 255744553111], ["+255744553111", 2557, None]),
        ("c2b_single_stage", "input_Currency", ["TZS"], ["tzs", 1, True, None]),
        ("c2b_multi_stage", "input_APIVersion", ["3.1", 3.1], ["3.10", 3, 3.2]),
        ("direct_debit_creation", "input_Frequency", ["06", "6", 6, None, ""], ["09", "0", 9, 0, "006"]),
        ("direct_debit_creation", "input_StartRangeOfDays", ["1", "01", 31, None], ["32", 0, "00"]),
        ("direct_debit_creation", "input_FirstPaymentDate", ["20300205", 20300205], ["20301305", "2030-02-05"]),
        ("direct_debit_creation", "input_AgreedTC", ["1", 1, 0], ["2", None, ""]),
        ("direct_debit_payment", "input_CustomerMSISDN", ["00000000000000000001"], ["0000000000000001"]),
        ("query_direct_debit", "input_QueryBalanceAmount", ["True", "false", True], ["yes", 1, None]),
    ],
)
def test_a_kind_has_its_json_types(name: str, field: str, good: list[object], bad: list[object]) -> None:
    (row,) = (each for each in OPERATIONS[name].fields if each.name == field)
    schema = schemas.body_field(row)
    assert [value for value in good if not fits(value, schema)] == []
    assert [value for value in bad if fits(value, schema)] == []
