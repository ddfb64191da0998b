"""Verify finds and names spoiled records, references, outcomes and rows of views."""

from msgspec.structs import replace

from mkondo.contracts.journal import StoredOutcome, StoredRecord, parse_partition
from mkondo.contracts.records import encode_record
from mkondo.domain.account import (
    Account,
)
from mkondo.domain.ids import AccountId, Instant, RecordKey
from mkondo.domain.ledger.keys import account_key, hold_key
from mkondo.domain.payment import PaymentCompleted, PaymentFailed
from mkondo.testing.builders import APPLICATION, CUSTOMER, SHOP
from tests.unit.audit.spoil import Spoiled, Spoiling, Spoilings, assert_found, event_of

spoilings = Spoilings()
CUSTOMERS = account_key(CUSTOMER)


@spoilings.finds("posted is")
def a_balance(spoiled: Spoiled) -> str:
    return spoiled.record(CUSTOMERS, lambda record: replace(record, posted=record.posted + 1))


@spoilings.finds("differs from what the events say")
def a_floor(spoiled: Spoiled) -> str:
    return spoiled.record(CUSTOMERS, lambda record: replace(record, floor=None))


@spoilings.finds("held is")
def what_is_held(spoiled: Spoiled) -> str:
    return spoiled.record(CUSTOMERS, lambda record: replace(record, held=record.held + 1))


@spoilings.finds("missing, though the events have made it")
def a_deleted_account(spoiled: Spoiled) -> str:
    return spoiled.record(CUSTOMERS, None)


@spoilings.finds("missing, though the events have made it")
def a_deleted_hold(spoiled: Spoiled) -> str:
    return spoiled.record(hold_key("open", CUSTOMER), None)


@spoilings.finds("no event has made it")
def a_made_up_account(spoiled: Spoiled) -> str:
    rich = Account(AccountId("wallet/app-1/1/TZS"), "TZS", 1_000_000)
    partition = parse_partition("ledger/0")
    spoiled.store._records[partition][account_key(rich.account)] = StoredRecord(encode_record(rich))
    return f"record {account_key(rich.account)} of {partition}"


@spoilings.finds("can't be read")
def a_record_that_is_none(spoiled: Spoiled) -> str:
    partition = parse_partition("ledger/0")
    spoiled.store._records[partition][RecordKey("account/x")] = StoredRecord(b"\xff")
    return f"record account/x of {partition}"


@spoilings.finds("its timer is set to")
def a_timer(spoiled: Spoiled) -> str:
    key = hold_key("open", CUSTOMER)
    for partition, records in spoiled.store._records.items():
        if key in records:
            records[key] = StoredRecord(records[key].data, Instant(1))
            return f"record {key} of {partition}"
    raise LookupError(key)


@spoilings.finds("differs from what the events say")
def a_configuration(spoiled: Spoiled) -> str:
    key = RecordKey(f"application/{APPLICATION}")
    return spoiled.record(key, lambda record: replace(record, configuration=replace(record.configuration, products={})))


@spoilings.finds("missing, though an event has made it")
def a_deleted_outcome(spoiled: Spoiled) -> str:
    name = next(iter(spoiled.store._outcomes))
    del spoiled.store._outcomes[name]
    return f"fact {name}"


@spoilings.finds("differs from what the events say")
def another_outcome(spoiled: Spoiled) -> str:
    outcomes = spoiled.store._outcomes
    name, other = list(outcomes)[:2]
    outcomes[name] = StoredOutcome(name, outcomes[other].data)
    return f"fact {name}"


@spoilings.finds("no event has made it")
def an_outcome_of_nothing(spoiled: Spoiled) -> str:
    spoiled.store._outcomes["ghost"] = StoredOutcome("ghost", b"")
    return "fact ghost"


@spoilings.finds("2 expected, 1 found")
def a_payment_that_ends_twice(spoiled: Spoiled) -> str:
    row = spoiled.first(PaymentCompleted)
    completed = event_of(row)
    spoiled.insert(row, PaymentFailed(completed.payment, "INS-6", "no"))
    return f"fact {completed.payment.payment_id}"


@spoilings.finds("missing, though admission has decided it")
def a_deleted_reference(spoiled: Spoiled) -> str:
    key, reference = next(iter(spoiled.store._references.items()))
    del spoiled.store._references[key]
    return f"reference of payment {reference.payment_id}"


@spoilings.finds("differs from what the events say")
def a_reference_under_another_name(spoiled: Spoiled) -> str:
    key, reference = next(iter(spoiled.store._references.items()))
    spoiled.store._references[key] = replace(reference, transaction_id="TX")
    return f"reference of payment {reference.payment_id}"


@spoilings.finds("differs from what the events say")
def a_row_of_a_view(spoiled: Spoiled) -> str:
    rows = spoiled.views._rows["balances"]
    rows[SHOP] = rows[SHOP].replace(b'"posted":', b'"posted":1')
    return f"balances row {SHOP}"


@spoilings.finds("rebuild the views")
def a_missing_line_of_a_statement(spoiled: Spoiled) -> str:
    key = next(iter(spoiled.views._rows["statements"]))
    del spoiled.views._rows["statements"][key]
    return f"statements row {key}"


@spoilings.finds("no event has made it")
def a_payment_that_only_the_view_knows(spoiled: Spoiled) -> str:
    spoiled.views._rows["payments"]["ghost"] = b"{}"
    return "payments row ghost"


@spoilings.finds("the journal ends at")
def a_view_ahead_of_its_journal(spoiled: Spoiled) -> str:
    spoiled.views._positions["ledger/0"] = 10_000
    return "views of ledger/0"


@spoilings.every()
async def test_verify_finds_and_names(what: str, spoiling: Spoiling) -> None:
    await assert_found(what, spoiling)
