"""The wires that this platform speaks: the M-Pesa OpenAPI's own and the Mozambique gateway's, on one core and ledger.

Pure. A profile's rows have the product names of the operations they stand for, so that admission's checks, the test
values and the parties of a payment are the same for both. Read next: mozambique/operations.py, render.py.
"""

from mkondo.openapi import mozambique
from mkondo.openapi.mozambique.operations import OPERATIONS as MOZAMBIQUE
from mkondo.openapi.operations import OPERATIONS, Operation

PROFILES: dict[str, dict[str, Operation]] = {"": OPERATIONS, mozambique.NAME: MOZAMBIQUE}
"""By the name that payments and service requests carry (domain/payment.py)."""


def operation_of(name: str, profile: str = "") -> Operation:
    """The row that a request was made under: of the M-Pesa OpenAPI itself, or of the profile that it came by."""
    return PROFILES[profile][name]
