"""The view `statements`: what moved in each account, line by line, by `ACCOUNT/SEQUENCE`.

A line is made by one event of the account's own partition, so the balances in it are the account's own and in order:
the posted entry for the debited account, the applied credit for the credited one, or for the suspense account that
took it in.
"""

import msgspec

from mkondo.domain.account import CreditApplied, CreditSuspended, JournalEntryPosted
from mkondo.domain.ids import Instant
from mkondo.domain.views.view import Recorded, View


class StatementLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """`minor` is negative for a debit; `balance` is the posted balance after it.

    `counterparty` is the credited account on a debit's line, and on a suspense account's line the account that could
    not take the money. On a credit's line it is empty: who paid stands in the entry.
    """

    account: str
    sequence: int
    time: Instant
    minor: int
    currency: str
    balance: int
    entry: str
    payment_id: str = ""
    counterparty: str = ""
    description: str = ""


def line_key(account: str, sequence: int) -> str:
    """Sorts by account, then by time: a statement is a page of this view with the prefix `ACCOUNT/`."""
    return f"{account}/{sequence:020d}"


def key(event: JournalEntryPosted | CreditApplied | CreditSuspended, at: Recorded) -> str:
    match event:
        case JournalEntryPosted():
            return line_key(event.postings[0].account, at.sequence)
        case CreditApplied():
            return line_key(event.account, at.sequence)
        case CreditSuspended():
            return line_key(event.suspense, at.sequence)


def evolve(
    row: StatementLine | None, event: JournalEntryPosted | CreditApplied | CreditSuspended, at: Recorded
) -> StatementLine:
    match event:
        case JournalEntryPosted(postings=(debit, credit)):
            return StatementLine(
                debit.account,
                at.sequence,
                at.time,
                -debit.minor,
                event.currency,
                event.balance,
                event.entry,
                event.payment_id,
                credit.account,
                event.description,
            )
        case CreditApplied():
            account, counterparty, description = event.account, "", ""
        case CreditSuspended():
            account, counterparty, description = event.suspense, event.account, event.reason
    return StatementLine(
        account,
        at.sequence,
        at.time,
        event.minor,
        event.currency,
        event.balance,
        event.entry,
        event.payment_id,
        counterparty,
        description,
    )


STATEMENTS = View(
    "statements",
    StatementLine,
    (JournalEntryPosted, CreditApplied, CreditSuspended),
    key,
    evolve,
    lambda line: True,
    written_once=True,
)
