"""Reversals: never more than was paid, by the owner only, within the window; what fails is free again."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from mkondo.domain import reversals
from mkondo.domain.decider import Event, Message, Send
from mkondo.domain.facts import names_of, outcome_of, reversal_of
from mkondo.domain.ids import ApplicationId, Instant, PaymentId
from mkondo.domain.markets import DAY_MS, MARKETS
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentEnded, PaymentFailed, after_ending
from mkondo.domain.reversal import Original, ReversalOf, Reversals
from mkondo.domain.reversals import PaymentReversed, ReversalAdmitted, ReversalDeclined, original_of, reversals_key
from mkondo.testing.builders import (
    APPLICATION,
    C2B,
    CUSTOMER,
    DEADLINE_MS,
    MARKET,
    MULTI,
    NOW,
    SHOP,
    admitted,
    later,
    paid,
    payment,
    tzs,
)
from mkondo.testing.given import Story, story_of

given = story_of(reversals)

ORIGINAL = Original(PaymentId("p1"), C2B, MARKET, 60_00, "TZS", CUSTOMER, SHOP, NOW, True, True, later(1_000))
"""Asked for NOW, and paid a second later: its customer had to find the PIN."""
OUTCOMES = {
    "completed": (paid(payment("p1", tzs(60_00))), (60_00, True)),
    "failed": (PaymentFailed(payment("p1", tzs(1)), "INS-2006", "short"), (0, False)),
    "not ended": (None, (0, False)),
}
"""How an original may stand that was asked for without an amount -> what it moved, and whether it can be reversed."""
DEADLINE = later(DEADLINE_MS)
WINDOWS = [(market, product) for market in MARKETS for product in MARKETS[market].reversal_windows_ms]


def reversal(name: str, minor: int = 0, original: Original = ORIGINAL, deadline: Instant = DEADLINE) -> PaymentAdmitted:
    """0: all that remains."""
    asked = admitted(name, tzs(minor), operation="reversal", debited=SHOP, credited=CUSTOMER, deadline=deadline)
    return replace(asked, purpose=ReversalOf(original))


Ends = Callable[[str, int], PaymentEnded]


def carried_out(name: str, minor: int, *, closes: bool = False) -> PaymentAdmitted:
    asked, purpose = reversal(name), ReversalOf(ORIGINAL, closes)
    return replace(asked, payment=replace(asked.payment, amount=tzs(minor)), purpose=purpose, reserved=True)


def completed(name: str, minor: int, *, closes: bool = False) -> PaymentCompleted:
    asked = carried_out(name, minor, closes=closes)
    return PaymentCompleted(asked.payment, purpose=asked.purpose, reserved=True)


def failed(name: str, minor: int) -> PaymentFailed:
    return PaymentFailed(
        carried_out(name, minor).payment, "INS-2006", "short", "Declined", purpose=ReversalOf(ORIGINAL), reserved=True
    )


def state(story: Story) -> Reversals:
    found = story.records[reversals_key("p1")]
    assert isinstance(found, Reversals)
    return found


def refused(story: Story) -> str:
    declined, ended = story.answer
    assert isinstance(declined, ReversalDeclined) and isinstance(ended, PaymentFailed)
    assert declined.code == ended.code and declined.minor == 0
    assert declined.application == ended.payment.application
    assert not ended.reserved, "nothing was set aside, so nobody here need hear of it"
    return ended.code


def test_an_original_is_its_reference_and_what_its_outcome_says_it_moved() -> None:
    asked = payment("p1", tzs(60_00))
    assert original_of(asked, paid(asked, later(1_000))) == ORIGINAL


@pytest.mark.parametrize(("ended", "expected"), OUTCOMES.values(), ids=OUTCOMES)
def test_only_a_completed_original_moved_what_its_outcome_says(ended: Event | None, expected: tuple[int, bool]) -> None:
    original = original_of(payment("p1", tzs(0)), ended)
    assert (original.minor, original.completed) == expected


def test_without_an_amount_all_that_remains_is_given_back() -> None:
    given().when(reversal("r1")).then(ReversalAdmitted(ORIGINAL, carried_out("r1", 60_00, closes=True)))


def test_the_owner_of_the_organisations_account_moves_the_money() -> None:
    event = ReversalAdmitted(ORIGINAL, carried_out("r1", 60_00, closes=True))
    assert reversals.react(event) == (Send("ledger", SHOP),)


def test_a_part_may_be_given_back_and_then_the_rest() -> None:
    story = given().after(reversal("r1", 20_00)).when(completed("r1", 20_00))
    story.then(PaymentReversed(PaymentId("p1"), PaymentId("r1"), 20_00, 40_00, application=APPLICATION))
    story.when(reversal("r2")).then(ReversalAdmitted(ORIGINAL, carried_out("r2", 40_00, closes=True)))
    story.when(completed("r2", 40_00, closes=True))
    story.then(PaymentReversed(PaymentId("p1"), PaymentId("r2"), 40_00, 0, told=True, application=APPLICATION))


def test_the_completion_that_leaves_nothing_is_the_fact_that_a_query_reads() -> None:
    """Else a merchant who asks right behind the reversal's answer would be told that nothing was reversed."""
    assert names_of(completed("r1", 60_00, closes=True)) == (outcome_of("r1"), reversal_of("p1"))
    assert names_of(PaymentReversed(PaymentId("p1"), PaymentId("r1"), 60_00, 0, told=True)) == ()


def test_of_two_under_way_at_once_nobody_knows_which_ends_last_so_the_record_of_both_is_the_fact() -> None:
    story = given().after(reversal("r1", 20_00))
    story.when(reversal("r2")).then(ReversalAdmitted(ORIGINAL, carried_out("r2", 40_00)))
    story.after(completed("r2", 40_00)).when(completed("r1", 20_00))
    last = PaymentReversed(PaymentId("p1"), PaymentId("r1"), 20_00, 0, application=APPLICATION)
    story.then(last)
    assert names_of(last) == (reversal_of("p1"),)
    assert names_of(completed("r1", 20_00)) == (outcome_of("r1"),)


def test_more_than_remains_is_refused_and_a_cent_less_is_not() -> None:
    story = given().after(reversal("r1", 20_00))
    assert refused(story.when(reversal("r2", 40_01))) == "INS-15"
    story.when(reversal("r3", 40_00)).then(ReversalAdmitted(ORIGINAL, carried_out("r3", 40_00)))


def test_what_one_reversal_has_set_aside_no_other_can_take() -> None:
    story = given().after(reversal("r1"))
    assert refused(story.when(reversal("r2"))) == "INS-6"
    assert state(story).remaining == 0


def test_what_a_failed_reversal_had_set_aside_is_free_again() -> None:
    story = given().after(reversal("r1")).when(failed("r1", 60_00))
    story.then(ReversalDeclined(PaymentId("p1"), PaymentId("r1"), "INS-2006", "short", 60_00, APPLICATION))
    assert state(story).remaining == 60_00
    story.when(reversal("r2")).then(ReversalAdmitted(ORIGINAL, carried_out("r2", 60_00, closes=True)))


@pytest.mark.parametrize("ends", [completed, failed], ids=lambda ends: ends.__name__)
def test_what_became_of_it_names_the_application_that_asked_whoever_was_paid(ends: Ends) -> None:
    """In live any application of the organisation may give a payment back."""

    def by_another(message: PaymentAdmitted | PaymentEnded) -> Message:
        return replace(message, payment=replace(message.payment, application=ApplicationId("app-2")))

    story = given().after(by_another(reversal("r1")))
    for event in (
        *story.when(by_another(reversal("r2"))).answer[:1],
        *story.when(by_another(ends("r1", 60_00))).answer,
    ):
        assert isinstance(event, ReversalDeclined | PaymentReversed)
        assert event.application == "app-2"


@pytest.mark.parametrize(
    ("original", "code"),
    [
        (replace(ORIGINAL, owned=False), "INS-35"),
        (replace(ORIGINAL, owned=False, completed=False), "INS-35"),
        (replace(ORIGINAL, completed=False), "INS-6"),
        (replace(ORIGINAL, operation="reversal"), "INS-6"),
        (replace(ORIGINAL, operation="airtime"), "INS-6"),
    ],
)
def test_a_payment_that_can_not_be_reversed(original: Original, code: str) -> None:
    assert refused(given().when(reversal("r1", original=original))) == code


def tried_at(now: Instant, original: Original) -> Story:
    return given().at(now).when(reversal("r1", original=original, deadline=later(DEADLINE_MS, now)))


@pytest.mark.parametrize(("market", "product"), WINDOWS)
def test_the_window_of_market_and_product_closes_and_not_a_moment_earlier(market: str, product: str) -> None:
    original = replace(ORIGINAL, market=market, operation=product)
    over = later(MARKETS[market].reversal_windows_ms[product], original.completed_at)
    assert isinstance(tried_at(later(-1, over), original).answer[0], ReversalAdmitted)
    assert refused(tried_at(over, original)) == "INS-6"


def test_windows_are_a_month_and_two_for_direct_debits() -> None:
    """So that the test above can't pass by looking at one window for all."""
    days = {product: MARKETS[market].reversal_windows_ms[product] // DAY_MS for market, product in WINDOWS}
    assert days == {C2B: 30, MULTI: 30, "b2c_payment": 30, "b2b_payment": 30, "direct_debit_payment": 56}


def test_the_document_says_so() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "reversals.md").read_text(encoding="utf-8")
    told = {name: int(days) for name, days in re.findall(r"^\| `(\w+)` \| (\d+) \|$", page, re.MULTILINE)}
    assert all({p: ms // DAY_MS for p, ms in market.reversal_windows_ms.items()} == told for market in MARKETS.values())


def test_an_outcome_from_before_it_told_its_time_leaves_only_when_it_was_asked_for() -> None:
    original = replace(ORIGINAL, completed_at=Instant(0))
    over = later(MARKETS[MARKET].reversal_windows_ms[C2B])
    assert isinstance(tried_at(later(-1, over), original).answer[0], ReversalAdmitted)
    assert refused(tried_at(over, original)) == "INS-6"


def test_past_its_deadline_nothing_is_set_aside() -> None:
    assert refused(given().at(later(DEADLINE_MS)).when(reversal("r1"))) == "INS-9"


def test_an_ending_goes_back_to_whoever_set_the_amount_aside() -> None:
    assert after_ending(completed("r1", 60_00)) == (Send("reversals", "p1"),)
    assert after_ending(failed("r1", 60_00)) == (Send("reversals", "p1"),)
