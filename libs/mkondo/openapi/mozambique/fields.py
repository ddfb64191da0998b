"""The parameters of the Mozambique gateway that the M-Pesa OpenAPI names or checks in another way.

Pure. Contract section 9; where that names no grammar, the one of the parameter's counterpart in section 3 holds.
Read next: operations.py.
"""

from msgspec.structs import replace

from mkondo.openapi import fields as f
from mkondo.openapi.fields import Field, Kind

TEST_SHORTCODE, TEST_RECEIVER = "171717", "979797"
TEST_CREDENTIALS = ("Mpesa2019", "MPesa2018")
"""Which one belongs to which field is not public: both are taken in both (section 12)."""

_TEST_CREDENTIAL = "|".join(TEST_CREDENTIALS)
_CREDENTIAL = r"[!-~]{1,1024}"
"""In live, where nobody is given any: the API key says who is calling, and only their own payments are reversed."""

CUSTOMER = replace(
    f.CUSTOMER,
    grammar=r"258(?:84|85)[0-9]{7}",
    test_grammar=r"[0-9]{12,14}",  # section 12: the sandbox checks the length only; 841234567 is too short for both
    example="258843330333",
    meaning="The customer's number: 258, then 84 or 85 and seven digits. The sandbox takes any 12 to 14 digits.",
    kind=Kind.TEXT,
)
REFERENCE = replace(
    f.CONVERSATION,
    name="input_ThirdPartyReference",
    code="INS-19",
    example="11114",
    meaning="The merchant's id of this request, new for each payment.",
)
SERVICE_PROVIDER = replace(f.SERVICE_PROVIDER, example=TEST_SHORTCODE, meaning="The organisation's shortcode.")
PRIMARY_PARTY = replace(f.PRIMARY_PARTY, example=TEST_SHORTCODE)
RECEIVER_PARTY = replace(f.RECEIVER_PARTY, example=TEST_RECEIVER)
QUERY_REFERENCE = replace(
    f.QUERY_REFERENCE,
    code="INS-14",
    grammar=r"[0-9a-zA-Z \w+]{1,40}",  # its ConversationIDs hold underscores
    example="5C1400CVRO",
    meaning="The payment's TransactionID, ConversationID or ThirdPartyReference.",
    lenient="",
)
INITIATOR = Field(
    "input_InitiatorIdentifier", "INS-24", _CREDENTIAL, TEST_CREDENTIALS[1], "Who asks for the reversal.",
    test_only=_TEST_CREDENTIAL,
)  # fmt: skip
CREDENTIAL = Field(
    "input_SecurityCredential", "INS-25", _CREDENTIAL, TEST_CREDENTIALS[0], "What proves it.",
    test_only=_TEST_CREDENTIAL,
)  # fmt: skip
