"""Accounts: where money is counted, in one currency, by double entry.

Pure. An account's balance grows by credits and shrinks by debits; `available = posted - held` never passes the floor.
The debited account's owner posts the whole journal entry; each credited account's owner applies its credit when the
entry reaches it (architecture rule 7). In between, the credit is in transit. Read next: ledger/.
"""

from enum import Enum

import msgspec

from mkondo.domain.ids import AccountId, Instant, partition_of, pinned
from mkondo.domain.payment import PaymentAdmitted


class AccountStatus(Enum):
    """What a query says of a customer's account (contract section 7). Only an active one can be debited anew: what was
    reserved before is still captured, because the merchant was promised it."""

    ACTIVE = "Active"
    PENDING = "Pending Approval"
    LOCKED = "Locked"
    INACTIVE = "Inactive"


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record `account/ID`. Minor units. A floor of None means that the account may go below zero without end."""

    account: AccountId
    currency: str
    posted: int = 0
    held: int = 0
    floor: int | None = 0
    status: AccountStatus = AccountStatus.ACTIVE

    @property
    def available(self) -> int:
        return self.posted - self.held

    def covers(self, minor: int) -> bool:
        """Whether that much may leave the account without passing its floor."""
        return self.floor is None or self.available - minor >= self.floor


class Posting(msgspec.Struct, frozen=True, array_like=True):
    """One line of a journal entry: `minor` is positive, `side` is debit or credit."""

    account: AccountId
    side: str
    minor: int


class JournalEntryPosted(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Money moved. One debit, one credit, the same amount; the debit has been applied, the credit is on its way.

    `balance` is the debited account's posted balance after it. `opens_accounts`: a credited account that does not exist
    yet is opened (sandbox). `in_transit` False: all accounts live in this partition and are credited at once.
    """

    entry: str
    payment_id: str
    currency: str
    postings: tuple[Posting, Posting]
    balance: int
    description: str = ""
    market: str = ""
    opens_accounts: bool = False
    in_transit: bool = True

    @property
    def debit(self) -> Posting:
        return self.postings[0]

    @property
    def credit(self) -> Posting:
        return self.postings[1]


class CreditApplied(msgspec.Struct, frozen=True, tag=True):
    """A credit of a posted entry has reached its account. `balance` is the posted balance after it."""

    account: AccountId
    entry: str
    payment_id: str
    minor: int
    currency: str
    balance: int


class CreditSuspended(msgspec.Struct, frozen=True, tag=True):
    """The credited account can't take its credit: the money stands in this partition's suspense account. An alert."""

    account: AccountId
    suspense: AccountId
    entry: str
    payment_id: str
    minor: int
    currency: str
    balance: int
    reason: str


class OpenAccount(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Open an account, with money from the market's funding account. An account that exists is left as it is.

    `holder` is the customer's name, first and last.
    """

    account: AccountId
    market: str
    opening_minor: int
    floor: int | None = 0
    holder: tuple[str, str] | None = None


class AccountOpened(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The account exists, with nothing in it yet. Whose it is stays a fact that anybody may read."""

    account: AccountId
    currency: str
    floor: int | None
    holder: tuple[str, str] | None = None


class SetAccountStatus(msgspec.Struct, frozen=True, tag=True):
    """Lock an account, or let it be used again. Credits still reach one that is locked, and what was reserved before
    is still captured."""

    account: AccountId
    status: AccountStatus


class AccountStatusChanged(msgspec.Struct, frozen=True, tag=True):
    """The account was locked, or may be used again."""

    account: AccountId
    status: AccountStatus


class Hold(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record `hold/ID`: funds set aside for a two-step payment. Deleted when it is captured, released or expires.

    `hold` is the payment's id, `admitted` what ends when the hold does, `voucher_code` what the customer was shown.
    """

    hold: str
    account: AccountId
    credited: AccountId
    minor: int
    currency: str
    expires_at: Instant
    admitted: PaymentAdmitted
    voucher_code: str = ""


class HoldPlaced(msgspec.Struct, frozen=True, tag=True):
    """Funds are set aside for a two-step payment."""

    hold: Hold


class HoldCaptured(msgspec.Struct, frozen=True, tag=True):
    """The hold is gone: `minor` of it was posted."""

    hold: str
    account: AccountId
    held: int
    minor: int


class HoldReleased(msgspec.Struct, frozen=True, tag=True):
    """The hold is gone by request: `held` minor units may be used again, nothing was posted."""

    hold: str
    account: AccountId
    held: int


class HoldExpired(msgspec.Struct, frozen=True, tag=True):
    """The hold is gone by time: `held` minor units may be used again, nothing was posted."""

    hold: str
    account: AccountId
    held: int


def wallet(scope: str, msisdn: str, currency: str) -> AccountId:
    """A customer's account. The scope is the application in the sandbox and empty in live (contract section 12)."""
    return AccountId(f"wallet/{scope}/{msisdn}/{currency}")


def till(scope: str, shortcode: str, currency: str) -> AccountId:
    """An organisation's account. The scope is as a wallet's: in live a shortcode names one organisation, for everybody,
    so that another one can pay it."""
    return AccountId(f"till/{scope}/{shortcode}/{currency}")


def funding(market: str, currency: str, beside: AccountId) -> AccountId:
    """The market's funding account in the partition of another account: the only kind without a floor."""
    return AccountId(pinned(f"funding/{market}/{currency}", partition_of(beside)))


def suspense(currency: str, beside: AccountId) -> AccountId:
    """Where a credit stands whose account can't take it, in the partition of that account."""
    return AccountId(pinned(f"suspense/{currency}", partition_of(beside)))


def currency_of(account: AccountId) -> str:
    """Every account id ends in its currency."""
    return account.rpartition("/")[2].partition("#")[0]


def name_of(account: AccountId) -> str:
    """The MSISDN of a wallet, the shortcode of a till."""
    return account.split("/")[2]


def transfer(debited: AccountId, credited: AccountId, minor: int) -> tuple[Posting, Posting]:
    """The two postings of a plain payment. They sum to zero by construction."""
    return Posting(debited, "debit", minor), Posting(credited, "credit", minor)
