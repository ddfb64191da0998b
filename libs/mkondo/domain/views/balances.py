"""The view `balances`: what every account holds now, by account. All its events are of the account's own partition."""

import msgspec

from mkondo.domain.account import (
    AccountOpened,
    CreditApplied,
    CreditSuspended,
    HoldCaptured,
    HoldExpired,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
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


def _posted(account: str, event: _Moved, row: BalanceRow | None, at: Recorded) -> BalanceRow:
    held, floor = (0, None) if row is None else (row.held, row.floor)
    return BalanceRow(account, event.currency, event.balance, held, floor, at.sequence, at.time)


def _held(account: str, currency: str, minor: int, row: BalanceRow | None, at: Recorded) -> BalanceRow:
    if row is None:
        return BalanceRow(account, currency, 0, minor, None, at.sequence, at.time)
    return BalanceRow(account, row.currency, row.posted, row.held + minor, row.floor, at.sequence, at.time)


def _opened(row: BalanceRow | None, event: AccountOpened, at: Recorded) -> BalanceRow:
    posted, held = (0, 0) if row is None else (row.posted, row.held)
    return BalanceRow(event.account, event.currency, posted, held, event.floor, at.sequence, at.time)


def _given_back(row: BalanceRow | None, event: _HoldEnded, at: Recorded) -> BalanceRow:
    return _held(event.account, "", -event.held, row, at)


_HOLD_ENDED = Change(lambda event, at: event.account, _given_back)

BALANCES = View(
    "balances",
    BalanceRow,
    {
        AccountOpened: Change(lambda event, at: event.account, _opened),
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
