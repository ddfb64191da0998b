"""Payments in the ledger: opening balances, floors, insufficient funds, deadlines, and the one entry of a payment."""

from typing import Any

from msgspec.structs import replace

from mkondo.domain import ledger
from mkondo.domain.account import (
    Account,
    AccountOpened,
    CreditApplied,
    JournalEntryPosted,
    OpenAccount,
    Posting,
    funding,
)
from mkondo.domain.decider import Send
from mkondo.domain.ids import AccountId, Instant, RecordKey
from mkondo.domain.ledger.keys import account_key
from mkondo.domain.markets import MARKETS
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.testing.builders import (
    CUSTOMER,
    DEADLINE_MS,
    MARKET,
    NOW,
    SESSION,
    SHOP,
    admitted,
    later,
    open_with,
    paid,
    payment,
    tzs,
)
from mkondo.testing.given import story_of

given = story_of(ledger)

FUNDING = funding(MARKET, "TZS", CUSTOMER)
OPENING = MARKETS[MARKET].opening_balance_minor


def entry(name: str, minor: int, balance: int, **changes: bool) -> JournalEntryPosted:
    postings = (Posting(CUSTOMER, "debit", minor), Posting(SHOP, "credit", minor))
    return JournalEntryPosted(name, name, "TZS", postings, balance, "Shoes", MARKET, **changes)


def opening_of_the_customer(
    minor: int = OPENING, before: int = 0
) -> tuple[AccountOpened, JournalEntryPosted, CreditApplied]:
    postings = (Posting(FUNDING, "debit", minor), Posting(CUSTOMER, "credit", minor))
    name = f"opening/{CUSTOMER}"
    return (
        AccountOpened(CUSTOMER, "TZS", 0),
        JournalEntryPosted(name, "", "TZS", postings, before - minor, "Opening balance", MARKET, in_transit=False),
        CreditApplied(CUSTOMER, name, "", minor, "TZS", minor),
    )


def test_a_payment_is_posted_whole_and_completed_in_one_step() -> None:
    story = given().after(open_with(CUSTOMER, 100_00)).when(admitted("p1", tzs(60_00)))
    story.then(entry("p1", 60_00, 40_00), paid(payment("p1", tzs(60_00))))
    assert story.records[account_key(CUSTOMER)] == Account(CUSTOMER, "TZS", posted=40_00)


def test_the_credit_travels_to_the_owner_of_the_credited_account() -> None:
    assert ledger.react(entry("p1", 60_00, 40_00)) == (Send("ledger", SHOP),)
    assert ledger.react(entry("p1", 60_00, 40_00, in_transit=False)) == ()


def test_everything_may_be_spent() -> None:
    story = given().after(open_with(CUSTOMER, 60_00)).when(admitted("p1", tzs(60_00)))
    story.then(entry("p1", 60_00, 0), paid(payment("p1", tzs(60_00))))


def test_one_cent_more_than_everything_is_declined() -> None:
    declined = PaymentFailed(payment("p1", tzs(60_01)), "INS-2006", "Insufficient balance", "Declined")
    story = given().after(open_with(CUSTOMER, 60_00)).when(admitted("p1", tzs(60_01))).then(declined)
    assert story.records[account_key(CUSTOMER)] == Account(CUSTOMER, "TZS", posted=60_00)


def test_an_account_with_a_higher_floor_keeps_it() -> None:
    story = given().after(open_with(CUSTOMER, 60_00, floor=10_00)).when(admitted("p1", tzs(50_01)))
    story.then(PaymentFailed(payment("p1", tzs(50_01)), "INS-2006", "Insufficient balance", "Declined"))
    story.when(admitted("p2", tzs(50_00)))
    story.then(entry("p2", 50_00, 10_00), paid(payment("p2", tzs(50_00))))


def test_the_second_of_two_payments_sees_what_the_first_took() -> None:
    story = given().after(open_with(CUSTOMER, 100_00), admitted("p1", tzs(60_00))).when(admitted("p2", tzs(60_00)))
    story.then(PaymentFailed(payment("p2", tzs(60_00)), "INS-2006", "Insufficient balance", "Declined"))


def test_the_last_millisecond_before_the_deadline_is_in_time() -> None:
    story = given().after(open_with(CUSTOMER, 60_00)).at(later(DEADLINE_MS - 1)).when(admitted("p1", tzs(60_00)))
    story.then(entry("p1", 60_00, 0), paid(payment("p1", tzs(60_00)), later(DEADLINE_MS - 1)))


def test_at_the_deadline_no_money_moves() -> None:
    failed = PaymentFailed(payment(), "INS-9", "the deadline passed before posting", "Expired")
    given().after(open_with(CUSTOMER, 60_00)).at(later(DEADLINE_MS)).when(admitted()).then(failed)


def test_past_the_deadline_not_even_an_account_is_opened() -> None:
    failed = PaymentFailed(payment(opens_accounts=True), "INS-9", "the deadline passed before posting", "Expired")
    story = given().at(Instant(NOW + 10 * DEADLINE_MS)).when(admitted(opens_accounts=True)).then(failed)
    assert story.records == {}


def test_a_payer_that_does_not_exist_is_declined() -> None:
    given().when(admitted()).then(
        PaymentFailed(payment(), "INS-2051", "the debited account does not exist", "Declined")
    )


def test_a_till_that_does_not_exist_is_declined_as_a_shortcode() -> None:
    """A payment out of a till has a code for its shortcode, and B2B none for a customer (contract section 5)."""
    paid_out: dict[str, Any] = {"debited": SHOP, "credited": CUSTOMER, "operation": "b2c_payment"}
    failed = PaymentFailed(payment(**paid_out), "INS-13", "the debited account does not exist", "Declined")
    given().when(admitted(**paid_out)).then(failed)


def test_a_till_pays_out_no_more_than_is_in_it() -> None:
    paid_out: dict[str, Any] = {"debited": SHOP, "credited": CUSTOMER, "operation": "b2c_payment"}
    story = given().after(open_with(SHOP, 59_99)).when(admitted(**paid_out))
    story.then(PaymentFailed(payment(**paid_out), "INS-2006", "Insufficient balance", "Declined"))
    assert story.records[account_key(SHOP)] == Account(SHOP, "TZS", posted=59_99)


def test_in_the_sandbox_a_new_payer_gets_the_markets_opening_balance_by_a_journal_entry() -> None:
    posted = entry("p1", 60_00, OPENING - 60_00, opens_accounts=True)
    story = given().when(admitted(opens_accounts=True))
    story.then(*opening_of_the_customer(), posted, paid(payment(opens_accounts=True)))
    assert story.records[account_key(FUNDING)] == Account(FUNDING, "TZS", posted=-OPENING, floor=None)


def test_a_payer_is_opened_once() -> None:
    story = given().after(admitted("p1", opens_accounts=True)).when(admitted("p2", opens_accounts=True))
    story.then(entry("p2", 60_00, OPENING - 120_00, opens_accounts=True), paid(payment("p2", opens_accounts=True)))


def test_a_new_payer_who_asks_for_more_than_the_opening_balance_is_opened_and_declined() -> None:
    amount = tzs(OPENING + 1)
    declined = PaymentFailed(payment("p1", amount, opens_accounts=True), "INS-2006", "Insufficient balance", "Declined")
    given().when(admitted("p1", amount, opens_accounts=True)).then(*opening_of_the_customer(), declined)


def test_opening_an_account_that_exists_leaves_it_as_it_is() -> None:
    given().after(open_with(CUSTOMER, 100_00)).when(open_with(CUSTOMER, 500_00)).then_nothing()


def test_an_account_may_be_opened_with_nothing_in_it() -> None:
    given().when(OpenAccount(CUSTOMER, MARKET, 0)).then(AccountOpened(CUSTOMER, "TZS", 0))


def test_the_second_opening_goes_on_from_the_funding_accounts_balance() -> None:
    story = given().after(open_with(FUNDED_BEFORE, 30_00)).when(open_with(CUSTOMER, 100_00))
    story.then(*opening_of_the_customer(100_00, before=-30_00))


FUNDED_BEFORE = next(
    account
    for number in range(100)
    if funding(MARKET, "TZS", account := AccountId(f"wallet/app-1/{number}/TZS")) == FUNDING
)
"""Another account in the customer's partition."""


def test_what_was_reserved_is_named_again_by_the_ending_so_that_admission_can_settle_it() -> None:
    reserved = PaymentAdmitted(payment(), SESSION, 1, market_day="2024-12-01", buckets=(RecordKey("session-room/x"),))
    story = given().after(open_with(CUSTOMER, 60_00)).when(reserved)
    completed = replace(paid(payment()), market_day="2024-12-01", buckets=(RecordKey("session-room/x"),))
    story.then(entry("p1", 60_00, 0), completed)
    assert ledger.react(completed) == (Send("admission", "app-1"),)
    assert ledger.react(PaymentCompleted(payment())) == ()


def test_a_message_that_reached_the_ledger_is_never_given_up() -> None:
    assert ledger.give_up(admitted(), "bug") == ()
