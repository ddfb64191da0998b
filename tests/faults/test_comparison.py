"""The comparison itself: every way in which a client's book and a ledger may disagree is noticed."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from mkondo.domain.payment import PaymentCompleted, PaymentFailed
from mkondo.testing.builders import payment
from mkondo.testing.load import NEVER_SENT, Told
from tests.faults.comparison import Ending, Ledger, check

NAME = "9f2c"
PAYMENT = payment(third_party_conversation_id=NAME)
COMPLETED, FAILED = PaymentCompleted(PAYMENT), PaymentFailed(PAYMENT, "INS-9", "too late", "Expired")
PAID = {"status": 201, "code": "INS-0", "transaction_id": PAYMENT.transaction_id}


def told(**more: Any) -> Told:
    return Told(**{"name": NAME, "merchant": 0, "begun_at": 1.0, "connection": 0, "ended_at": 2.0, **more})


def ledger(admitted: int, posted: int, endings: Sequence[Ending] = ()) -> Ledger:
    return Ledger(Counter({NAME: admitted}), Counter({NAME: posted}), {NAME: list(endings)})


@pytest.mark.parametrize(
    ("book", "found"),
    [
        (told(**PAID), ledger(1, 1, [COMPLETED])),
        (told(status=0, finally_is="Completed"), ledger(1, 1, [COMPLETED])),
        (told(status=408, finally_is="Expired"), ledger(1, 0, [FAILED])),
        (told(status=0, finally_is="unknown"), ledger(0, 0)),
        (told(status=NEVER_SENT, finally_is="unknown"), ledger(0, 0)),
        (told(status=422, code="INS-2006"), ledger(0, 0)),
    ],
)
def test_books_that_agree_pass(book: Told, found: Ledger) -> None:
    check([book], found)


@pytest.mark.parametrize(
    ("book", "found", "what"),
    [
        (told(**PAID), ledger(0, 0), "not in the ledger"),
        (told(**PAID), ledger(1, 0, [FAILED]), "not in the ledger"),
        (told(**(PAID | {"transaction_id": "another"})), ledger(1, 1, [COMPLETED]), "not in the ledger"),
        (told(**PAID), ledger(1, 2, [COMPLETED]), "more than once"),
        (told(**PAID), ledger(1, 1, [COMPLETED, FAILED]), "more than once"),
        (told(**PAID), ledger(1, 0, [COMPLETED]), "disagree"),
        (told(status=0, finally_is="unknown"), ledger(1, 0), "never ended"),
        (told(status=422, code="INS-2006"), ledger(1, 1, [COMPLETED]), "refused, and posted"),
        (told(status=409, code="INS-10"), ledger(1, 1, [COMPLETED]), "a duplicate"),
        (told(status=NEVER_SENT, finally_is="Completed"), ledger(1, 1, [COMPLETED]), "nothing was sent"),
        (told(status=408, finally_is="Expired"), ledger(1, 1, [COMPLETED]), "the query disagrees"),
        (told(status=0, finally_is="unknown"), ledger(1, 1, [COMPLETED]), "the query disagrees"),
        (told(status=0, finally_is="Completed"), ledger(0, 0), "the query knows"),
    ],
)
def test_books_that_disagree_do_not(book: Told, found: Ledger, what: str) -> None:
    with pytest.raises(AssertionError, match=what):
        check([book], found)


def test_a_payment_that_nobody_made_is_noticed() -> None:
    with pytest.raises(AssertionError, match="nobody made"):
        check([], ledger(1, 1, [COMPLETED]))
