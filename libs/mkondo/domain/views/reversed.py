"""The view `reversed`: what of a payment has been given back and what remains, by the original payment's id.

All its events are of the partition that owns the payment's reversals, so each tells the whole.
"""

import msgspec

from mkondo.domain.ids import Instant
from mkondo.domain.reversals import PaymentReversed
from mkondo.domain.views.view import Change, Recorded, View


class ReversedRow(msgspec.Struct, frozen=True):
    """Minor units. `last` is the reversal that left `remaining`."""

    payment_id: str
    reversed: int
    remaining: int
    last: str
    time: Instant


def _reversed(row: ReversedRow | None, event: PaymentReversed, at: Recorded) -> ReversedRow:
    before = row.reversed if row is not None else 0
    return ReversedRow(event.original, before + event.minor, event.remaining, event.payment_id, at.time)


REVERSED = View(
    "reversed",
    ReversedRow,
    {PaymentReversed: Change(lambda event, at: event.original, _reversed)},
    lambda row: not row.remaining,
)
