"""The view `statements`: what moved in each account, line by line, by `ACCOUNT/SEQUENCE`.

A line is made by one event of the account's own partition, so the balances in it are the account's own and in order:
the posted entry for the debited account, the applied credit for the credited one, or for the suspense account that
took it in.
"""

import msgspec

from mkondo.domain.account import CreditApplied, CreditSuspended, JournalEntryPosted
from mkondo.domain.ids import Instant
from mkondo.domain.views.view import Change, Recorded, View


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


def _debit(line: StatementLine | None, event: JournalEntryPosted, at: Recorded) -> StatementLine:
    debit, credit = event.postings
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


def _credit(line: StatementLine | None, event: CreditApplied, at: Recorded) -> StatementLine:
    return StatementLine(
        event.account,
        at.sequence,
        at.time,
        event.minor,
        event.currency,
        event.balance,
        event.entry,
        event.payment_id,
    )


def _suspended(line: StatementLine | None, event: CreditSuspended, at: Recorded) -> StatementLine:
    return StatementLine(
        event.suspense,
        at.sequence,
        at.time,
        event.minor,
        event.currency,
        event.balance,
        event.entry,
        event.payment_id,
        event.account,
        event.reason,
    )


STATEMENTS = View(
    "statements",
    StatementLine,
    {
        JournalEntryPosted: Change(lambda event, at: line_key(event.postings[0].account, at.sequence), _debit),
        CreditApplied: Change(lambda event, at: line_key(event.account, at.sequence), _credit),
        CreditSuspended: Change(lambda event, at: line_key(event.suspense, at.sequence), _suspended),
    },
    lambda line: True,
    written_once=True,
)
