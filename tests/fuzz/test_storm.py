"""Fifty thousand hostile requests and more: every answer has its shape, and money moved for exactly those that say so.

A failure names the seed: `pytest tests/fuzz/test_storm.py --storm-seed N` sends the same requests again.
"""

from collections import Counter, defaultdict

import pytest

from mkondo.domain.account import HoldCaptured, HoldExpired, HoldReleased, JournalEntryPosted
from mkondo.domain.reversals import PaymentReversed, ReversalAdmitted
from tests.fuzz.faults import MANDATORY
from tests.fuzz.house import House, open_house
from tests.fuzz.storm import Storm

REQUESTS = 54_000
DAY_MS = 24 * 3_600_000


@pytest.mark.timeout(240)
async def test_any_request_gets_an_answer_of_the_contract_and_money_moves_for_the_right_ones(storm_seed: int) -> None:
    print(f"storm seed {storm_seed}")
    async with open_house() as house:
        storm = Storm(house, storm_seed)
        await storm.rage(REQUESTS)
        await check_money(storm)
        await check_reversals(house)
        check_depth(storm)
        await check_holds_end(storm)


async def check_holds_end(storm: Storm) -> None:
    """A day later nothing that was reserved before can be committed any more, and none of it is held."""
    before, decided = set(storm.reserved), set(storm.committed)
    storm.house.clock.move_to(DAY_MS)
    await storm.rage(1_000)
    assert not before & (storm.committed - decided)
    await check_money(storm)
    events = await storm.house.events("ledger")
    ended = {e.hold for e in events if isinstance(e, HoldCaptured | HoldReleased | HoldExpired)}
    assert {storm.reserved[name] for name in before} <= ended


async def check_money(storm: Storm) -> None:
    """The journal's entries are those that somebody was told of, and no others."""
    events = await storm.house.events("ledger")
    moved = Counter(e.payment_id for e in events if isinstance(e, JournalEntryPosted) and e.payment_id)
    committed = {storm.reserved[name] for name in storm.committed if name in storm.reserved}
    assert max(moved.values()) == 1
    assert set(moved) == storm.paid | committed
    assert not storm.refused & set(moved)


async def check_reversals(house: House) -> None:
    """No payment was given back more than once, or by more than it was."""
    events = await house.events("reversals")
    original: dict[str, int] = {
        e.original.payment_id: e.original.minor for e in events if isinstance(e, ReversalAdmitted)
    }
    given_back: Counter[str] = Counter()
    for event in events:
        if isinstance(event, PaymentReversed):
            given_back[event.original] += event.minor
            assert event.remaining == original[event.original] - given_back[event.original]
    assert all(0 < minor <= original[payment] for payment, minor in given_back.items())


def check_depth(storm: Storm) -> None:
    """The storm has been everywhere: each operation has succeeded often, and was refused for many reasons."""
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for name, code in storm.counted:
        codes[name].add(code)
    for name in MANDATORY:
        succeeded = storm.counted[name, "INS-0"] + storm.counted[name, "INS-GAR-0"]
        assert succeeded >= REQUESTS // 1_000, (name, storm.counted)
        assert len(codes[name]) > 5, (name, codes[name])
