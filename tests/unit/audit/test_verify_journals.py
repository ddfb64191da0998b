"""Verify finds and names whatever is spoiled in a journal: bytes, numbers, channels, seals, and the partition's row."""

from msgspec.structs import replace

from mkondo.domain.account import (
    CreditApplied,
    JournalEntryPosted,
)
from mkondo.domain.ids import AccountId, Instant
from mkondo.domain.ledger.keys import account_key
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted
from mkondo.testing.builders import CUSTOMER
from tests.unit.audit.spoil import Spoiled, Spoiling, Spoilings, assert_found, event_of, sources

spoilings = Spoilings()
CUSTOMERS = account_key(CUSTOMER)


@spoilings.finds("the hash chain breaks in this batch")
def one_byte_of_an_event(spoiled: Spoiled) -> str:
    row = spoiled.first(PaymentAdmitted)
    spoiled.change(row, data=row.data.replace(b"Shoes", b"shoes"))
    return spoiled.batch_of(row.source, row.sequence)


@spoilings.finds("the hash chain breaks in this batch")
def a_time(spoiled: Spoiled) -> str:
    row = spoiled.first(PaymentCompleted)
    spoiled.change(row, time=Instant(row.time + 1))
    return spoiled.batch_of(row.source, row.sequence)


@spoilings.finds("the hash chain breaks in this batch")
def a_seal(spoiled: Spoiled) -> str:
    source = sources(spoiled, "ledger")[0]
    row = next(row for row in spoiled.rows(source) if row.seal is not None)
    spoiled.change(row, seal=b"\0" * 32)
    return spoiled.batch_of(row.source, row.sequence)


@spoilings.finds("no seal after the rows from")
def the_last_seal(spoiled: Spoiled) -> str:
    row = spoiled.rows(sources(spoiled, "ledger")[0])[-1]
    return spoiled.change(row, seal=None)


@spoilings.finds("missing")
def a_dropped_row(spoiled: Spoiled) -> str:
    row = spoiled.first(PaymentCompleted)
    spoiled.rows(row.source).remove(row)
    return f"{row.source} sequence {row.sequence}"


@spoilings.finds("the partition row's last sequence")
def a_dropped_tail(spoiled: Spoiled) -> str:
    source = sources(spoiled, "ledger")[0]
    rows = spoiled.rows(source)
    del rows[-1]
    return source


@spoilings.finds("the head of the hash chain is not the journal's last seal")
def the_head(spoiled: Spoiled) -> str:
    source = sources(spoiled, "ledger")[0]
    spoiled.state(source, head=b"\0" * 32)
    return source


@spoilings.finds("previous is")
def a_channel(spoiled: Spoiled) -> str:
    source = sources(spoiled, "admission")[0]
    row = [row for row in spoiled.rows(source) if row.routes][3]
    where = spoiled.change(row, routes=(replace(row.routes[0], previous=row.sequence),))
    spoiled.reseal(source)
    return where


@spoilings.finds("has taken")
def a_position_ahead(spoiled: Spoiled) -> str:
    source = sources(spoiled, "ledger")[0]
    spoiled.state(source, positions={sources(spoiled, "admission")[0]: 10_000})
    return source


@spoilings.finds("can't be replayed")
def bytes_that_are_no_event(spoiled: Spoiled) -> str:
    return spoiled.change(spoiled.first(JournalEntryPosted), data=b"\xff")


@spoilings.finds("can't be replayed")
def a_type_that_nobody_knows(spoiled: Spoiled) -> str:
    return spoiled.change(spoiled.first(JournalEntryPosted), type="Invented")


@spoilings.finds("its key is")
def a_key(spoiled: Spoiled) -> str:
    return spoiled.change(spoiled.first(JournalEntryPosted), key="wallet/of/somebody/else/TZS")


@spoilings.finds("belongs to partition")
def an_event_of_another_partition(spoiled: Spoiled) -> str:
    other = AccountId("wallet/elsewhere/1/TZS")
    row = spoiled.first(CreditApplied)
    return spoiled.change(row, key=other, data=row.data.replace(event_of(row).account.encode(), other.encode()))


@spoilings.every()
async def test_verify_finds_and_names(what: str, spoiling: Spoiling) -> None:
    await assert_found(what, spoiling)
