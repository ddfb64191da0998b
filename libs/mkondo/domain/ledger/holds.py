"""Holds: funds reserved with an expiry. A hold ends once: captured, released or expired."""

from collections.abc import Sequence

from mkondo.domain.account import (
    CaptureHold,
    Hold,
    HoldCaptured,
    HoldDeclined,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
    ReleaseHold,
    transfer,
)
from mkondo.domain.decider import Event, Records
from mkondo.domain.ids import Instant
from mkondo.domain.ledger.entries import account_or_opening, find_account
from mkondo.domain.ledger.keys import hold_key
from mkondo.domain.ledger.reservations import expire_hold

NO_SUCH_HOLD = "INS-6"
BAD_AMOUNT = "INS-15"
SHORT = "INS-2006"
NO_SUCH_CUSTOMER = "INS-2051"


def place_hold(hold: Hold, records: Records, now: Instant) -> Sequence[Event]:
    if hold_key(hold.hold, hold.account) in records:
        return ()  # a redelivery
    if hold.minor <= 0:
        return (HoldDeclined(hold.hold, hold.account, BAD_AMOUNT, "a hold must be of a positive amount"),)
    if now >= hold.expires_at:
        return (HoldDeclined(hold.hold, hold.account, NO_SUCH_HOLD, "the hold would have expired already"),)
    account, opening = account_or_opening(hold.account, hold.market, hold.opens_accounts, records)
    if account is None:
        return (HoldDeclined(hold.hold, hold.account, NO_SUCH_CUSTOMER, "the account does not exist"),)
    if not account.covers(hold.minor):
        return (*opening, HoldDeclined(hold.hold, hold.account, SHORT, "Insufficient balance"))
    return (*opening, HoldPlaced(hold))


def capture_hold(command: CaptureHold, records: Records, now: Instant) -> Sequence[Event]:
    hold = records.get(hold_key(command.hold, command.account))
    if not isinstance(hold, Hold):
        return _no_such_hold(command)
    if now >= hold.expires_at:
        return expire_hold(hold, now)
    if not 0 < command.minor <= hold.minor:
        return (HoldDeclined(command.hold, command.account, BAD_AMOUNT, "more than is held, or nothing"),)
    account = find_account(hold.account, records)
    if account is None:
        raise LookupError(f"the account of the open hold {hold.hold} is gone")
    entry = JournalEntryPosted(
        entry=command.entry,
        payment_id=command.payment_id,
        currency=hold.currency,
        postings=transfer(hold.account, hold.credited, command.minor),
        balance=account.posted - command.minor,
        market=hold.market,
        opens_accounts=hold.opens_accounts,
    )
    return (HoldCaptured(hold.hold, hold.account, hold.minor, command.minor), entry)


def release_hold(command: ReleaseHold, records: Records) -> Sequence[Event]:
    hold = records.get(hold_key(command.hold, command.account))
    if not isinstance(hold, Hold):
        return _no_such_hold(command)
    return (HoldReleased(hold.hold, hold.account, hold.minor),)


def _no_such_hold(command: CaptureHold | ReleaseHold) -> Sequence[Event]:
    return (HoldDeclined(command.hold, command.account, NO_SUCH_HOLD, "there is no such open hold"),)
