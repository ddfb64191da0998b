"""Approvals: granted, refused, expired, answered twice, answered late."""

from mkondo.domain import ledger
from mkondo.domain.approval import AnswerApproval, ApprovalAsked, ApprovalExpired, ApprovalGranted, ApprovalRefused
from mkondo.domain.decider import TimerDue
from mkondo.domain.ledger.keys import approval_key
from mkondo.domain.payment import PaymentFailed
from mkondo.testing.builders import CUSTOMER, DEADLINE_MS, admitted, later, open_with, paid, payment, reserving, tzs
from mkondo.testing.given import Story, story_of

ASKED = admitted("p1", tzs(60_00), approval="handset")
YES = AnswerApproval(payment("p1").payment_id, CUSTOMER, "INS-0")
NO = AnswerApproval(payment("p1").payment_id, CUSTOMER, "INS-6", "Transaction cancelled by customer", "Cancelled")
TIME_IS_UP = TimerDue(approval_key("p1"))
EXPIRED = (
    ApprovalExpired(payment("p1").payment_id, CUSTOMER),
    PaymentFailed(payment("p1"), "INS-9", "the customer did not answer in time", "Expired"),
)


def waiting(balance: int = 100_00) -> Story:
    """The customer's handset shows the payment."""
    return story_of(ledger)().after(open_with(CUSTOMER, balance), ASKED)


def kinds(story: Story) -> list[str]:
    return [type(event).__name__ for event in story.answer]


def test_the_customer_is_asked_and_nothing_is_posted_yet() -> None:
    story = story_of(ledger)().after(open_with(CUSTOMER, 100_00)).when(ASKED).then(ApprovalAsked(ASKED))
    assert ledger.due(story.records[approval_key("p1")]) == payment().deadline


def test_yes_posts_and_completes() -> None:
    story = waiting().when(YES).and_all_is_well()
    assert kinds(story) == ["ApprovalGranted", "JournalEntryPosted", "PaymentCompleted"]
    assert story.answer[0] == ApprovalGranted(YES.payment_id, CUSTOMER)
    assert story.answer[2] == paid(payment("p1"))
    assert approval_key("p1") not in story.records


def test_no_ends_the_payment_with_the_customers_code() -> None:
    waiting().when(NO).then(
        ApprovalRefused(NO.payment_id, CUSTOMER, NO.code, NO.text),
        PaymentFailed(payment("p1"), "INS-6", "Transaction cancelled by customer", "Cancelled"),
    )


def test_yes_without_the_money_is_declined() -> None:
    waiting(balance=59_99).when(YES).then(
        ApprovalGranted(YES.payment_id, CUSTOMER),
        PaymentFailed(payment("p1"), "INS-2006", "Insufficient balance", "Declined"),
    )


def test_money_held_meanwhile_is_not_there_to_be_spent() -> None:
    story = waiting().after(reserving("p2", tzs(50_00))).when(YES).and_all_is_well()
    assert kinds(story) == ["ApprovalGranted", "PaymentFailed"]


def test_the_timer_ends_an_unanswered_payment_at_its_deadline() -> None:
    waiting().at(later(DEADLINE_MS)).when(TIME_IS_UP).then(*EXPIRED)


def test_a_timer_that_comes_too_early_does_nothing() -> None:
    waiting().at(later(DEADLINE_MS - 1)).when(TIME_IS_UP).then_nothing()


def test_a_late_yes_moves_no_money() -> None:
    waiting().at(later(DEADLINE_MS)).when(YES).then(*EXPIRED)


def test_the_second_answer_changes_nothing() -> None:
    waiting().after(NO).when(YES).then_nothing()
    waiting().after(YES).when(NO).then_nothing()


def test_the_timer_of_an_answered_payment_does_nothing() -> None:
    waiting().after(YES).at(later(DEADLINE_MS)).when(TIME_IS_UP).then_nothing()


def test_an_answer_to_a_payment_that_nobody_asked_about_does_nothing() -> None:
    story_of(ledger)().when(YES).then_nothing()


def test_a_new_customer_is_opened_before_being_asked() -> None:
    story = story_of(ledger)().when(admitted(approval="handset", opens_accounts=True)).and_all_is_well()
    assert kinds(story) == ["AccountOpened", "JournalEntryPosted", "CreditApplied", "ApprovalAsked"]
    assert kinds(story.when(YES)) == ["ApprovalGranted", "JournalEntryPosted", "PaymentCompleted"]
