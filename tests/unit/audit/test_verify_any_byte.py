"""Whatever byte of the store is changed, verify never fails itself, and finds it wherever the bytes are the truth."""

from copy import deepcopy
from functools import cache
from random import Random

from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from mkondo.contracts.journal import StoredRecord
from tests.unit.audit.spoil import Spoiled, eventful_and_projected


@cache
def _made() -> list[Spoiled]:
    return []


async def fresh() -> Spoiled:
    """A copy of one eventful store, made once."""
    if not _made():
        _made().append(await eventful_and_projected(payments=15))
    return deepcopy(_made()[0])


def flipped(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << random.randrange(8))]) + data[place + 1 :]


@given(chance=some.integers(0, 2**32))
async def test_any_bit_of_any_event_is_found(chance: int) -> None:
    random, spoiled = Random(chance), await fresh()
    row = random.choice([row for rows in spoiled.store._journals.values() for row in rows])
    spoiled.change(row, data=flipped(row.data, random))
    report = await spoiled.verify()
    assert any(problem.what == "the hash chain breaks in this batch" for problem in report.problems)
    if random.random() < 0.5:
        spoiled.reseal(row.source)  # By somebody who knows how to: it is survived, and told if it matters.
        await spoiled.verify()


@given(chance=some.integers(0, 2**32))
async def test_any_bit_of_a_fact_or_of_a_views_row_is_found(chance: int) -> None:
    random, spoiled = Random(chance), await fresh()
    store = spoiled.store
    match random.randrange(3):
        case 0:
            name, outcome = random.choice(list(store._outcomes.items()))
            store._outcomes[name] = replace(outcome, data=flipped(outcome.data, random))
        case 1:
            key, reference = random.choice(list(store._references.items()))
            store._references[key] = replace(reference, data=flipped(reference.data, random))
        case _:
            rows = random.choice(list(spoiled.views._rows.values()))
            name, data = random.choice(list(rows.items()))
            rows[name] = flipped(data, random)
    assert not (await spoiled.verify()).clean


@given(chance=some.integers(0, 2**32))
async def test_any_bit_of_a_record_is_survived(chance: int) -> None:
    """Records are compared as what they say: a changed name of a field that has its default says the same."""
    random, spoiled = Random(chance), await fresh()
    records = random.choice([records for records in spoiled.store._records.values() if records])
    key, stored = random.choice(list(records.items()))
    records[key] = StoredRecord(flipped(stored.data, random), stored.due)
    await spoiled.verify()
