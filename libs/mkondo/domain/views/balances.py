"""The view `balances`: what every account holds now, by account. All its events are of the account's own partition."""

import msgspec
from msgspec.structs import replace

from mkondo.domain.account import (
    AccountOpened,
    AccountStatus,
    AccountStatusChanged,
    CreditApplied,
    CreditSuspended,
    HoldCaptured,
    HoldExpired,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
    currency_of,
)
from mkondo.domain.ids import Instant
from mkondo.domain.views.view import Change, Recorded, View

_Moved = JournalEntryPosted | CreditApplied | CreditSuspended
_HoldEnded = HoldCaptured | HoldReleased | HoldExpired


class BalanceRow(msgspec.Struct, frozen=True):
    """Minor units, as of an event of the account's partition. A floor of None: the account may go below zero."""

    account: str
    currency: str
    posted: int = 0
    held: int = 0
    floor: int | None = None
    sequence: int = 0
    time: Instant = Instant(0)
    status: str = AccountStatus.ACTIVE.value


def _posted(account: str, event: _Moved, row: BalanceRow | None, at: Recorded) -> BalanceRow:
    if row is None:
        return BalanceRow(account, event.currency, event.balance, 0, None, at.sequence, at.time)
    return BalanceRow(account, event.currency, event.balance, row.held, row.floor, at.sequence, at.time, row.status)


def _held(account: str, currency: str, minor: int, row: BalanceRow | None, at: Recorded) -> BalanceRow:
    if row is None:
        return BalanceRow(account, currency, 0, minor, None, at.sequence, at.time)
    return replace(row, held=row.held + minor, sequence=at.sequence, time=at.time)


def _opened(row: BalanceRow | None, event: AccountOpened, at: Recorded) -> BalanceRow:
    before = row or BalanceRow(event.account, event.currency)
    return replace(before, floor=event.floor, sequence=at.sequence, time=at.time)


def _status(row: BalanceRow | None, event: AccountStatusChanged, at: Recorded) -> BalanceRow:
    before = row or BalanceRow(event.account, currency_of(event.account))
    return replace(before, status=event.status.value, sequence=at.sequence, time=at.time)


def _given_back(row: BalanceRow | None, event: _HoldEnded, at: Recorded) -> BalanceRow:
    return _held(event.account, "", -event.held, row, at)


_HOLD_ENDED = Change(lambda event, at: event.account, _given_back)

BALANCES = View(
    "balances",
    BalanceRow,
    {
        AccountOpened: Change(lambda event, at: event.account, _opened),
        AccountStatusChanged: Change(lambda event, at: event.account, _status),
        JournalEntryPosted: Change(
            lambda event, at: event.postings[0].account,
            lambda row, event, at: _posted(event.postings[0].account, event, row, at),
        ),
        CreditApplied: Change(
            lambda event, at: event.account, lambda row, event, at: _posted(event.account, event, row, at)
        ),
        CreditSuspended: Change(
            lambda event, at: event.suspense, lambda row, event, at: _posted(event.suspense, event, row, at)
        ),
        HoldPlaced: Change(
            lambda event, at: event.hold.account,
            lambda row, event, at: _held(event.hold.account, event.hold.currency, event.hold.minor, row, at),
        ),
        HoldCaptured: _HOLD_ENDED,
        HoldReleased: _HOLD_ENDED,
        HoldExpired: _HOLD_ENDED,
    },
    lambda row: False,
)
