"""The reason codes that the program decides by, each under one name; the wire says more of them in openapi/codes.py.

Pure. A code stands here when code compares it or answers with it. What a malformed field is told is in the field table
(openapi/fields.py), and what each code means, with its status and text, in the code table. Read next: openapi/codes.py.
"""

OK = "INS-0"
DECIDED = "INS-GAR-0"
"""A two-step payment was committed or given up."""

INTERNAL = "INS-1"
"""We could not do it: a bug, or more than this process takes at once."""
REFUSED = "INS-6"
"""No for a reason that has no code of its own; the words say which."""
TIMED_OUT = "INS-9"
DUPLICATE = "INS-10"
BAD_SHORTCODE = "INS-13"
BAD_AMOUNT = "INS-15"
NO_SUCH_TRANSACTION = "INS-18"
UNREADABLE = "INS-21"
"""The request as a whole is not understood; a single field has the code of the field table."""
NOT_FOUND = "INS-23"
"""A status query found nothing by its reference."""
FOREIGN = "INS-35"
"""The payment belongs to somebody else."""

BAD_FIRST_DATE = "INS-39"
BAD_EXPIRY_DATE = "INS-43"
NO_MATCH = "INS-50"
"""Customer, token and mandate do not belong together."""
NO_SUCH_MANDATE_ID = "INS-51"
OTHER_REFERENCE = "INS-52"
"""The mandate was made under another reference."""
UNKNOWN_PAYER = "INS-56"
"""No customer goes by that MSISDN token."""
NO_ACTIVE_MANDATE = "INS-58"

BAD_SESSION = "INS-989"
SINGLE_VALUE = "INS-995"
NOT_ENABLED = "INS-997"
BAD_MARKET = "INS-998"

SHORT = "INS-2006"
"""The debited account does not hold enough."""
NO_SUCH_CUSTOMER = "INS-2051"
