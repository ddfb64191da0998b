"""The contract stands in this repository twice, for the platform and for its judge: both must say the same.

Where they differ one of them is wrong, and the contract decides. Read next: mkondo/kit/contract.py.
"""

import pytest

from mkondo.kit.cases.fields import CODES as FIELD_CODES
from mkondo.kit.cases.fields import OTHERWISE as FIELD_OTHERWISE
from mkondo.kit.cases.scripted import TEST_VALUES
from mkondo.kit.contract import CODES, OPERATIONS, told
from mkondo.kit.phrases import keys_of, pushes
from mkondo.openapi import codes, operations
from mkondo.openapi.triggers import TRIGGERS


@pytest.mark.parametrize("name", list(OPERATIONS)[1:])
def test_a_result_is_pushed_alike(name: str) -> None:
    theirs = operations.OPERATIONS[name]
    assert pushes(name).keys == theirs.callback_outputs


def short(name: str) -> str:
    return name.partition("_")[2]


def test_both_know_the_same_operations() -> None:
    assert list(OPERATIONS) == list(operations.OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_called_and_answered_alike(name: str) -> None:
    mine, theirs = OPERATIONS[name], operations.OPERATIONS[name]
    assert (mine.method, mine.path, mine.label) == (theirs.method, theirs.path, theirs.label)
    assert (mine.status, mine.code) == (theirs.ok_status, theirs.ok_code)
    assert tuple(map(short, theirs.outputs)) == tuple(mine.keys.split())
    assert keys_of(name)[2:] == (
        *theirs.outputs,
        *(("output_ConversationID", "output_ThirdPartyConversationID") if theirs.conversation else ()),
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_the_same_fields(name: str) -> None:
    mine, theirs = OPERATIONS[name], operations.OPERATIONS[name].fields
    assert set(mine.fields.split()) == {short(field.name) for field in theirs if field.mandatory}
    optional = {short(field.name) for field in theirs if not field.mandatory}
    assert set(mine.optional.split()) == optional - {"ResponseURL"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_field_is_refused_alike(name: str) -> None:
    for field in operations.OPERATIONS[name].fields:
        if field.name != "input_ResponseURL":
            own = FIELD_OTHERWISE.get((name, short(field.name)), FIELD_CODES[short(field.name)])
            assert own == field.code, field.name


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_said_alike(code: str) -> None:
    known = codes.CODES[code]
    for operation in (*known.operations, *known.also):
        assert told(code, operation) == (codes.status_of(code, operation), codes.text_of(code, operation))


def test_both_know_the_same_test_values() -> None:
    mine = {
        (operation, field, str(number).zfill(digits)): code
        for operation, field, digits, outcomes in TEST_VALUES
        for number, code in enumerate(outcomes.split(), start=1)
        if code != "-"
    }
    theirs = {
        (operation, table.field, value): outcome.code
        for operation, tables in TRIGGERS.items()
        for table in tables
        for value, outcome in table.values().items()
        if value != "9" * 20
    }
    assert mine == theirs
