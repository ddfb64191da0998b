"""Endpoints: one that is gone or fails for long is disabled, and what is to go there is kept for a replay."""

from msgspec.structs import replace

from mkondo.domain import deliveries
from mkondo.domain.deliveries import delivery_key
from mkondo.domain.delivery import (
    DELAYS_MS,
    HOUR_MS,
    RETRY_AFTER_MAX_MS,
    CallbackAbandoned,
    CallbackDelivered,
    CallbackDue,
    CallbackQueued,
    CallbackRetryScheduled,
    Delivery,
    Receipt,
    RecordAttempt,
    ReplayCallback,
    ReplayRefused,
)
from mkondo.domain.endpoint import (
    LONG_FAILURE_MS,
    REASON_GONE,
    REASON_LONG,
    EnableEndpoint,
    Endpoint,
    EndpointDisabled,
    EndpointEnabled,
    EndpointUnchanged,
    endpoint_key,
)
from mkondo.domain.ids import Instant, PaymentId
from mkondo.domain.payment import PaymentCompleted
from mkondo.testing.builders import APPLICATION, NOW, asking, later, payment
from mkondo.testing.given import Story, story_of
from tests.unit.domain.test_deliveries import BAD, COMPLETED, GOOD, URL, delivery, given_back, queued, tried

given = story_of(deliveries)
P1 = PaymentId("p1")
GONE = Receipt(False, 410, "answered HTTP 410")
KEY = endpoint_key(APPLICATION, URL)
OTHER = PaymentCompleted(payment("p2", asynchronous=True, response_url=URL, reply_to=None))
ELSEWHERE = "https://merchant.example/elsewhere"
LAST = len(DELAYS_MS) + 1
BEFORE_IT = CallbackAbandoned(P1, APPLICATION, 1, GONE, REASON_GONE)
WHY = f"the endpoint is disabled: {REASON_GONE}"


def disabled() -> Story:
    return queued().after(tried(receipt=GONE))


def of(result: PaymentCompleted, attempt: int = 1, url: str = URL, replay: str = "") -> Delivery:
    return Delivery(result.payment.payment_id, APPLICATION, url, result, attempt, later(60_000), replay)


def test_410_disables_at_once_and_gives_this_delivery_up() -> None:
    queued().when(tried(receipt=GONE)).then(BEFORE_IT, EndpointDisabled(APPLICATION, URL, REASON_GONE))
    assert disabled().records == {KEY: Endpoint(APPLICATION, URL, disabled=REASON_GONE)}


def test_what_is_to_go_to_a_disabled_endpoint_is_a_dead_letter_at_once_and_not_tried() -> None:
    letter = CallbackAbandoned(PaymentId("p2"), APPLICATION, 0, Receipt(False), WHY)
    disabled().when(OTHER).then(CallbackQueued(of(OTHER, attempt=0)), letter)


def test_what_was_on_its_way_there_ends_with_the_attempt_that_is_being_made() -> None:
    told = RecordAttempt(PaymentId("p2"), APPLICATION, 1, BAD, 0, URL)
    story = queued().after(OTHER).after(tried(receipt=GONE)).when(told)
    story.then(CallbackAbandoned(PaymentId("p2"), APPLICATION, 1, BAD, WHY))


def test_what_arrives_there_nevertheless_has_arrived_and_the_endpoint_stays_disabled() -> None:
    told = RecordAttempt(PaymentId("p2"), APPLICATION, 1, GOOD, 0, URL)
    story = queued().after(OTHER).after(tried(receipt=GONE)).when(told)
    story.then(CallbackDelivered(PaymentId("p2"), APPLICATION, 1, GOOD))
    assert KEY in story.records


def test_another_address_of_the_same_origin_is_another_endpoint() -> None:
    elsewhere = PaymentCompleted(replace(OTHER.payment, response_url=ELSEWHERE))
    disabled().when(elsewhere).then(CallbackQueued(of(elsewhere, url=ELSEWHERE)))


def test_whoever_enables_it_is_named_and_results_go_there_again() -> None:
    story = disabled().when(EnableEndpoint(APPLICATION, URL, "asha", asking("q")))
    story.then(EndpointEnabled(APPLICATION, URL, "asha", asking("q")))
    assert story.records == {}
    story.when(OTHER).then(CallbackQueued(of(OTHER)))


def test_one_that_is_not_disabled_can_not_be_enabled_failing_or_not() -> None:
    unchanged = EndpointUnchanged(asking("q"), "UNCHANGED", "this endpoint is not disabled")
    for story in (given(), queued().after(tried(receipt=BAD))):
        story.when(EnableEndpoint(APPLICATION, URL, "asha", asking("q"))).then(unchanged)


def test_it_fails_since_the_first_attempt_that_did_until_one_arrives() -> None:
    story = queued().after(tried(receipt=BAD)).at(later(5_000)).after(tried(2, BAD))
    assert story.records[KEY] == Endpoint(APPLICATION, URL, NOW)
    assert story.after(tried(3)).records == {}


def test_a_delivery_that_is_given_up_disables_it_only_if_nothing_has_arrived_for_three_days() -> None:
    def gives_up(hours: int) -> Story:
        failed = CallbackRetryScheduled(P1, APPLICATION, 1, BAD, NOW, NOW)
        story = given(CallbackQueued(delivery()), failed, CallbackDue(delivery(LAST)))
        return story.at(later(hours * HOUR_MS)).when(tried(LAST, BAD))

    abandoned = CallbackAbandoned(P1, APPLICATION, LAST, BAD, "all 11 attempts failed")
    gives_up(71).then(abandoned)
    gives_up(LONG_FAILURE_MS // HOUR_MS).then(abandoned, EndpointDisabled(APPLICATION, URL, REASON_LONG))


def test_what_was_not_sent_for_a_reason_of_our_own_is_not_held_against_it() -> None:
    unsent = replace(tried(receipt=BAD), unsent=True)
    assert KEY not in queued().after(unsent).records
    failed = CallbackRetryScheduled(P1, APPLICATION, 1, BAD, NOW, NOW)
    story = given(CallbackQueued(delivery()), failed, CallbackDue(delivery(LAST)))
    abandoned = CallbackAbandoned(P1, APPLICATION, LAST, BAD, "all 11 attempts failed")
    story.at(later(LONG_FAILURE_MS)).when(replace(tried(LAST, BAD), unsent=True)).then(abandoned)


def test_a_merchant_who_asks_for_more_time_gets_it_up_to_a_day() -> None:
    for asked, delay in ((1_000, DELAYS_MS[0]), (90_000, 90_000), (10**12, RETRY_AFTER_MAX_MS)):
        busy = Receipt(False, 429, "answered HTTP 429", retry_after_ms=asked)
        queued().when(tried(receipt=busy)).then(CallbackRetryScheduled(P1, APPLICATION, 1, busy, later(delay), NOW))


def replay(to: str = URL) -> ReplayCallback:
    return ReplayCallback(COMPLETED, to, "r1", "asha", asking("q"))


def test_a_replay_is_a_delivery_again_with_who_asked_for_it() -> None:
    story = queued().after(tried()).when(replay(ELSEWHERE))
    story.then(CallbackQueued(of(COMPLETED, url=ELSEWHERE, replay="r1"), asking("q"), "asha"))


def test_what_is_on_its_way_is_not_replayed() -> None:
    queued().when(replay()).then(ReplayRefused(asking("q"), "UNDER_WAY", "it is on its way already"))


def test_a_replay_to_a_disabled_endpoint_is_a_dead_letter_again() -> None:
    story = disabled().when(replay())
    assert [type(event) for event in story.answer] == [CallbackQueued, CallbackAbandoned]
    assert story.records.keys() == {KEY}


def test_what_is_still_told_of_the_first_time_says_nothing_of_the_replay() -> None:
    story = queued().after(tried()).after(replay())
    story.when(tried()).then_nothing()
    story.when(given_back()).then_nothing()
    again = RecordAttempt(P1, APPLICATION, 1, GOOD, 0, URL, "r1")
    story.when(again).then(CallbackDelivered(P1, APPLICATION, 1, GOOD))


def test_events_of_old_did_not_say_when_and_make_no_endpoint() -> None:
    records = {delivery_key("p1"): delivery()}
    changes = deliveries.evolve(records, CallbackRetryScheduled(P1, APPLICATION, 1, BAD, later(5_000)))
    assert changes == {delivery_key("p1"): replace(delivery(2), next_at=Instant(later(5_000)))}
