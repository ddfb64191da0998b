"""The cases as a table: named once, written in the contract's words. Read next: mkondo/kit/case.py."""

import re
from collections import Counter

import pytest

from mkondo.kit.case import Case, Need
from mkondo.kit.cases import CASES
from mkondo.kit.contract import CODES, OPERATIONS
from mkondo.kit.page import GRADES, SECTIONS

WORD = re.compile(r"<(\w+)\.\w+>")


def test_there_are_at_least_two_hundred_over_all_operations() -> None:
    assert len(CASES) >= 200
    assert {case.operation for case in CASES} == set(OPERATIONS)


def test_no_two_have_the_same_id() -> None:
    assert [name for name, count in Counter(case.id for case in CASES).items() if count > 1] == []


def test_ids_name_operation_and_code() -> None:
    for case in CASES:
        assert re.fullmatch(r"[A-Z0-9]+-(INS-[A-Z0-9-]*\d|\d{3})-[\w-]+", case.id), case.id
        assert case.id.startswith(f"{OPERATIONS[case.operation].prefix}-{case.answer.code or case.answer.status}-")


def test_each_has_a_title_a_section_and_a_known_code() -> None:
    for case in CASES:
        assert case.title and case.section in SECTIONS and case.grade.value in GRADES
        assert not case.answer.keys or case.answer.code in CODES


def test_each_numbered_tolerance_has_a_case() -> None:
    found = {name[1] for case in CASES if (name := re.search(r"-10-(\d)-", case.id))}
    assert found == set("123456789")


def test_cases_name_only_their_own_steps() -> None:
    assert [case.id for case in CASES if not _named(case) <= {step.name for step in case.steps}] == []


def _named(case: Case) -> set[str]:
    calls = (case.call, *(step.call for step in case.steps))
    return set(WORD.findall(" ".join(str(call.fields) for call in calls) + str(case.answer.values)))


@pytest.mark.parametrize("need", Need)
def test_each_need_is_some_cases(need: Need) -> None:
    assert any(need in case.needs for case in CASES)


def test_steps_are_before_what_names_them() -> None:
    for case in CASES:
        earlier: set[str] = set()
        for step in case.steps:
            assert set(WORD.findall(str(step.call.fields))) <= earlier, case.id
            earlier.add(step.name)
