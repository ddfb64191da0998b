"""Holds: placed, captured whole or in part, released, expired; each ends once."""

import pytest

from mkondo.domain import ledger
from mkondo.domain.account import (
    Account,
    CaptureHold,
    HoldCaptured,
    HoldDeclined,
    HoldExpired,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
    PlaceHold,
    Posting,
    ReleaseHold,
)
from mkondo.domain.decider import TimerDue
from mkondo.domain.ids import PaymentId
from mkondo.domain.ledger.keys import account_key, hold_key
from mkondo.testing.builders import CUSTOMER, HOUR_MS, MARKET, SHOP, admitted, hold, later, open_with, tzs
from mkondo.testing.given import Story, story_of

PLACE = PlaceHold(hold("h1", 60_00))
RELEASE = ReleaseHold("h1", CUSTOMER)
TIME_IS_UP = TimerDue(hold_key("h1", CUSTOMER))
NO_SUCH_HOLD = HoldDeclined("h1", CUSTOMER, "INS-6", "there is no such open hold")


def given(balance: int = 100_00) -> Story:
    return story_of(ledger)().after(open_with(CUSTOMER, balance))


def held(balance: int = 100_00) -> Story:
    return given(balance).after(PLACE)


def capture(minor: int, entry: str = "e1") -> CaptureHold:
    return CaptureHold("h1", CUSTOMER, minor, entry, PaymentId("p1"))


def entry(minor: int, balance: int) -> JournalEntryPosted:
    postings = (Posting(CUSTOMER, "debit", minor), Posting(SHOP, "credit", minor))
    return JournalEntryPosted("e1", "p1", "TZS", postings, balance, market=MARKET)


def customer(story: Story) -> Account:
    account = story.records[account_key(CUSTOMER)]
    assert isinstance(account, Account)
    return account


def test_a_hold_sets_money_aside_and_posts_nothing() -> None:
    story = given().when(PLACE).then(HoldPlaced(hold("h1", 60_00)))
    assert (customer(story).posted, customer(story).held, customer(story).available) == (100_00, 60_00, 40_00)
    assert ledger.due(story.records[hold_key("h1", CUSTOMER)]) == later(HOUR_MS)


def test_held_money_can_not_be_held_again() -> None:
    declined = HoldDeclined("h2", CUSTOMER, "INS-2006", "Insufficient balance")
    held().when(PlaceHold(hold("h2", 60_00))).then(declined)


def test_held_money_can_not_be_paid_away() -> None:
    story = held().when(admitted("p1", tzs(40_01))).and_all_is_well()
    assert [type(event).__name__ for event in story.answer] == ["PaymentFailed"]
    story = held().when(admitted("p1", tzs(40_00))).and_all_is_well()
    assert [type(event).__name__ for event in story.answer] == ["JournalEntryPosted", "PaymentCompleted"]


@pytest.mark.parametrize("minor", [0, -1])
def test_a_hold_must_be_of_a_positive_amount(minor: int) -> None:
    declined = HoldDeclined("h1", CUSTOMER, "INS-15", "a hold must be of a positive amount")
    given().when(PlaceHold(hold("h1", minor))).then(declined)


def test_a_hold_that_would_have_expired_already_is_declined() -> None:
    declined = HoldDeclined("h1", CUSTOMER, "INS-6", "the hold would have expired already")
    given().at(later(HOUR_MS)).when(PLACE).then(declined)


def test_a_hold_on_an_account_that_does_not_exist_is_declined() -> None:
    declined = HoldDeclined("h1", CUSTOMER, "INS-2051", "the account does not exist")
    story_of(ledger)().when(PLACE).then(declined)


def test_in_the_sandbox_a_hold_opens_its_account() -> None:
    story = story_of(ledger)().when(PlaceHold(hold("h1", 60_00, opens_accounts=True))).and_all_is_well()
    assert [type(event).__name__ for event in story.answer] == [
        "AccountOpened",
        "JournalEntryPosted",
        "CreditApplied",
        "HoldPlaced",
    ]


def test_placing_the_same_hold_again_changes_nothing() -> None:
    held().when(PLACE).then_nothing()


def test_a_hold_is_captured_whole() -> None:
    story = held().when(capture(60_00)).then(HoldCaptured("h1", CUSTOMER, 60_00, 60_00), entry(60_00, 40_00))
    assert customer(story) == Account(CUSTOMER, "TZS", posted=40_00)


def test_a_hold_captured_in_part_gives_the_rest_back() -> None:
    story = held().when(capture(25_00)).then(HoldCaptured("h1", CUSTOMER, 60_00, 25_00), entry(25_00, 75_00))
    assert customer(story).available == 75_00


@pytest.mark.parametrize("minor", [60_01, 0, -1])
def test_more_than_is_held_or_nothing_can_not_be_captured(minor: int) -> None:
    story = held().when(capture(minor)).then(HoldDeclined("h1", CUSTOMER, "INS-15", "more than is held, or nothing"))
    assert customer(story).held == 60_00


def test_a_hold_is_captured_once() -> None:
    story = held().after(capture(25_00)).when(capture(25_00, entry="e2")).then(NO_SUCH_HOLD)
    assert customer(story).posted == 75_00


def test_a_hold_can_not_be_captured_at_its_expiry() -> None:
    story = held().at(later(HOUR_MS)).when(capture(60_00)).then(HoldExpired("h1", CUSTOMER, 60_00))
    assert customer(story) == Account(CUSTOMER, "TZS", posted=100_00)


def test_a_hold_can_be_captured_in_its_last_millisecond() -> None:
    story = held().at(later(HOUR_MS - 1)).when(capture(60_00)).and_all_is_well()
    assert customer(story).posted == 40_00


def test_a_released_hold_gives_everything_back() -> None:
    story = held().when(RELEASE).then(HoldReleased("h1", CUSTOMER, 60_00))
    assert customer(story) == Account(CUSTOMER, "TZS", posted=100_00)


def test_a_hold_that_has_ended_can_not_be_ended_again() -> None:
    held().after(RELEASE).when(capture(60_00)).then(NO_SUCH_HOLD)
    held().after(capture(60_00)).when(RELEASE).then(NO_SUCH_HOLD)
    held().at(later(HOUR_MS)).after(TIME_IS_UP).when(RELEASE).then(NO_SUCH_HOLD)


def test_the_timer_ends_a_hold_at_its_expiry() -> None:
    story = held().at(later(HOUR_MS)).when(TIME_IS_UP).then(HoldExpired("h1", CUSTOMER, 60_00))
    assert customer(story) == Account(CUSTOMER, "TZS", posted=100_00)


def test_a_timer_that_comes_too_early_or_too_late_does_nothing() -> None:
    held().at(later(HOUR_MS - 1)).when(TIME_IS_UP).then_nothing()
    held().after(RELEASE).at(later(HOUR_MS)).when(TIME_IS_UP).then_nothing()


def test_several_holds_stand_beside_each_other() -> None:
    story = held().after(PlaceHold(hold("h2", 40_00))).and_all_is_well()
    assert customer(story).available == 0
    story.when(ReleaseHold("h2", CUSTOMER)).and_all_is_well()
    assert customer(story).available == 40_00
