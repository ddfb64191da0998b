"""Two-step payments: funds are held, then captured, given up, or free again by time. Postings sum to zero."""

import pytest
from msgspec.structs import replace

from mkondo.domain import ledger
from mkondo.domain.account import (
    Account,
    AccountOpened,
    AccountStatus,
    CreditApplied,
    HoldCaptured,
    HoldExpired,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
    SetAccountStatus,
)
from mkondo.domain.approval import AnswerApproval
from mkondo.domain.decider import Event, Message, Send, TimerDue
from mkondo.domain.ids import Instant, PaymentId
from mkondo.domain.ledger.keys import account_key, hold_key
from mkondo.domain.markets import DAY_MS
from mkondo.domain.payment import Forced, PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import RequestAdmitted, RequestAnswered
from mkondo.testing.builders import (
    CUSTOMER,
    DEADLINE_MS,
    NOW,
    VOUCHER,
    admitted,
    deciding,
    later,
    open_with,
    paid,
    payment,
    reserving,
    tzs,
)
from mkondo.testing.given import Story, story_of

given = story_of(ledger)

EXPIRES = later(DAY_MS)
TWO_STEP = reserving("p1", lasts_ms=DAY_MS)
RESERVED = TWO_STEP.payment
HELD = replace(RESERVED, deadline=EXPIRES, reply_to=None)
TIME_IS_UP = TimerDue(hold_key("p1", CUSTOMER))


def update(name: str = "u1", commits: bool = True, voucher: str = VOUCHER, **changes: object) -> RequestAdmitted:
    return deciding(name, RESERVED, commits, voucher, **({"deadline": later(2 * DAY_MS)} | changes))


def answered(name: str = "u1") -> RequestAnswered:
    return RequestAnswered(update(name).request, "INS-GAR-0", outputs={"output_TransactionID": "T-p1"})


def refusal_of(story: Story) -> tuple[str, str]:
    (refused,) = story.and_all_is_well().answer
    assert isinstance(refused, RequestAnswered)
    return refused.code, refused.status


def reserved() -> Story:
    return given().after(open_with(CUSTOMER, 100_00), TWO_STEP)


def account_in(story: Story) -> Account:
    account = story.records[account_key(CUSTOMER)]
    assert isinstance(account, Account)
    return account


def only(kind: type[Event], story: Story) -> Event:
    (found,) = [event for event in story.answer if isinstance(event, kind)]
    return found


def test_the_first_step_holds_the_funds_and_answers_the_request() -> None:
    story = given().after(open_with(CUSTOMER, 100_00)).when(TWO_STEP)
    placed = only(HoldPlaced, story)
    assert isinstance(placed, HoldPlaced)
    assert (placed.hold.minor, placed.hold.expires_at, placed.hold.voucher_code) == (60_00, EXPIRES, VOUCHER)
    story.then(placed, PaymentReserved(RESERVED, EXPIRES))
    assert account_in(story).posted == 100_00
    assert account_in(story).held == 60_00


def test_held_funds_can_not_be_paid_again() -> None:
    story = reserved().when(admitted("p2", tzs(40_01)))
    failed = only(PaymentFailed, story)
    assert isinstance(failed, PaymentFailed) and failed.code == "INS-2006"


def test_funds_that_are_not_there_are_not_held() -> None:
    declined = PaymentFailed(RESERVED, "INS-2006", "Insufficient balance", "Declined")
    given().after(open_with(CUSTOMER, 59_99)).when(TWO_STEP).then(declined)
    second = reserving("p2", tzs(40_01))
    reserved().when(second).then(replace(declined, payment=second.payment))


def test_nothing_is_held_on_an_account_that_does_not_exist() -> None:
    failed = PaymentFailed(RESERVED, "INS-2051", "the debited account does not exist", "Declined")
    given().when(TWO_STEP).then(failed)


def test_in_the_sandbox_a_reservation_opens_its_account() -> None:
    story = given().when(reserving("p1", opens_accounts=True)).and_all_is_well()
    kinds = [type(event) for event in story.answer]
    assert kinds == [AccountOpened, JournalEntryPosted, CreditApplied, HoldPlaced, PaymentReserved]


def test_several_holds_stand_beside_each_other() -> None:
    story = reserved().after(reserving("p2", tzs(40_00))).and_all_is_well()
    assert account_in(story).available == 0
    story.when(update(commits=False)).and_all_is_well()
    assert account_in(story).available == 60_00


def test_a_commit_posts_the_whole_hold_and_completes_the_payment() -> None:
    story = reserved().at(later(1_000)).when(update())
    entry = only(JournalEntryPosted, story)
    assert isinstance(entry, JournalEntryPosted) and (entry.entry, entry.debit.minor) == ("p1", 60_00)
    story.then(HoldCaptured("p1", CUSTOMER, 60_00, 60_00), entry, paid(HELD, later(1_000)), answered())


def test_giving_it_up_frees_the_funds_and_cancels_the_payment() -> None:
    story = reserved().when(update(commits=False))
    cancelled = PaymentFailed(HELD, "INS-6", "given up by the merchant", "Cancelled")
    gone = replace(answered(), request=update(commits=False).request)
    story.then(HoldReleased("p1", CUSTOMER, 60_00), cancelled, gone)
    assert account_in(story).held == 0


def test_of_two_confirmations_one_succeeds() -> None:
    assert refusal_of(reserved().after(update("u1")).when(update("u2"))) == ("INS-6", "Declined")


def test_a_wrong_voucher_decides_nothing() -> None:
    story = reserved().when(update(voucher="AAAAAA"))
    assert refusal_of(story) == ("INS-6", "Declined")
    assert hold_key("p1", CUSTOMER) in story.records


def test_a_confirmation_of_nothing_is_refused() -> None:
    assert refusal_of(given().after(open_with(CUSTOMER, 100_00)).when(update())) == ("INS-6", "Declined")


def test_an_undecided_reservation_is_free_again_when_its_time_is_over() -> None:
    story = reserved().at(EXPIRES).when(TIME_IS_UP)
    expired = PaymentFailed(HELD, "INS-9", "not decided in time", "Expired")
    story.then(HoldExpired("p1", CUSTOMER, 60_00), expired)


def test_a_confirmation_that_comes_with_the_expiry_captures_nothing() -> None:
    story = reserved().at(EXPIRES).when(update())
    kinds = [type(event) for event in story.answer]
    assert kinds == [HoldExpired, PaymentFailed, RequestAnswered]
    story.and_all_is_well()
    assert hold_key("p1", CUSTOMER) not in story.records


def test_a_reservation_can_be_committed_in_its_last_millisecond() -> None:
    story = reserved().at(Instant(EXPIRES - 1)).when(update()).and_all_is_well()
    assert account_in(story).posted == 40_00


@pytest.mark.parametrize("ending", [update(), update(commits=False), TIME_IS_UP], ids=["commit", "give up", "expiry"])
@pytest.mark.parametrize("second", [update("u2"), update("u2", commits=False)], ids=["commit", "give up"])
def test_a_reservation_that_has_ended_can_not_be_ended_again(ending: Message, second: Message) -> None:
    """Not by a confirmation, and not by its timer."""
    story = reserved().at(EXPIRES if ending is TIME_IS_UP else NOW).after(ending)
    assert refusal_of(story.when(second)) == ("INS-6", "Declined")
    story.at(EXPIRES).when(TIME_IS_UP).then_nothing()


def test_a_timer_that_comes_too_early_does_nothing() -> None:
    story = reserved()
    assert ledger.due(story.records[hold_key("p1", CUSTOMER)]) == EXPIRES
    story.at(Instant(EXPIRES - 1)).when(TIME_IS_UP).then_nothing()


def test_a_confirmation_past_its_own_deadline_is_not_carried_out() -> None:
    story = reserved().at(later(DEADLINE_MS)).when(update(deadline=later(DEADLINE_MS)))
    assert refusal_of(story) == ("INS-9", "Expired")
    assert hold_key("p1", CUSTOMER) in story.records


def test_a_scripted_decision_looks_at_nothing() -> None:
    forced = Forced("INS-GAR-0", "", "Completed", {"output_TransactionID": "0000000000001"})
    story = given().when(replace(update(), forced=forced))
    story.then(RequestAnswered(update().request, "INS-GAR-0", outputs={"output_TransactionID": "0000000000001"}))


def test_what_ends_an_asynchronous_two_step_payment_is_not_called_back_twice() -> None:
    """Its request was answered by the reservation; the decision is another request with an answer of its own."""
    asked = replace(TWO_STEP, payment=replace(RESERVED, asynchronous=True))
    story = given().after(open_with(CUSTOMER, 100_00)).when(asked)
    first = only(PaymentReserved, story)
    assert ledger.react(first) == (Send("callbacks", RESERVED.application),)
    story.when(update())
    assert ledger.react(only(PaymentCompleted, story)) == ()


def test_the_customers_yes_reserves_a_two_step_payment() -> None:
    story = given().after(open_with(CUSTOMER, 100_00), reserving("p1", approval="handset"))
    story.when(AnswerApproval(PaymentId("p1"), CUSTOMER, "INS-0"))
    assert isinstance(only(HoldPlaced, story), HoldPlaced)
    story.and_all_is_well()


@pytest.mark.parametrize("status", [AccountStatus.LOCKED, AccountStatus.INACTIVE, AccountStatus.PENDING])
def test_an_account_that_is_not_active_pays_nothing(status: AccountStatus) -> None:
    story = given().after(open_with(CUSTOMER, 100_00), SetAccountStatus(CUSTOMER, status)).when(admitted("p2"))
    story.then(PaymentFailed(payment("p2"), "INS-6", f"the account is {status.value.lower()}", "Declined"))
    story.after(SetAccountStatus(CUSTOMER, AccountStatus.ACTIVE)).when(admitted("p3"))
    assert isinstance(only(PaymentCompleted, story), PaymentCompleted)


@pytest.mark.parametrize("status", [AccountStatus.LOCKED, AccountStatus.INACTIVE, AccountStatus.PENDING])
def test_what_was_reserved_before_the_account_was_locked_is_still_captured(status: AccountStatus) -> None:
    """The merchant was promised it. Nothing else leaves the account."""
    story = reserved().after(SetAccountStatus(CUSTOMER, status)).when(update()).and_all_is_well()
    assert isinstance(only(HoldCaptured, story), HoldCaptured)
    assert (account_in(story).posted, account_in(story).held) == (40_00, 0)
    failed = only(PaymentFailed, story.when(admitted("p2", tzs(1_00))))
    assert isinstance(failed, PaymentFailed) and failed.code == "INS-6"


def test_a_trigger_fails_a_payment_and_opens_no_account() -> None:
    forced = Forced("INS-1", "Internal Error", "Failed")
    asked = replace(admitted("p9", opens_accounts=True), forced=forced)
    given().when(asked).then(PaymentFailed(asked.payment, "INS-1", "Internal Error", "Failed"))
    assert asked.payment.deadline > NOW
