"""Customers' numbers in a path. Read next: handsets.py, customers.py."""

from typing import Annotated

from fastapi import Depends

from services.portal.api.errors import Refused

DIGITS_MIN, DIGITS_MAX = 11, 14


def full_number(msisdn: str) -> str:
    """The number of the path, if it can be a customer's."""
    if not msisdn.isascii() or not msisdn.isdecimal() or not DIGITS_MIN <= len(msisdn) <= DIGITS_MAX:
        raise Refused(422, f"{msisdn[:20]!r} is no number", "Send the full international number as digits.")
    return msisdn


FullNumber = Annotated[str, Depends(full_number)]
