"""Facts: each event that anybody may read later has its names, no two kinds share one, and all others have none."""

import pytest
from msgspec.structs import replace

from mkondo.domain.account import AccountOpened
from mkondo.domain.decider import Event
from mkondo.domain.facts import mandate_of, names_of, reservation_of, reversal_of, token_of
from mkondo.domain.ids import PaymentId
from mkondo.domain.mandate import Mandate, MandateKey, Terms
from mkondo.domain.mandates import MandateCreated
from mkondo.domain.payment import PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import Ask, RequestAnswered
from mkondo.testing.builders import CUSTOMER, MARKET, NOW, admitted, payment, service_request

KEY = MandateKey("app-1", MARKET, "Gym1", "255744000001")
MANDATE = Mandate(KEY, "17", "token==", "000000", Terms())

FACTS: dict[str, tuple[Event, set[str]]] = {
    "completed": (PaymentCompleted(payment("p1")), {"p1"}),
    "failed": (PaymentFailed(payment("p2"), "INS-6", "no"), {"p2"}),
    "answered": (RequestAnswered(service_request("u1", "update_transaction_status", Ask()), "INS-6"), {"u1"}),
    "reserved": (PaymentReserved(payment("p1"), NOW), {reservation_of("p1")}),
    "mandate": (MandateCreated(MANDATE), {mandate_of("app-1", "17"), token_of("app-1", "token==")}),
    "holder": (AccountOpened(CUSTOMER, "TZS", 0, ("Asha", "Mushi")), {f"holder/{CUSTOMER}"}),
}


@pytest.mark.parametrize("fact", FACTS)
def test_an_event_that_is_asked_for_later_has_its_names(fact: str) -> None:
    event, names = FACTS[fact]
    assert set(names_of(event)) == names


def test_no_name_means_two_things() -> None:
    names = [name for _, found in FACTS.values() for name in found]
    assert len(names) == len(set(names))
    assert reversal_of("p1") not in names


@pytest.mark.parametrize("event", [admitted("p1"), AccountOpened(CUSTOMER, "TZS", 0)])
def test_what_nobody_asks_for_by_name_is_no_fact(event: Event) -> None:
    assert names_of(event) == ()


def test_a_payment_is_found_under_the_conversation_that_it_was_answered_with() -> None:
    ended = PaymentCompleted(replace(payment(), payment_id=PaymentId("AG_20261126_0123456789abcdef0123")))
    assert names_of(ended) == ("AG_20261126_0123456789abcdef0123",)
