"""The names that the Mozambique gateway gives to requests and customers.

Pure. Contract section 9. Read next: operations.py.
"""

from datetime import date

from mkondo.domain.calendar import format_day
from mkondo.domain.ids import PaymentId

_RANDOM_DIGITS = 20


def conversation_id(name: PaymentId, today: date) -> PaymentId:
    """`AG_20180206_00005e7dccc6da08efa8`: the day and the random half of a payment id, which makes 32 characters too.

    A payment made synchronously has this as its payment id, so that a query finds it by what its merchant was told. One
    that is accepted to be ended later keeps the platform's own 32 hex digits: section 9 saw both forms, each in its own
    mode.
    """
    return PaymentId(f"AG_{format_day(today)}_{name[-_RANDOM_DIGITS:]}")


def masked(second_name: str) -> str:
    """As much of a customer's second name as a merchant may see: `M******a`."""
    return second_name if len(second_name) < 2 else second_name[0] + "*" * (len(second_name) - 2) + second_name[-1]
