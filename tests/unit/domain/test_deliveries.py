"""Deliveries: queued once, tried until they arrive, on a timetable, and given up in the end."""

import pytest
from msgspec.structs import replace

from mkondo.domain import deliveries
from mkondo.domain.decider import Message, Record, TimerDue
from mkondo.domain.deliveries import delivery_key
from mkondo.domain.delivery import (
    DELAYS_MS,
    GIVEN_BACK_MS,
    HOUR_MS,
    LEASE_MS,
    CallbackAbandoned,
    CallbackDelivered,
    CallbackDue,
    CallbackQueued,
    CallbackRetryScheduled,
    Delivery,
    GiveAttemptBack,
    QueueCallback,
    Receipt,
    RecordAttempt,
    ReplayCallback,
    Result,
)
from mkondo.domain.endpoint import (
    REASON_GONE,
    REASON_LONG,
    EnableEndpoint,
    EndpointDisabled,
    EndpointEnabled,
)
from mkondo.domain.ids import Instant, PaymentId
from mkondo.domain.payment import PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import Ask, RequestAnswered
from mkondo.testing.builders import APPLICATION, NOW, asking, later, payment, service_request
from mkondo.testing.given import Story, story_of

given = story_of(deliveries)

URL = "https://merchant.example/mpesa"
PAID = payment("p1", asynchronous=True, response_url=URL, reply_to=None)
COMPLETED = PaymentCompleted(PAID)
GOOD, BAD = Receipt(True, 200, acknowledged=True), Receipt(False, 500, "answered HTTP 500")


class Due(Record, frozen=True):
    """A record of some other kind."""


def delivery(attempt: int = 1, at: Instant = NOW, result: Result = COMPLETED) -> Delivery:
    return Delivery(PaymentId("p1"), APPLICATION, URL, result, attempt, later(LEASE_MS, at))


def tried(attempt: int = 1, receipt: Receipt = GOOD, jitter: int = 0) -> RecordAttempt:
    return RecordAttempt(PaymentId("p1"), APPLICATION, attempt, receipt, jitter, URL)


def given_back(attempt: int = 1) -> GiveAttemptBack:
    return GiveAttemptBack(PaymentId("p1"), APPLICATION, attempt)


def queued() -> Story:
    return given().after(COMPLETED)


@pytest.mark.parametrize("result", [
    COMPLETED,
    PaymentFailed(PAID, "INS-2006", "short", "Declined"),
    PaymentReserved(PAID, later(1)),
    RequestAnswered(service_request("p1", "direct_debit_cancel", Ask(), response_url=URL), "INS-0"),
])  # fmt: skip
def test_each_kind_of_result_is_queued_with_the_requests_own_address(result: Result) -> None:
    given().when(result).then(CallbackQueued(delivery(result=result)))


def test_everything_about_an_application_is_its_own_partitions() -> None:
    request = service_request("p1", "query_beneficiary_name", Ask(), response_url=URL)
    answered = RequestAnswered(request, "INS-0")
    told = (PaymentId("p1"), APPLICATION, 1, BAD)
    messages: list[Message] = [
        COMPLETED, PaymentFailed(PAID, "INS-1", "", "Failed"), PaymentReserved(PAID, NOW), answered,
        QueueCallback(answered), tried(), given_back(), CallbackQueued(delivery()), CallbackDue(delivery()),
        CallbackDelivered(*told), CallbackAbandoned(*told), CallbackRetryScheduled(*told, NOW),
        ReplayCallback(COMPLETED, URL, "r1", "asha"), EnableEndpoint(APPLICATION, URL, "asha"),
        EndpointDisabled(APPLICATION, URL, REASON_GONE), EndpointEnabled(APPLICATION, URL, "asha"),
    ]  # fmt: skip
    assert {deliveries.key(message) for message in messages} == {APPLICATION}


def test_a_delivery_wants_to_be_looked_at_when_its_next_attempt_is_due_and_nothing_else_does() -> None:
    (record,) = queued().records.values()
    assert deliveries.due(record) == later(LEASE_MS)
    assert deliveries.due(Due()) is None


def test_an_attempt_that_is_given_back_is_made_again_soon_and_still_is_the_same_attempt() -> None:
    story, again = queued().at(later(1_000)), later(1_000 + GIVEN_BACK_MS)
    story.when(given_back()).then(CallbackDue(replace(delivery(), next_at=again)))
    assert [deliveries.due(record) for record in story.records.values()] == [again]
    story.at(again).when(TimerDue(delivery_key("p1"))).then(CallbackDue(delivery(1, again)))


def test_what_was_told_before_it_was_given_back_counts() -> None:
    queued().after(tried()).when(given_back()).then_nothing()
    queued().after(tried(receipt=BAD)).when(given_back()).then_nothing()


def test_a_result_that_comes_again_is_not_queued_again() -> None:
    queued().when(COMPLETED).then_nothing()


def test_a_read_is_answered_when_its_result_is_queued() -> None:
    request = service_request("p1", "query_beneficiary_name", Ask(), response_url=URL)
    answered = RequestAnswered(request, "INS-0")
    story = given().when(QueueCallback(answered, asking("p1")))
    story.then(CallbackQueued(delivery(result=answered), asking("p1")))


def test_what_has_arrived_is_done_with() -> None:
    story = queued().when(tried())
    story.then(CallbackDelivered(PaymentId("p1"), APPLICATION, 1, GOOD))
    assert story.records == {}


def test_what_has_not_is_tried_again_after_its_delay_and_jitter() -> None:
    story = queued().when(tried(receipt=BAD, jitter=200))
    due = later(DELAYS_MS[0] * 12 // 10)
    story.then(CallbackRetryScheduled(PaymentId("p1"), APPLICATION, 1, BAD, due, NOW))
    story.at(later(-1, due)).when(TimerDue(delivery_key("p1"))).then_nothing()
    story.at(due).when(TimerDue(delivery_key("p1"))).then(CallbackDue(delivery(2, due)))


def test_an_attempt_of_which_nothing_is_heard_is_made_again_when_its_lease_is_over() -> None:
    over = later(LEASE_MS)
    queued().at(over).when(TimerDue(delivery_key("p1"))).then(CallbackDue(delivery(1, over)))


def test_a_receipt_that_comes_twice_counts_once() -> None:
    queued().after(tried(receipt=BAD)).when(tried(receipt=BAD)).then_nothing()
    queued().after(tried()).when(tried(receipt=BAD)).then_nothing()


def test_the_whole_timetable_takes_over_72_hours_and_then_it_is_given_up() -> None:
    story, now, last = queued(), NOW, len(DELAYS_MS) + 1
    for attempt in range(1, last):
        story.at(now).when(tried(attempt, BAD))
        (event,) = story.answer
        assert isinstance(event, CallbackRetryScheduled)
        now = event.next_at
        story.at(now).when(TimerDue(delivery_key("p1")))
        assert [type(event) for event in story.answer] == [CallbackDue]
    assert now - NOW >= 72 * HOUR_MS
    story.at(now).when(tried(last, BAD))
    abandoned = CallbackAbandoned(PaymentId("p1"), APPLICATION, last, BAD, "all 11 attempts failed")
    story.then(abandoned, EndpointDisabled(APPLICATION, URL, REASON_LONG))
    assert delivery_key("p1") not in story.records
