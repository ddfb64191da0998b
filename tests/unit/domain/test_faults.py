"""Fault switches: a seed hits the same requests each time, as many as it is told, and what it does to results."""

import pytest
from msgspec.structs import replace

from mkondo.domain import deliveries
from mkondo.domain.decider import TimerDue
from mkondo.domain.deliveries import delivery_key
from mkondo.domain.delivery import (
    CallbackAbandoned,
    CallbackDelivered,
    CallbackDue,
    CallbackQueued,
    CallbackRetryScheduled,
    Delivery,
    QueueCallback,
    Receipt,
    RecordAttempt,
    ReplayCallback,
)
from mkondo.domain.delivery_faults import HELD_BACK_MS, WITHHELD
from mkondo.domain.endpoint import Endpoint, endpoint_key
from mkondo.domain.faults import (
    CALLBACK_LATE,
    CALLBACK_NEVER,
    CALLBACK_OUT_OF_ORDER,
    CALLBACK_TWICE,
    FAULTS,
    NO_FAULTS,
    Faults,
    hits,
)
from mkondo.domain.ids import Instant, PaymentId
from mkondo.domain.payment import PaymentCompleted
from mkondo.domain.request import Ask, RequestAnswered
from mkondo.testing.builders import APPLICATION, NOW, asking, later, payment, service_request
from mkondo.testing.given import Story, story_of

given = story_of(deliveries)

NAMES = [f"{number:032x}" for number in range(4_000)]
EVERY = dict.fromkeys(FAULTS, 1000)
SEVEN = {f: [n for n, name in enumerate(NAMES[:40]) if f in hits(Faults(7, **dict.fromkeys(FAULTS, 100)), name)]
         for f in FAULTS}  # fmt: skip
PINNED: dict[str, list[int]] = {
    "answer_lost": [0, 25],
    "gateway_timeout": [3, 15, 29, 31],
    "callback_late": [1, 23, 29, 31, 36],
    "callback_twice": [1, 14, 16, 20, 37],
    "callback_out_of_order": [5, 7, 10, 12, 13, 19, 20],
    "callback_never": [6, 7, 9, 22, 31],
}
GOOD, BAD = Receipt(True, 200, acknowledged=True), Receipt(False, 500)


def test_a_seed_hits_the_same_requests_in_every_release() -> None:
    """A failure that somebody wrote down with its seed must come again: this list never changes."""
    assert SEVEN == PINNED


def test_none_is_hit_without_faults_and_every_one_by_a_thousand() -> None:
    assert {hits(Faults(seed), name) for seed in range(9) for name in NAMES[:99]} == {()}
    assert {hits(Faults(seed, **EVERY), name) for seed in range(9) for name in NAMES[:99]} == {FAULTS}
    assert Faults() == NO_FAULTS


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("permille", [1, 50, 300, 999])
def test_as_many_are_hit_as_was_asked_for(fault: str, permille: int) -> None:
    """Within five standard deviations, for ids that differ little."""
    found = sum(bool(hits(Faults(3, **{fault: permille}), name)) for name in NAMES)
    share = permille / 1_000
    assert abs(found - len(NAMES) * share) < 5 * (len(NAMES) * share * (1 - share)) ** 0.5


@pytest.mark.parametrize("fault", FAULTS)
def test_another_seed_hits_others_and_faults_do_not_come_together(fault: str) -> None:
    once = {name for name in NAMES if hits(Faults(1, **{fault: 500}), name)}
    other = {name for name in NAMES if hits(Faults(2, **{fault: 500}), name)}
    assert abs(len(once & other) - len(NAMES) / 4) < len(NAMES) / 30
    for another in set(FAULTS) - {fault}:
        beside = {name for name in NAMES if hits(Faults(1, **{another: 500}), name)}
        assert abs(len(once & beside) - len(NAMES) / 4) < len(NAMES) / 30


def test_more_of_a_fault_hits_more_and_the_same_ones_still() -> None:
    few = {name for name in NAMES if hits(Faults(1, callback_late=100), name)}
    assert few < {name for name in NAMES if hits(Faults(1, callback_late=200), name)}


# What they do to results ----------------------------------------------------------------------------------------------


def result(*faults: str) -> PaymentCompleted:
    return PaymentCompleted(payment("p1", asynchronous=True, response_url="https://a.example/", faults=faults))


def queued(*faults: str) -> Story:
    return given().when(result(*faults))


def first(story: Story) -> CallbackQueued:
    event = story.answer[0]
    assert isinstance(event, CallbackQueued)
    return event


def tried(attempt: int, receipt: Receipt) -> RecordAttempt:
    return RecordAttempt(PaymentId("p1"), APPLICATION, attempt, receipt, url="https://a.example/")


@pytest.mark.parametrize("fault", HELD_BACK_MS)
def test_one_that_is_held_back_is_sent_when_its_time_has_come(fault: str) -> None:
    story, until = queued(fault), later(HELD_BACK_MS[fault])
    assert (first(story).held_back, first(story).delivery.next_at, len(story.answer)) == (fault, until, 1)
    story.at(later(-1, until)).when(TimerDue(delivery_key("p1"))).then_nothing()
    story.at(until).when(TimerDue(delivery_key("p1")))
    (due,) = story.answer
    assert isinstance(due, CallbackDue) and due.delivery.attempt == 1


def test_late_is_later_than_out_of_order() -> None:
    assert HELD_BACK_MS == {CALLBACK_LATE: 30_000, CALLBACK_OUT_OF_ORDER: 5_000}
    assert first(queued(CALLBACK_OUT_OF_ORDER, CALLBACK_LATE)).delivery.next_at == later(30_000)


def test_one_that_has_arrived_is_sent_once_more_and_not_twice_more() -> None:
    story = queued(CALLBACK_TWICE)
    assert first(story).held_back == ""
    story.when(tried(1, GOOD)).then(CallbackRetryScheduled(PaymentId("p1"), APPLICATION, 1, GOOD, NOW))
    story.when(TimerDue(delivery_key("p1")))
    (due,) = story.answer
    assert isinstance(due, CallbackDue) and (due.delivery.delivery, due.delivery.attempt) == ("p1", 2)
    story.when(tried(2, GOOD)).then(CallbackDelivered(PaymentId("p1"), APPLICATION, 2, GOOD))
    assert story.records == {}


@pytest.mark.parametrize("receipt", [BAD, Receipt(False, 410), Receipt(False, reason="no answer within 10 s")])
@pytest.mark.parametrize("unsent", [False, True])
def test_a_repeat_that_fails_ends_as_delivered_and_says_nothing_of_its_endpoint(receipt: Receipt, unsent: bool) -> None:
    story = queued(CALLBACK_TWICE).after(tried(1, GOOD))
    story.when(replace(tried(2, receipt), unsent=unsent))
    story.then(CallbackDelivered(PaymentId("p1"), APPLICATION, 2, receipt))
    assert story.records == {}


def test_an_endpoint_works_once_a_result_arrives_there_and_a_repeat_that_fails_does_not_mend_it() -> None:
    key, failing = endpoint_key(APPLICATION, "https://a.example/"), Endpoint(APPLICATION, "https://a.example/", NOW)
    story = queued(CALLBACK_TWICE)
    story.records[key] = failing
    assert key not in story.after(tried(1, GOOD)).records
    story.records[key] = failing
    assert story.after(tried(2, BAD)).records == {key: failing}


def test_one_that_failed_first_has_been_repeated_anyway() -> None:
    story = queued(CALLBACK_TWICE).after(tried(1, BAD)).when(tried(2, GOOD))
    story.then(CallbackDelivered(PaymentId("p1"), APPLICATION, 2, GOOD))


@pytest.mark.parametrize("others", [(), (CALLBACK_LATE, CALLBACK_TWICE, CALLBACK_OUT_OF_ORDER)])
def test_one_that_is_withheld_is_an_abandoned_delivery_that_says_why(others: tuple[str, ...]) -> None:
    story = queued(*others, CALLBACK_NEVER)
    assert first(story).held_back == CALLBACK_NEVER
    abandoned = CallbackAbandoned(PaymentId("p1"), APPLICATION, 0, Receipt(False), WITHHELD)
    assert story.answer[1:] == (abandoned,)
    assert (first(story).delivery.attempt, story.records) == (0, {}), "no attempt is made"


@pytest.mark.parametrize("fault", [CALLBACK_LATE, CALLBACK_TWICE, CALLBACK_NEVER])
def test_what_is_replayed_is_sent_as_it_should_be(fault: str) -> None:
    story = given().when(ReplayCallback(result(fault), "https://a.example/", "r1", "asha"))
    assert (first(story).held_back, first(story).delivery.attempt, len(story.answer)) == ("", 1, 1)
    again = RecordAttempt(PaymentId("p1"), APPLICATION, 1, GOOD, url="https://a.example/", replay="r1")
    story.when(again).then(CallbackDelivered(PaymentId("p1"), APPLICATION, 1, GOOD))


@pytest.mark.parametrize("fault", [CALLBACK_LATE, CALLBACK_NEVER])
def test_a_read_is_answered_all_the_same(fault: str) -> None:
    request = replace(service_request("p1", "query_beneficiary_name", Ask(), response_url="https://a.example/"),
                      faults=(fault,))  # fmt: skip
    story = given().when(QueueCallback(RequestAnswered(request, "INS-0"), asking("p1")))
    assert first(story).reply_to == asking("p1")


def test_without_a_fault_it_is_queued_as_ever() -> None:
    plain = Delivery(PaymentId("p1"), APPLICATION, "https://a.example/", result(), 1, Instant(NOW + 60_000))
    queued().then(CallbackQueued(plain))
