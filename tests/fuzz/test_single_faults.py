"""Each field with each fault answers its precise code, uses up no id, and moves nothing.

What proves the last two: the same request without its fault, under the same id, is carried out right after it.
"""

import json
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from mkondo.domain.account import JournalEntryPosted
from mkondo.openapi.operations import OPERATIONS
from tests.fuzz.faults import LEFT_OUT, MANDATORY, TERMS, UNREADABLE, Case, Terms, cases, spoilt
from tests.fuzz.house import LENIENT_SHOP, House, open_house
from tests.fuzz.orders import Fields, desk
from tests.fuzz.shapes import SUCCESSES


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house() as house:
        yield house


operations = pytest.mark.parametrize("operation", list(MANDATORY))


@operations
async def test_each_fault_of_each_field_has_its_code_and_costs_nothing(operation: str) -> None:
    async with open_house() as house:
        shop = desk(house, house.shops[LENIENT_SHOP])
        good = await shop.good(operation)
        before = await posted(house)
        wrong: list[object] = []
        for case in (*cases(operation), *spoilt(operation, good)):
            if case.code:
                said = await shop.send(operation, faulty(good, case))
                wrong += [] if said.code == case.code else [(case.field, case.fault, case.code, said)]
            else:
                fine = await shop.good(operation)
                said = await shop.send(operation, faulty(fine, case))
                wrong += [] if said.code in SUCCESSES else [(case.field, case.fault, "success", said)]
                good, before = await shop.good(operation), await posted(house)
        assert not wrong, wrong
        assert await posted(house) == before
        await shop.must(operation, good)


@operations
async def test_a_name_that_occurs_twice_can_t_be_read_and_costs_nothing(operation: str) -> None:
    async with open_house() as house:
        shop = desk(house, house.shops[LENIENT_SHOP])
        row, good = OPERATIONS[operation], await shop.good(operation)
        before = await posted(house)
        for field in MANDATORY[operation]:
            body = json.dumps({f"input_{key}": value for key, value in good.items()})
            again = f'{body[:-1]}, "input_{field}": {json.dumps(good[field])}}}'
            said = [await shop.say(row, body=again.encode())]
            if row.method == "GET":
                query = [(f"input_{key}", value) for key, value in (*good.items(), (field, good[field]))]
                said.append(await shop.say(row, query=urlencode(query).encode()))
            assert {answer.code for answer in said} == {UNREADABLE}, field
        assert await posted(house) == before
        await shop.must(operation, good)


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: "-".join(terms))
async def test_a_direct_debit_s_terms_must_exist_and_fit_each_other(house: House, terms: Terms) -> None:
    shop = desk(house, house.shops[LENIENT_SHOP])
    good = await shop.good("direct_debit_creation")
    said = await shop.send("direct_debit_creation", good | terms.fields())
    assert said.code == terms.code
    if terms.code != "INS-0":
        mandate = await shop.send(
            "query_direct_debit",
            shop.fields("query_direct_debit") | {"ThirdPartyReference": good["ThirdPartyReference"], "MandateID": ""},
        )
        assert mandate.code == "INS-58"


def faulty(good: Fields, case: Case) -> Fields:
    if case.value is LEFT_OUT:
        return {key: value for key, value in good.items() if key != case.field}
    return good | {case.field: case.value}


async def posted(house: House) -> int:
    return sum(isinstance(event, JournalEntryPosted) for event in await house.events("ledger"))
