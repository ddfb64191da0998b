"""Records: every kind comes back as it went; references and outcomes are the journal's own bytes."""

import msgspec
import pytest

from mkondo.contracts import codec
from mkondo.contracts.records import (
    KINDS,
    Parked,
    decode_event,
    decode_record,
    encode_event,
    encode_record,
    kind_of,
)
from mkondo.domain.account import Account
from mkondo.domain.application import STRICT, ApiKey, Application
from mkondo.domain.approval import Approval
from mkondo.domain.decider import Event, Record
from mkondo.domain.delivery import Delivery
from mkondo.domain.endpoint import Endpoint
from mkondo.domain.ids import PaymentId, RecordKey
from mkondo.domain.mandate import Mandate, MandateCount, MandateKey, Terms
from mkondo.domain.organisation import Organisation
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.domain.request import Reference
from mkondo.domain.reversal import Reversals
from mkondo.domain.room import Line, Room, Use
from mkondo.domain.session import Session
from mkondo.testing.builders import (
    APPLICATION,
    C2B,
    CUSTOMER,
    HOUR_MS,
    NOW,
    SESSION,
    admitted,
    configuration,
    hold,
    later,
    payment,
)

EXAMPLES: dict[str, Record] = {
    "application": Application(APPLICATION, 3, configuration(markets=("vodacomTZN",), switches=STRICT)),
    "api-key": ApiKey(APPLICATION),
    "session": Session(APPLICATION, SESSION, NOW, later(HOUR_MS), "api-key-hash-1", 3),
    "session-room": Room({f"{C2B}/TZS": Line({"2026-11-26": Use(40_00, 2, 5_00, 1)}, 40_00, 2)}),
    "customer-room": Room({f"{C2B}/TZS": Line({"2026-11-26": Use(40_00, 2)}, 40_00, 2)}),
    "organisation": Organisation({"vodacomTZN": (C2B,)}),
    "account": Account(CUSTOMER, "TZS", 40_00, 5_00, floor=None),
    "hold": hold(),
    "approval": Approval(admitted(opens_accounts=True), later(5)),
    "mandate": Mandate(
        MandateKey("app-1", "vodacomTZN", "Test123", "255744000001"), "17", "token==", "000000", Terms("20260228", "04")
    ),
    "mandate-count": MandateCount(3),
    "delivery": Delivery(
        PaymentId("p1"), APPLICATION, "https://merchant.example/", PaymentCompleted(payment()), 2, later(5)
    ),
    "endpoint": Endpoint(APPLICATION, "https://merchant.example/", NOW, "the endpoint answered 410 Gone"),
    "reversals": Reversals(PaymentId("p1"), 60_00, 10_00, 5_00),
    "parked": Parked("admission/1", 7, "PaymentAdmitted", 1, b"{}", "KeyError: 'x'", RecordKey("account/x")),
}


def test_every_kind_has_its_example_here() -> None:
    assert {kind: type(record) for kind, record in EXAMPLES.items()} == KINDS


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_record_comes_back_as_it_went(kind: str) -> None:
    assert decode_record(RecordKey(f"{kind}/a/b"), encode_record(EXAMPLES[kind])) == EXAMPLES[kind]


def test_the_kind_is_what_stands_before_the_first_slash() -> None:
    assert kind_of(RecordKey("account/wallet/app-1/255/TZS")) == "account"


def test_an_unknown_kind_or_strange_bytes_are_an_error() -> None:
    with pytest.raises(KeyError):
        decode_record(RecordKey("unknown/x"), b"")
    with pytest.raises(msgspec.DecodeError):
        decode_record(RecordKey("account/x"), b"\xc1")


@pytest.mark.parametrize("event", [PaymentAdmitted(payment(), SESSION, 1), PaymentFailed(payment(), "INS-995", "much")])
def test_a_reference_is_read_from_the_event_that_made_it(event: Event) -> None:
    stored = encode_event(event, codec.encode(event))
    assert decode_record(RecordKey("reference/app-1/tp-p1"), stored) == Reference(payment())


def test_nothing_but_an_admission_makes_a_reference() -> None:
    event = PaymentCompleted(payment())
    with pytest.raises(TypeError, match="not by PaymentCompleted"):
        decode_record(RecordKey("reference/app-1/tp-p1"), encode_event(event, codec.encode(event)))


def test_an_outcome_is_the_ending_event_itself() -> None:
    event = PaymentCompleted(payment())
    assert decode_event(encode_event(event, codec.encode(event))) == event
