"""Verify finds and names money that moved wrongly, even where somebody has sealed the journal anew."""

from msgspec.structs import replace

from mkondo.contracts.journal import parse_partition
from mkondo.domain.account import (
    CreditApplied,
    CreditSuspended,
    HoldPlaced,
    JournalEntryPosted,
)
from mkondo.domain.approval import ApprovalAsked
from mkondo.domain.ledger.keys import account_key
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.testing.builders import CUSTOMER
from tests.unit.audit.history import CEILING
from tests.unit.audit.spoil import Spoiled, Spoiling, Spoilings, assert_found, event_of, sources

spoilings = Spoilings()
CUSTOMERS = account_key(CUSTOMER)


@spoilings.finds("its postings sum to")
def an_entry_without_its_other_half(spoiled: Spoiled) -> str:
    row = spoiled.first(JournalEntryPosted, lambda event: bool(event.payment_id))
    entry = event_of(row)
    return spoiled.rewrite(row, replace(entry, postings=(replace(entry.debit, minor=1), entry.credit)))


@spoilings.finds("has postings that sum to")
def an_entry_that_makes_money(spoiled: Spoiled) -> str:
    row = spoiled.first(JournalEntryPosted, lambda event: bool(event.payment_id))
    entry = event_of(row)
    return spoiled.rewrite(row, replace(entry, postings=(entry.debit, replace(entry.credit, minor=10_000_00))))


@spoilings.finds("has postings that sum to")
def an_entry_whose_postings_have_no_side(spoiled: Spoiled) -> str:
    row = spoiled.first(JournalEntryPosted)
    entry = event_of(row)
    return spoiled.rewrite(row, replace(entry, postings=(entry.debit, replace(entry.credit, side="neither"))))


@spoilings.finds("its accounts are not")
def the_currency_of_an_entry(spoiled: Spoiled) -> str:
    row = spoiled.first(JournalEntryPosted)
    return spoiled.rewrite(row, replace(event_of(row), currency="USD"))


@spoilings.finds("then holds")
def a_claimed_balance(spoiled: Spoiled) -> str:
    row = spoiled.first(CreditApplied)
    event = event_of(row)
    return spoiled.rewrite(row, replace(event, balance=event.balance + 1))


@spoilings.finds("passes its floor")
def a_hold_of_more_than_there_is(spoiled: Spoiled) -> str:
    row = spoiled.first(HoldPlaced)
    event = event_of(row)
    return spoiled.rewrite(row, replace(event, hold=replace(event.hold, minor=10**9)))


@spoilings.finds("is completed without an entry in its batch")
def a_payment_completed_for_nothing(spoiled: Spoiled) -> str:
    row = spoiled.first(PaymentFailed, lambda event: event.code == "INS-2051")
    failed = event_of(row)
    spoiled.change(row, type="PaymentCompleted")
    rows = spoiled.rows(row.source)
    return spoiled.rewrite(rows[row.sequence - 1], PaymentCompleted(failed.payment))


@spoilings.finds("was posted in this batch and not completed in it")
def an_entry_without_a_payment(spoiled: Spoiled) -> str:
    row = spoiled.first(PaymentCompleted)
    completed = event_of(row)
    spoiled.change(row, type="PaymentFailed")
    spoiled.rewrite(spoiled.rows(row.source)[row.sequence - 1], PaymentFailed(completed.payment, "INS-6", "no"))
    return spoiled.batch_of(row.source, row.sequence).rpartition(" to ")[2].join((f"{row.source} sequence ", ""))


@spoilings.finds("has a second entry")
def the_same_entry_twice(spoiled: Spoiled) -> str:
    row = spoiled.first(JournalEntryPosted, lambda event: bool(event.payment_id))
    spoiled.insert(row, event_of(row))
    return f"{row.source} sequence {row.sequence + 1}"


@spoilings.finds("is not what was asked for")
def an_entry_of_another_amount(spoiled: Spoiled) -> str:
    row = spoiled.first(PaymentCompleted)
    completed = event_of(row)
    amount = replace(completed.payment.amount, minor=1)
    return spoiled.rewrite(row, replace(completed, payment=replace(completed.payment, amount=amount)))


@spoilings.finds("was posted after its deadline")
def a_posting_after_its_deadline(spoiled: Spoiled) -> str:
    row = spoiled.first(PaymentCompleted)
    completed = event_of(row)
    return spoiled.rewrite(row, replace(completed, payment=replace(completed.payment, deadline=row.time)))


@spoilings.finds("passes its limit")
def a_payment_above_its_ceiling(spoiled: Spoiled) -> str:
    row = spoiled.first(PaymentAdmitted)
    admitted = event_of(row)
    amount = replace(admitted.payment.amount, minor=CEILING + 1)
    return spoiled.rewrite(row, replace(admitted, payment=replace(admitted.payment, amount=amount)))


@spoilings.finds("was not in force")
def a_configuration_that_never_was(spoiled: Spoiled) -> str:
    row = spoiled.first(PaymentAdmitted)
    return spoiled.rewrite(row, replace(event_of(row), configuration=9))


@spoilings.finds("posted and taken, but never applied")
def a_credit_that_was_taken_and_lost(spoiled: Spoiled) -> str:
    row = next(
        row
        for source in sources(spoiled, "ledger")
        for row in reversed(spoiled.rows(source))
        if row.type == "JournalEntryPosted" and row.routes
    )
    route = row.routes[0]
    state = spoiled.store._states[parse_partition(route.destination)]
    spoiled.state(route.destination, positions=state.positions | {row.source: row.sequence})
    return f"credit of entry {event_of(row).entry}"


@spoilings.finds("1 expected, 2 found")
def a_credit_applied_twice(spoiled: Spoiled) -> str:
    row = spoiled.first(CreditApplied, lambda event: bool(event.payment_id))
    spoiled.insert(row, event_of(row))
    return f"credit of entry {event_of(row).entry}"


@spoilings.finds("differs from what the events say")
def a_credit_of_another_amount(spoiled: Spoiled) -> str:
    row = spoiled.first(CreditApplied, lambda event: bool(event.payment_id))
    event = event_of(row)
    spoiled.rewrite(row, replace(event, minor=event.minor + 1))
    return f"credit of entry {event.entry}"


@spoilings.finds("applied, though no such entry was posted")
def a_credit_from_nowhere(spoiled: Spoiled) -> str:
    row = spoiled.first(CreditSuspended)
    spoiled.rewrite(row, replace(event_of(row), entry="nothing"))
    return "credit of entry nothing"


@spoilings.finds("admitted and taken, but never ended")
def a_payment_that_nobody_ended(spoiled: Spoiled) -> str:
    source = sources(spoiled, "admission")[0]
    row = next(row for row in reversed(spoiled.rows(source)) if row.routes)
    destination = row.routes[0].destination
    state = spoiled.store._states[parse_partition(destination)]
    assert state.positions[source] < row.sequence, "the last payment is still under way"
    spoiled.state(destination, positions=state.positions | {source: row.sequence})
    return f"request {event_of(row).payment.payment_id}"


@spoilings.finds("ended, though it was not admitted")
def a_payment_that_nobody_admitted(spoiled: Spoiled) -> str:
    row = spoiled.first(ApprovalAsked)
    completed = spoiled.first(PaymentCompleted)
    payment = replace(event_of(completed).payment, payment_id="ghost")
    spoiled.insert(row, PaymentFailed(payment, "INS-6", "no"))
    return "request ghost"


@spoilings.every()
async def test_verify_finds_and_names(what: str, spoiling: Spoiling) -> None:
    await assert_found(what, spoiling)
