"""Limits of one application: what a payment may still do. The first of them is the single value of a product.

Pure. Read next: admission.py.
"""

from mkondo.domain import reasons
from mkondo.domain.application import Configuration
from mkondo.domain.payment import Payment


def refusal(configuration: Configuration, payment: Payment) -> tuple[str, str] | None:
    """The reason code and the words of the limit that this payment would pass, or None (contract section 5)."""
    ceiling = configuration.products[payment.operation].single_value.get(payment.amount.currency)
    if ceiling is not None and payment.amount.minor > ceiling:
        return (reasons.SINGLE_VALUE, f"single value: ceiling {ceiling}, asked {payment.amount.minor} minor units")
    return None
