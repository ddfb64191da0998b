"""What a customer does on a handset, told to the ledger: how the payment ends and what a query calls it."""

import pytest

from mkondo.domain import ledger
from mkondo.domain.handset import (
    ANSWERS,
    APPROVE,
    CANCEL,
    OFF,
    SANDBOX_PIN,
    SCRIPTS,
    WRONG_PIN,
    command,
    entered,
)
from mkondo.domain.payment import PaymentCompleted, PaymentFailed
from mkondo.openapi.codes import status_of
from mkondo.testing.builders import C2B, CUSTOMER, admitted, open_with, paid, payment, tzs
from mkondo.testing.given import story_of

ASKED = admitted("p1", tzs(60_00), approval="handset")


def ended(action: str) -> PaymentCompleted | PaymentFailed:
    answer = ANSWERS[action]
    assert answer is not None
    story = story_of(ledger)().after(open_with(CUSTOMER, 100_00), ASKED)
    last = story.when(command(payment("p1").payment_id, CUSTOMER, answer)).and_all_is_well().answer[-1]
    assert isinstance(last, PaymentCompleted | PaymentFailed)
    return last


def test_approving_completes_the_payment() -> None:
    assert ended(APPROVE) == paid(payment("p1"))


@pytest.mark.parametrize(
    ("action", "code", "status", "http_status"),
    [(WRONG_PIN, "INS-6", "Declined", 401), (CANCEL, "INS-6", "Cancelled", 401), (OFF, "INS-9", "Expired", 408)],
)
def test_everything_else_ends_it_with_the_contracts_code(action: str, code: str, status: str, http_status: int) -> None:
    failed = ended(action)
    assert isinstance(failed, PaymentFailed) and (failed.code, failed.status) == (code, status)
    assert status_of(code, C2B) == http_status


def test_only_the_sandbox_pin_approves() -> None:
    assert entered(SANDBOX_PIN) == APPROVE
    for pin in ("", "0000", "12345", " 1234", "1234 ", "١٢٣٤"):
        assert entered(pin) == WRONG_PIN


def test_only_approving_is_yes() -> None:
    assert [action for action, answer in ANSWERS.items() if answer and answer.code == "INS-0"] == [APPROVE]


def test_a_test_msisdn_can_be_told_each_behaviour() -> None:
    assert SCRIPTS == ("ask", "approve", "wrong_pin", "cancel", "off", "ignore")
