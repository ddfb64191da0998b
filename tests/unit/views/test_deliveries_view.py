"""The view `deliveries` tells every attempt at a result, and what is to come."""

from msgspec.structs import replace

from mkondo.domain.decider import Event
from mkondo.domain.delivery import (
    CallbackAbandoned,
    CallbackDelivered,
    CallbackDue,
    CallbackQueued,
    CallbackRetryScheduled,
    Delivery,
    Receipt,
)
from mkondo.domain.ids import Instant, PaymentId
from mkondo.domain.payment import PaymentCompleted
from mkondo.domain.views.deliveries import (
    ABANDONED,
    ATTEMPTS_KEPT,
    DELIVERED,
    DELIVERIES,
    QUEUED,
    RETRYING,
    Attempt,
    DeliveryRow,
)
from mkondo.testing.builders import APPLICATION, later, payment
from tests.unit.views.test_rows import told

URL = "https://merchant.example/mpesa"
P1 = PaymentId("p1")
GOOD = Receipt(True, 200, "", "thanks", 12, acknowledged=True)
BAD = Receipt(False, 500, "answered HTTP 500", "a trace", 7)
RESULT = PaymentCompleted(payment("p1", asynchronous=True, response_url=URL, reply_to=None))


def delivery(attempt: int = 1) -> Delivery:
    return Delivery(P1, APPLICATION, URL, RESULT, attempt, later(60_000))


def row(*events: Event) -> DeliveryRow:
    (found,) = told("deliveries", CallbackQueued(delivery()), *events).values()
    assert isinstance(found, DeliveryRow)
    return found


def test_a_result_is_queued_under_its_application_with_its_request() -> None:
    rows = told("deliveries", CallbackQueued(delivery()))
    assert rows == {
        f"{APPLICATION}/p1": DeliveryRow(
            "p1", APPLICATION, RESULT.payment.operation, RESULT.payment.third_party_conversation_id, URL, QUEUED,
            later(1_000), result=1,
        )
    }  # fmt: skip


def test_an_attempt_that_failed_is_told_with_its_reason_and_when_the_next_one_is() -> None:
    found = row(CallbackRetryScheduled(P1, APPLICATION, 1, BAD, later(5_000)))
    assert (found.state, found.next_at) == (RETRYING, later(5_000))
    assert found.attempts == (Attempt(later(2_000), 500, 7, "answered HTTP 500", "a trace"),)


def test_what_has_arrived_names_every_attempt_in_order_and_nothing_is_to_come() -> None:
    failed = CallbackRetryScheduled(P1, APPLICATION, 1, BAD, later(5_000))
    again = CallbackDue(delivery(2))
    assert row(failed, again).next_at == Instant(0)
    found = row(failed, again, CallbackDelivered(P1, APPLICATION, 2, GOOD))
    assert (found.state, found.next_at, found.url) == (DELIVERED, 0, URL)
    assert [(attempt.status, attempt.acknowledged) for attempt in found.attempts] == [(500, False), (200, True)]


def test_what_was_given_up_says_so_with_its_last_reason() -> None:
    found = row(CallbackAbandoned(P1, APPLICATION, 1, BAD))
    assert (found.state, found.next_at, found.attempts[-1].reason) == (ABANDONED, 0, "answered HTTP 500")


def test_no_row_is_ever_final_since_a_result_may_be_replayed_whatever_became_of_it() -> None:
    for ended in (CallbackDelivered(P1, APPLICATION, 1, GOOD), CallbackAbandoned(P1, APPLICATION, 1, BAD, "why")):
        assert not DELIVERIES.final(row(ended))
        again = row(ended, CallbackQueued(replace(delivery(), url="https://new.example/", replay="r1"), by="asha"))
        assert (again.state, again.url, again.replayed_by, again.result) == (QUEUED, "https://new.example/", "asha", 1)
        assert (again.queued_at, len(again.attempts), again.reason) == (later(1_000), 1, "")


def test_of_many_attempts_the_newest_are_kept_and_the_others_counted() -> None:
    failed = [CallbackAbandoned(P1, APPLICATION, 1, replace(BAD, milliseconds=number)) for number in range(60)]
    for number in (ATTEMPTS_KEPT, 60):
        found = row(*failed[:number])
        assert (len(found.attempts), found.older_attempts) == (ATTEMPTS_KEPT, number - ATTEMPTS_KEPT)
        assert [attempt.milliseconds for attempt in found.attempts] == list(range(number - ATTEMPTS_KEPT, number))
    never = CallbackAbandoned(P1, APPLICATION, 0, Receipt(False), "the endpoint is disabled: gone")
    assert row(*failed, never).older_attempts == 60 - ATTEMPTS_KEPT


def test_what_was_never_tried_says_why_and_has_no_attempt() -> None:
    found = row(CallbackAbandoned(P1, APPLICATION, 0, Receipt(False), "the endpoint is disabled: gone"))
    assert (found.state, found.attempts, found.reason) == (ABANDONED, (), "the endpoint is disabled: gone")
