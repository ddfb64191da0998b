"""Admission of payments: refusals in the contract's order, duplicates, redelivery, deadlines, the first limit."""

import pytest
from msgspec.structs import replace

from mkondo.domain import admission
from mkondo.domain.admission import reference_key
from mkondo.domain.application import ProductScope, UsageTime
from mkondo.domain.decider import Event, Send, TimerDue
from mkondo.domain.ids import ApplicationId, RecordKey, SessionHash
from mkondo.domain.limits import Breach
from mkondo.domain.money import Money
from mkondo.domain.payment import Forced, Payment, PaymentAdmitted, PaymentCompleted, PaymentFailed, RequestPayment
from mkondo.domain.request import Reference, RequestRejected
from mkondo.testing.builders import (
    C2B,
    CUSTOMER,
    DEADLINE_MS,
    SESSION,
    admitted,
    asking,
    configure,
    configured,
    enabled,
    enabling,
    later,
    opened,
    opening,
    payment,
    request,
    tzs,
)
from mkondo.testing.given import Story, story_of

given = story_of(admission, enabled())

CEILING = ProductScope({"TZS": 60_00})


def ready(**changes: object) -> Story:
    return given(configured(**changes), opened())


def failed(of: Payment, code: str, reason: str, status: str) -> PaymentFailed:
    return PaymentFailed(of, code, reason, status)


def test_a_payment_is_admitted_with_the_version_that_was_applied() -> None:
    story = given(configured(7), opened()).when(request()).then(PaymentAdmitted(payment(), SESSION, 7))
    assert story.records[reference_key(payment())] == Reference(payment())


def test_an_admitted_payment_goes_to_the_owner_of_the_debited_account() -> None:
    assert admission.react(PaymentAdmitted(payment(), SESSION, 1)) == (Send("ledger", CUSTOMER),)


def test_how_the_payer_agrees_travels_with_the_payment() -> None:
    command = replace(request(), approval="handset")
    ready().when(command).then(PaymentAdmitted(payment(), SESSION, 1, "handset"))


def test_a_rejection_names_everything_the_answer_needs() -> None:
    given(configured()).when(request()).then(
        RequestRejected(asking("p1"), "INS-989", "Session is invalid", payment().payment_id, C2B, "tp-p1")
    )


# Duplicates and redelivery (contract section 12).


def test_another_payment_with_the_same_id_of_the_merchant_is_a_duplicate_and_no_event() -> None:
    again = request("p2", third_party_conversation_id="tp-p1")
    story = ready().after(request("p1")).when(again).then_rejected("INS-10", "Duplicate Transaction")
    assert story.records[reference_key(payment("p1"))] == Reference(payment("p1"))


def test_the_same_payment_delivered_again_is_no_output_at_all() -> None:
    ready().after(request()).when(request()).then_nothing()


def test_a_redelivery_stays_silent_whatever_has_changed_meanwhile() -> None:
    ready().after(request(), configure(removed=True)).at(later(2 * 3_600_000)).when(request()).then_nothing()
    ready().after(request(), configure(products={})).when(request()).then_nothing()


def test_an_id_is_used_up_by_a_declined_payment_too() -> None:
    declined = request("p1", tzs(60_01))
    story = ready(products={C2B: CEILING}).after(declined)
    story.when(request("p2", third_party_conversation_id="tp-p1")).then_rejected("INS-10")


def test_an_id_is_not_used_up_by_a_rejected_payment() -> None:
    story = given(configured()).after(request("p1"))
    assert reference_key(payment("p1")) not in story.records
    story.after(opening())
    story.when(request("p2", third_party_conversation_id="tp-p1"))
    assert isinstance(story.answer[0], PaymentAdmitted)


def test_two_applications_may_use_the_same_id() -> None:
    mine, theirs = payment(), payment(application=ApplicationId("app-2"))
    assert reference_key(mine) != reference_key(theirs)


# The deadline.


def test_a_payment_past_its_deadline_has_failed_and_used_up_its_id() -> None:
    expired = failed(payment(), "INS-9", "the deadline passed before admission", "Expired")
    story = ready().at(later(DEADLINE_MS)).when(request()).then(expired)
    assert reference_key(payment()) in story.records


def test_the_last_millisecond_is_in_time() -> None:
    ready().at(later(DEADLINE_MS - 1)).when(request()).then(PaymentAdmitted(payment(), SESSION, 1))


# The first limit.


def test_a_payment_of_exactly_the_single_value_is_admitted() -> None:
    ready(products={C2B: CEILING}).when(request()).then(PaymentAdmitted(payment(), SESSION, 1))


def test_one_minor_unit_more_than_the_single_value_is_declined() -> None:
    reason = "single value: ceiling 6000, used 0, asked 6001 minor units of TZS"
    breach = Breach("single_value", "INS-995", 60_00, 0, 60_01, "TZS")
    declined = PaymentFailed(payment("p1", tzs(60_01)), "INS-995", reason, "Declined", breaches=(breach,))
    ready(products={C2B: CEILING}).when(request("p1", tzs(60_01))).then(declined)


def test_where_value_limits_are_on_a_currency_without_a_ceiling_may_not_be_used() -> None:
    cedis = Money(1, "GHS")
    breach = Breach("single_value", "INS-995", None, 0, 1, "GHS")
    declined = failed(payment("p1", cedis), "INS-995", "single value: no ceiling in GHS", "Declined")
    ready(products={C2B: CEILING}).when(request("p1", cedis)).then(replace(declined, breaches=(breach,)))


def test_two_value_limits_without_the_currency_are_one_code_all_the_same() -> None:
    scope = ProductScope({"TZS": 60_00}, daily_value={"TZS": 90_00})
    story = ready(products={C2B: scope}).when(request("p1", Money(1, "GHS"))).and_all_is_well()
    (declined,) = story.answer
    assert isinstance(declined, PaymentFailed)
    assert (declined.code, [breach.limit for breach in declined.breaches]) == (
        "INS-995",
        ["single_value", "daily_value"],
    )


def test_a_ceiling_of_zero_lets_nothing_pass() -> None:
    story = ready(products={C2B: ProductScope({"TZS": 0})}).when(request("p1", tzs(1))).and_all_is_well()
    assert [event.code for event in story.answer if isinstance(event, PaymentFailed)] == ["INS-995"]


# The order of refusals: each payment below has every fault from its own down to the last one.

FAULTS = ("session", "product", "hours", "duplicate", "deadline", "limit")
EXPECTED = {
    "session": "INS-989",
    "product": "INS-997",
    "hours": "INS-996",
    "duplicate": "INS-10",
    "deadline": "INS-9",
    "limit": "INS-995",
}


def with_faults(*faults: str) -> tuple[Story, RequestPayment]:
    story = given(configured(), opened())
    if "duplicate" in faults:
        story.after(request("p0", third_party_conversation_id="tp-p1"))
    hours = UsageTime(0, 1) if "hours" in faults else None
    if "limit" in faults:
        story.after(configure(products={C2B: replace(CEILING, usage_time=hours)}))
    if "product" in faults:
        story.after(enabling("b2c_payment"))
    if "deadline" in faults:
        story.at(later(DEADLINE_MS))
    session = SessionHash("00" * 32) if "session" in faults else SESSION
    return story, RequestPayment(payment("p1", tzs(60_01)), session)


@pytest.mark.parametrize("first", FAULTS)
def test_the_first_fault_in_the_contracts_order_is_the_one_that_is_told(first: str) -> None:
    story, command = with_faults(*FAULTS[FAULTS.index(first) :])
    (answer,) = story.when(command).and_all_is_well().answer
    assert isinstance(answer, RequestRejected | PaymentFailed)
    assert answer.code == EXPECTED[first]
    assert isinstance(answer, RequestRejected) == (first in ("session", "product", "hours", "duplicate"))


def test_an_unknown_application_is_an_invalid_session() -> None:
    given(opened()).when(request()).then_rejected("INS-989", "Session is invalid")


def test_a_sandbox_trigger_acts_after_admission_so_that_it_can_be_told_by_callback_too() -> None:
    forced = Forced("INS-6", "Transaction Failed")
    ready().when(RequestPayment(payment(), SESSION, forced=forced)).then(replace(admitted(), forced=forced))


def test_an_asynchronous_payment_is_accepted_by_its_admission_and_nobody_waits_for_its_ending() -> None:
    asked = payment(asynchronous=True, response_url="https://merchant.example/")
    told = replace(admitted(asynchronous=True, response_url=asked.response_url, reply_to=None), reply_to=asking("p1"))
    ready().when(RequestPayment(asked, SESSION)).then(told)


def test_what_admission_refuses_is_answered_at_once_even_of_an_asynchronous_payment() -> None:
    asked = payment(amount=tzs(60_01), asynchronous=True)
    story = ready(products={C2B: CEILING}).when(RequestPayment(asked, SESSION))
    (refused,) = story.answer
    assert isinstance(refused, PaymentFailed) and refused.payment.reply_to == asking("p1")
    assert admission.react(refused) == ()


def test_a_registered_test_handset_is_asked_as_its_script_says() -> None:
    story = ready(test_msisdns={"255744000001": "cancel"})
    expected = replace(admitted("p1", approval="handset", opens_accounts=True), script="cancel", configuration=1)
    story.when(request("p1", opens_accounts=True)).then(expected)


def test_live_has_no_test_handsets() -> None:
    ready(test_msisdns={"255744000001": "cancel"}).when(request("p1")).then(admitted("p1"))


def test_an_api_key_shown_with_the_call_stands_in_for_a_session() -> None:
    command = RequestPayment(payment(), SessionHash("api-key-hash-1"), by_api_key=True)
    ready().when(command).then(PaymentAdmitted(payment(), SessionHash("api-key-hash-1"), 1))
    other = RequestPayment(payment(), SessionHash("api-key-hash-2"), by_api_key=True)
    ready().when(other).then_rejected("INS-989", "Session is invalid")


# Endings, and what nobody can decide.


@pytest.mark.parametrize("ending", [PaymentCompleted(payment()), PaymentFailed(payment(), "INS-2006", "short")])
def test_the_ending_of_a_payment_without_room_needs_nothing_more_here(ending: Event) -> None:
    ready().after(request()).when(ending).then_nothing()


def test_a_payment_that_can_not_be_decided_ends_as_ins_1() -> None:
    assert admission.give_up(request(), "KeyError: 'x'") == (PaymentFailed(payment(), "INS-1", "KeyError: 'x'"),)


def test_a_timer_that_can_not_be_decided_is_left() -> None:
    assert admission.give_up(TimerDue(RecordKey("session/x")), "bug") == ()
