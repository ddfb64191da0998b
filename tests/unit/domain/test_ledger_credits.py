"""Credits: they commute, are never refused, and what can't be credited waits in suspense."""

from mkondo.domain import ledger
from mkondo.domain.account import Account, CreditApplied, CreditSuspended, JournalEntryPosted, Posting, suspense
from mkondo.domain.ledger.keys import account_key
from mkondo.domain.markets import MARKETS
from mkondo.testing.builders import CUSTOMER, MARKET, SHOP, open_with
from mkondo.testing.given import story_of

given = story_of(ledger)

OPENING = MARKETS[MARKET].opening_balance_minor
SUSPENSE = suspense("TZS", SHOP)


def arriving(name: str = "p1", minor: int = 60_00, opens_accounts: bool = False) -> JournalEntryPosted:
    postings = (Posting(CUSTOMER, "debit", minor), Posting(SHOP, "credit", minor))
    return JournalEntryPosted(name, name, "TZS", postings, 0, "Shoes", MARKET, opens_accounts)


def test_a_credit_is_added_to_the_account() -> None:
    story = given().after(open_with(SHOP, 5_00)).when(arriving())
    story.then(CreditApplied(SHOP, "p1", "p1", 60_00, "TZS", 65_00))
    assert story.records[account_key(SHOP)] == Account(SHOP, "TZS", posted=65_00)


def test_credits_add_up_in_any_order() -> None:
    one = given().after(open_with(SHOP, 0), arriving("p1", 1_00), arriving("p2", 2_00)).and_all_is_well()
    two = given().after(open_with(SHOP, 0), arriving("p2", 2_00), arriving("p1", 1_00)).and_all_is_well()
    assert one.records == two.records


def test_a_credit_leaves_what_is_held_and_the_floor_alone() -> None:
    story = given().after(open_with(SHOP, 5_00, floor=-10_00)).when(arriving()).and_all_is_well()
    assert story.records[account_key(SHOP)] == Account(SHOP, "TZS", posted=65_00, floor=-10_00)


def test_a_credit_whose_account_does_not_exist_stands_in_suspense() -> None:
    story = given().when(arriving())
    story.then(CreditSuspended(SHOP, SUSPENSE, "p1", "p1", 60_00, "TZS", 60_00, "the credited account does not exist"))
    assert story.records == {account_key(SUSPENSE): Account(SUSPENSE, "TZS", posted=60_00, floor=None)}


def test_suspense_adds_up() -> None:
    story = given().after(arriving("p1", 60_00)).when(arriving("p2", 1_00)).and_all_is_well()
    assert story.records[account_key(SUSPENSE)] == Account(SUSPENSE, "TZS", posted=61_00, floor=None)


def test_in_the_sandbox_a_new_till_is_opened_by_its_first_credit_with_the_markets_balance() -> None:
    story = given().when(arriving(opens_accounts=True)).and_all_is_well()
    assert [type(event).__name__ for event in story.answer] == [
        "AccountOpened",
        "JournalEntryPosted",
        "CreditApplied",
        "CreditApplied",
    ]
    assert story.records[account_key(SHOP)] == Account(SHOP, "TZS", posted=OPENING + 60_00)


def test_a_suspended_credit_is_the_end_of_its_journey() -> None:
    story = given().when(arriving())
    assert [ledger.react(event) for event in story.answer] == [()]
