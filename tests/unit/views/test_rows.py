"""What each view says of a payment, an entry, an account."""

from typing import Any

import msgspec
import pytest

from mkondo.contracts.events import BY_STRUCT
from mkondo.contracts.views import decode_row, encode_row
from mkondo.domain.account import (
    AccountOpened,
    CreditApplied,
    CreditSuspended,
    HoldCaptured,
    HoldExpired,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
    suspense,
    transfer,
)
from mkondo.domain.approval import ApprovalAsked, ApprovalGranted, ApprovalRefused
from mkondo.domain.decider import Event
from mkondo.domain.ids import Instant
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.domain.views import VIEWS
from mkondo.domain.views.balances import BalanceRow
from mkondo.domain.views.entries import EntryRow
from mkondo.domain.views.payments import PaymentRow
from mkondo.domain.views.statements import StatementLine, line_key
from mkondo.testing.builders import CUSTOMER, NOW, SHOP, admitted, hold, later, payment

ADMISSION, LEDGER = "admission/6", "ledger/2"
PAID = JournalEntryPosted("p1", "p1", "TZS", transfer(CUSTOMER, SHOP, 60_00), 40_00, "Shoes", "vodacomTZN")


class At(msgspec.Struct, frozen=True):
    """Where and when an event was recorded."""

    source: str = LEDGER
    sequence: int = 1
    time: Instant = NOW


def told(view: str, *events: Event | tuple[Event, At]) -> dict[str, Any]:
    """The rows of a view after these events; without a place, they are the ledger's, one a second."""
    rows: dict[str, Any] = {}
    for number, told in enumerate(events, 1):
        event, at = told if isinstance(told, tuple) else (told, At(LEDGER, number, later(number * 1000)))
        change = VIEWS[view].changes.get(type(event))
        if change is not None:
            for key in change.keys(event, at):
                made = change.evolve(rows.get(key), event, at)
                rows |= {} if made is None else {key: made}
    return rows


def test_a_payment_is_in_progress_from_admission_until_its_end() -> None:
    admission = (admitted(), At(ADMISSION, 7, NOW))
    row = told("payments", admission)["p1"]
    assert (row.status, row.code, row.admitted_at, row.ended_at) == ("In Progress", "", NOW, 0)
    assert not VIEWS["payments"].final(row)
    row = told("payments", admission, (PaymentCompleted(payment()), At(LEDGER, 3, later(5))))["p1"]
    assert (row.status, row.code, row.admitted_at, row.ended_at) == ("Completed", "INS-0", NOW, later(5))
    assert VIEWS["payments"].final(row)


def test_a_payment_has_every_reference_and_the_amount() -> None:
    assert told("payments", (admitted(), At(ADMISSION)))["p1"] == PaymentRow(
        payment_id="p1",
        transaction_id="T-p1",
        third_party_conversation_id="tp-p1",
        transaction_reference="T12344C",
        application="app-1",
        organisation="000000",
        operation="c2b_single_stage",
        market="vodacomTZN",
        minor=60_00,
        currency="TZS",
        debited=CUSTOMER,
        credited=SHOP,
        customer="255744000001",
        description="Shoes",
        asked_at=NOW,
        admitted_at=NOW,
    )


def test_a_payment_whose_end_is_read_before_its_admission_has_the_same_row() -> None:
    one = (admitted(approval="handset"), At(ADMISSION, 7, NOW))
    asked = (ApprovalAsked(admitted(approval="handset")), At(LEDGER, 3, later(1)))
    granted = (ApprovalGranted(payment().payment_id, CUSTOMER), At(LEDGER, 4, later(2)))
    ended = (PaymentCompleted(payment()), At(LEDGER, 5, later(3)))
    rows = [
        told("payments", *order)["p1"]
        for order in ((one, asked, granted, ended), (asked, one, granted, ended), (asked, granted, ended, one))
    ]
    assert rows[0] == rows[1] == rows[2]
    assert rows[0].approval == "granted"


def test_a_payment_that_admission_refuses_is_final_at_once() -> None:
    failed = PaymentFailed(payment(), "INS-995", "too much", "Declined")
    row = told("payments", (failed, At(ADMISSION, 7, NOW)))["p1"]
    assert (row.status, row.code, row.reason, row.ended_by) == ("Declined", "INS-995", "too much", ADMISSION)
    assert VIEWS["payments"].final(row)
    assert not VIEWS["payments"].final(told("payments", failed)["p1"]), "the ledger's came after an admission"


def test_a_payment_says_what_its_customer_answered() -> None:
    asked = ApprovalAsked(admitted(approval="handset"))
    assert told("payments", asked)["p1"].approval == "asked"
    refused = ApprovalRefused(payment().payment_id, CUSTOMER, "INS-6", "no")
    assert told("payments", asked, refused)["p1"].approval == "refused"


def test_an_answer_without_its_question_is_kept_until_the_payment_is_told() -> None:
    """It can't happen in an honest journal; an audit must get past it all the same."""
    granted = ApprovalGranted(payment().payment_id, CUSTOMER)
    row = told("payments", granted, PaymentCompleted(payment()))["p1"]
    assert (row.approval, row.status, row.transaction_id) == ("granted", "Completed", "T-p1")


def test_an_entry_has_its_postings_and_its_place() -> None:
    assert told("entries", (PAID, At(LEDGER, 9, NOW))) == {
        "p1": EntryRow("p1", "TZS", PAID.postings, NOW, LEDGER, 9, "p1", "Shoes", "vodacomTZN")
    }


def test_the_debited_accounts_line_is_negative_and_names_the_other_side() -> None:
    assert told("statements", (PAID, At(LEDGER, 9, NOW))) == {
        line_key(CUSTOMER, 9): StatementLine(CUSTOMER, 9, NOW, -60_00, "TZS", 40_00, "p1", "p1", SHOP, "Shoes")
    }


def test_the_credited_accounts_line_comes_with_the_credit_not_with_the_entry() -> None:
    applied = CreditApplied(SHOP, "p1", "p1", 60_00, "TZS", 60_00)
    assert told("statements", (applied, At("ledger/5", 4, NOW))) == {
        line_key(SHOP, 4): StatementLine(SHOP, 4, NOW, 60_00, "TZS", 60_00, "p1", "p1")
    }


def test_a_suspended_credit_stands_in_the_suspense_accounts_statement_and_balance() -> None:
    shelter = suspense("TZS", SHOP)
    suspended = CreditSuspended(SHOP, shelter, "p1", "p1", 60_00, "TZS", 75_00, "no such account")
    (line,) = told("statements", suspended).values()
    assert (line.account, line.minor, line.balance, line.counterparty) == (shelter, 60_00, 75_00, SHOP)
    assert told("balances", suspended).keys() == {shelter}


def test_lines_of_an_account_sort_by_sequence() -> None:
    assert sorted([line_key(SHOP, 10), line_key(SHOP, 9), line_key(SHOP, 100)]) == [
        line_key(SHOP, number) for number in (9, 10, 100)
    ]


def test_a_balance_follows_postings_and_holds() -> None:
    opened = AccountOpened(CUSTOMER, "TZS", 0)
    filled = CreditApplied(CUSTOMER, "opening", "", 100_00, "TZS", 100_00)
    placed = HoldPlaced(hold("h1", 30_00))
    assert told("balances", opened, filled, placed)[CUSTOMER] == BalanceRow(
        CUSTOMER, "TZS", 100_00, 30_00, 0, 3, later(3000)
    )
    captured = HoldCaptured("h1", CUSTOMER, 30_00, 20_00)
    after = told("balances", opened, filled, placed, captured, PAID)[CUSTOMER]
    assert (after.posted, after.held, after.sequence) == (40_00, 0, 5)


@pytest.mark.parametrize("ended", [HoldReleased("h1", CUSTOMER, 30_00), HoldExpired("h1", CUSTOMER, 30_00)])
def test_a_hold_that_ends_is_no_longer_held(ended: Event) -> None:
    assert told("balances", HoldPlaced(hold("h1", 30_00)), ended)[CUSTOMER].held == 0


def test_an_account_without_an_opening_has_no_floor() -> None:
    assert told("balances", PAID)[CUSTOMER].floor is None


def test_every_row_comes_back_from_its_bytes() -> None:
    events = (PAID, CreditApplied(SHOP, "p1", "p1", 1, "TZS", 1), PaymentCompleted(payment()))
    for view in VIEWS:
        for row in told(view, *events).values():
            assert decode_row(view, encode_row(row)) == row


def test_views_follow_events_of_the_table_only_and_never_a_command() -> None:
    for view in VIEWS.values():
        for followed in view.changes:
            assert BY_STRUCT[followed].topic is not None
    assert PaymentAdmitted in VIEWS["payments"].changes
