"""A reversal: a compensating payment, whole or partial, of one that completed.

Pure. What the ingress knows of the original payment travels with the reversal, because only immutable facts may be read
by anyone (architecture rule 8). Read next: reversals.py, the decider.
"""

import msgspec

from mkondo.domain.ids import AccountId, Instant, PaymentId


class Original(msgspec.Struct, frozen=True, omit_defaults=True):
    """The payment to reverse, as its reference and outcome rows tell it. `minor` is what it moved.

    `completed` False: it has failed, or has not ended yet. `completed_at`: when its entry was posted.
    """

    payment_id: PaymentId
    operation: str
    market: str
    minor: int
    currency: str
    debited: AccountId
    credited: AccountId
    asked_at: Instant
    completed: bool
    owned: bool
    """Whether it belongs to whoever asks."""
    completed_at: Instant = Instant(0)

    @property
    def happened_at(self) -> Instant:
        """From when on its window is counted. Outcomes from before they told their time leave only the asking."""
        return self.completed_at or self.asked_at


class ReversalOf(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The purpose of a reversal. The payment's own amount is what is asked for; 0: all that remains.

    `closes`, said by the owner of the reversals: once this one is completed nothing of the original remains, whatever
    else may happen. Its completion is then the fact that the original is reversed, so that a query right behind the
    reversal's answer finds it so (G10).
    """

    original: Original
    closes: bool = False


class Reversals(msgspec.Struct, frozen=True):
    """Record `reversals/PAYMENT`: what of a payment has been given back, and what is on its way back. Minor units."""

    original: PaymentId
    minor: int
    reversed: int = 0
    open: int = 0

    @property
    def remaining(self) -> int:
        return self.minor - self.reversed - self.open
