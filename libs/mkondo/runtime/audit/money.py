"""Money: entries sum to zero, balances are the sum of their postings, floors hold, held is the sum of the open holds.

Counted afresh from the postings; the balance that each event claims, and the one in each record, are only compared.
Posted + in transit balances over all accounts (architecture rule 7). Read next: payments.py.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from mkondo.contracts.journal import JournalRow, PartitionState
from mkondo.domain.account import (
    Account,
    CreditApplied,
    CreditSuspended,
    Hold,
    HoldPlaced,
    JournalEntryPosted,
    currency_of,
)
from mkondo.domain.decider import Event, Record
from mkondo.domain.ids import AccountId
from mkondo.domain.ledger.keys import account_key
from mkondo.runtime.audit.chain import Journal
from mkondo.runtime.audit.match import Match
from mkondo.runtime.audit.report import Findings

WITHOUT_FLOOR = ("funding/", "suspense/")
"""Accounts that come into being with their first posting and may go below zero."""

_SIGN = {"debit": -1, "credit": 1}


class Money:
    """Follows every posting of the environment. `credits` matches posted entries with what arrived."""

    def __init__(self, states: Mapping[str, PartitionState], credits: Match, findings: Findings) -> None:
        self.in_transit: Counter[str] = Counter()
        self._posted: Counter[str] = Counter()
        self._states, self._credits, self._findings = states, credits, findings

    def see(self, journal: Journal, row: JournalRow, event: Event) -> None:
        match event:
            case JournalEntryPosted():
                self._entry(journal, row, event)
            case CreditApplied():
                self._move(journal, row, event.account, event.minor, event.balance)
                self._credits.find(*_credit(event.entry, event.account, event.minor, event.currency), _at(row))
            case CreditSuspended():
                self._move(journal, row, event.suspense, event.minor, event.balance)
                self._credits.find(*_credit(event.entry, event.account, event.minor, event.currency), _at(row))
            case HoldPlaced(hold=hold):
                self._check_floor(journal, row, hold.account)
            case _:
                pass

    def _entry(self, journal: Journal, row: JournalRow, entry: JournalEntryPosted) -> None:
        self._findings.count("entries")
        total = sum(_SIGN.get(posting.side, 0) * posting.minor for posting in entry.postings)
        if total or any(posting.minor <= 0 for posting in entry.postings):
            journal.wrong(row.sequence, f"entry {entry.entry} has postings that sum to {total}")
        if {currency_of(posting.account) for posting in entry.postings} != {entry.currency}:
            journal.wrong(row.sequence, f"entry {entry.entry} is in {entry.currency}, its accounts are not")
        debit, credit = entry.debit, entry.credit
        self._move(journal, row, debit.account, -debit.minor, entry.balance)
        self._check_floor(journal, row, debit.account)
        if entry.in_transit and not self._is_taken(journal, row):
            self.in_transit[entry.currency] += credit.minor
        else:
            self._credits.expect(*_credit(entry.entry, credit.account, credit.minor, entry.currency), _at(row))

    def _is_taken(self, journal: Journal, row: JournalRow) -> bool:
        """Whether the credited account's owner has taken the entry from its channel."""
        if not row.routes:
            journal.wrong(row.sequence, "the credit is sent to nobody")
        takers = (self._states.get(route.destination) for route in row.routes)
        return any(state is not None and state.positions.get(row.source, 0) >= row.sequence for state in takers)

    def still_waits(self, entry: JournalEntryPosted, where: str) -> None:
        """A parked entry was taken from its channel, and its credit has not been applied."""
        credit = entry.credit
        self.in_transit[entry.currency] += credit.minor
        self._credits.find(*_credit(entry.entry, credit.account, credit.minor, entry.currency), where)

    def _move(self, journal: Journal, row: JournalRow, account: str, minor: int, claimed: int) -> None:
        self._posted[account] += minor
        if self._posted[account] != claimed:
            journal.wrong(
                row.sequence, f"says {account} then holds {claimed}, its postings sum to {self._posted[account]}"
            )

    def _check_floor(self, journal: Journal, row: JournalRow, name: str) -> None:
        """After the event: the record has been folded already."""
        account = journal.records.get(account_key(AccountId(name)))
        if not isinstance(account, Account) or (account.floor is None and not name.startswith(WITHOUT_FLOOR)):
            journal.wrong(row.sequence, f"{name} was never opened, or has no floor")
        elif account.floor is not None and account.available < account.floor:
            journal.wrong(row.sequence, f"{name} passes its floor: {account.available} is below {account.floor}")

    def check_records(self, stored: Iterable[tuple[str, Record]]) -> None:
        """The stored accounts against postings and holds, and all of them against each other."""
        totals, held = self.in_transit.copy(), Counter[str]()
        accounts: dict[str, tuple[str, Account]] = {}
        for where, record in stored:
            if isinstance(record, Account):
                accounts[record.account] = where, record
                totals[record.currency] += record.posted
            elif isinstance(record, Hold):
                held[record.account] += record.minor
                self._findings.count("open holds")
        for name, (where, account) in accounts.items():
            if account.posted != self._posted[name]:
                self._findings.wrong(where, f"posted is {account.posted}, its postings sum to {self._posted[name]}")
            if account.held != held[name]:
                self._findings.wrong(where, f"held is {account.held}, its open holds sum to {held[name]}")
        for name in self._posted.keys() - accounts.keys():
            self._findings.wrong(f"record {account_key(AccountId(name))}", "missing, though money was posted to it")
        for currency, total in sorted(totals.items()):
            if total:
                self._findings.wrong(currency, f"posted and in transit do not balance: they sum to {total}")
        self._findings.count("accounts", len(accounts))


def _credit(entry: str, account: str, minor: int, currency: str) -> tuple[str, bytes]:
    return entry, f"{account} {minor} {currency}".encode()


def _at(row: JournalRow) -> str:
    return f"{row.source} sequence {row.sequence}"
