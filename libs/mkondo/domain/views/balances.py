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
from mkondo.domain.decider import Event
from mkondo.domain.ids import Instant
from mkondo.domain.views.view import Recorded, View


class BalanceRow(msgspec.Struct, frozen=True):
    """Minor units, as of an event of the account's partition. A floor of None: the account may go below zero."""

    account: str
    currency: str
    posted: int = 0
    held: int = 0
    floor: int | None = None
    sequence: int = 0
    time: Instant = Instant(0)


def key(event: Event, at: Recorded) -> str:
    match event:
        case JournalEntryPosted():
            return event.postings[0].account
        case CreditApplied() | AccountOpened() | HoldCaptured() | HoldReleased() | HoldExpired():
            return event.account
        case CreditSuspended():
            return event.suspense
        case HoldPlaced():
            return event.hold.account
        case _:
            raise TypeError(f"the view of balances does not follow {type(event).__name__}")


def evolve(row: BalanceRow | None, event: Event, at: Recorded) -> BalanceRow:
    match event:
        case JournalEntryPosted() | CreditApplied() | CreditSuspended():
            row = row or BalanceRow(key(event, at), event.currency)
            posted, held, floor = event.balance, row.held, row.floor
        case AccountOpened():
            row = row or BalanceRow(event.account, event.currency)
            posted, held, floor = row.posted, row.held, event.floor
        case HoldPlaced(hold=hold):
            row = row or BalanceRow(hold.account, hold.currency)
            posted, held, floor = row.posted, row.held + hold.minor, row.floor
        case HoldCaptured() | HoldReleased() | HoldExpired():
            row = row or BalanceRow(event.account, "")
            posted, held, floor = row.posted, row.held - event.held, row.floor
        case _:
            raise TypeError(f"the view of balances does not follow {type(event).__name__}")
    return BalanceRow(row.account, row.currency, posted, held, floor, at.sequence, at.time)


BALANCES = View(
    "balances",
    BalanceRow,
    (
        AccountOpened,
        JournalEntryPosted,
        CreditApplied,
        CreditSuspended,
        HoldPlaced,
        HoldCaptured,
        HoldReleased,
        HoldExpired,
    ),
    key,
    evolve,
    lambda row: False,
)
