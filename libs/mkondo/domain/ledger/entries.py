"""Journal entries: opening an account, posting a payment, applying a credit.

Every entry has one debit and one credit of the same amount, so it sums to zero by construction.
"""

from collections.abc import Sequence

from mkondo.domain.account import (
    Account,
    AccountOpened,
    CreditApplied,
    CreditSuspended,
    JournalEntryPosted,
    OpenAccount,
    currency_of,
    funding,
    suspense,
    transfer,
)
from mkondo.domain.decider import Event, Records
from mkondo.domain.ids import AccountId
from mkondo.domain.ledger.keys import account_key
from mkondo.domain.markets import MARKETS
from mkondo.domain.payment import Payment


def account_or_opening(
    account: AccountId, market: str, opens: bool, records: Records
) -> tuple[Account | None, Sequence[Event]]:
    """The account as it stands; or, where it may be opened on first touch, as it will stand after these events."""
    found = find_account(account, records)
    if found is not None or not opens:
        return found, ()
    return opening(OpenAccount(account, market, MARKETS[market].opening_balance_minor), records)


def find_account(account: AccountId, records: Records) -> Account | None:
    record = records.get(account_key(account))
    return record if isinstance(record, Account) else None


def opening(command: OpenAccount, records: Records) -> tuple[Account, Sequence[Event]]:
    """Open an account and move its opening balance in from the funding account of the same partition."""
    account, market, minor, floor = command.account, command.market, command.opening_minor, command.floor
    currency = currency_of(account)
    opened = AccountOpened(account, currency, floor, command.holder)
    if minor == 0:
        return Account(account, currency, floor=floor), (opened,)
    source = funding(market, currency, account)
    before = find_account(source, records)
    entry = JournalEntryPosted(
        entry=f"opening/{account}",
        payment_id="",
        currency=currency,
        postings=transfer(source, account, minor),
        balance=(before.posted if before else 0) - minor,
        description="Opening balance",
        market=market,
        in_transit=False,
    )
    credit = CreditApplied(account, entry.entry, "", minor, currency, minor)
    return Account(account, currency, posted=minor, floor=floor), (opened, entry, credit)


def open_account(command: OpenAccount, records: Records) -> Sequence[Event]:
    if find_account(command.account, records) is not None:
        return ()
    return opening(command, records)[1]


def entry_of(payment: Payment, account: Account) -> JournalEntryPosted:
    """The payment's one journal entry; its id is the payment's, so that it can exist only once."""
    minor = payment.amount.minor
    return JournalEntryPosted(
        entry=payment.payment_id,
        payment_id=payment.payment_id,
        currency=payment.amount.currency,
        postings=transfer(payment.debited, payment.credited, minor),
        balance=account.posted - minor,
        description=payment.description,
        market=payment.market,
        opens_accounts=payment.opens_accounts,
    )


def apply_credit(entry: JournalEntryPosted, records: Records) -> Sequence[Event]:
    """A credit is never refused: an account that can't take it leaves the money in suspense (rule 7)."""
    credited, minor = entry.credit.account, entry.credit.minor
    account, events = account_or_opening(credited, entry.market, entry.opens_accounts, records)
    if account is None:
        return (_suspend(entry, "the credited account does not exist", records),)
    applied = CreditApplied(credited, entry.entry, entry.payment_id, minor, entry.currency, account.posted + minor)
    return (*events, applied)


def _suspend(entry: JournalEntryPosted, reason: str, records: Records) -> CreditSuspended:
    credited, minor = entry.credit.account, entry.credit.minor
    shelter = suspense(entry.currency, credited)
    before = find_account(shelter, records)
    balance = (before.posted if before else 0) + minor
    return CreditSuspended(credited, shelter, entry.entry, entry.payment_id, minor, entry.currency, balance, reason)
