"""The Mozambique gateway's own table of codes, how the platform's codes get there, and which of its rows nobody sees.

Pure. Contract section 9; texts are short where it gives none. INS-23, INS-26 and INS-993 to INS-997 mean other things
than in the M-Pesa OpenAPI (codes.py beside this folder), so no code goes out without passing RENAMED.
Read next: operations.py.
"""

from mkondo.openapi.codes import Code, CodeTable, Renamed, Resend

_PAYMENTS = ("c2b_single_stage", "b2c_payment", "b2b_payment")
_WRITES = (*_PAYMENTS, "reversal")
_READS = ("query_transaction_status", "query_beneficiary_name")
_ALL = (*_WRITES, *_READS)
_CUSTOMERS = ("c2b_single_stage", "b2c_payment", "query_beneficiary_name")
_SCRIPTED = (*_WRITES, "query_transaction_status")
_ONE = {operation: (operation,) for operation in _ALL}


def _code(
    code: str,
    status: int,
    text: str,
    operations: tuple[str, ...],
    cause: str,
    mend: str,
    resend: Resend = Resend.SAME_ID,
    statuses: dict[str, int] | None = None,
) -> Code:
    return Code(code, status, text, operations, cause, mend, resend, statuses=statuses or {})


def _never(code: str, status: int, text: str, why: str) -> Code:
    """A row that no call here is ever answered with, and the reviewed reason."""
    return Code(code, status, text, (), why, "", Resend.NEW_ID)


_ROWS = (
    _code("INS-0", 201, "Request processed successfully", _ALL,
          "The request was carried out, or accepted for an asynchronous result.", "Nothing to do.", Resend.NOT_NEEDED,
          dict.fromkeys(_READS, 200)),
    _code("INS-1", 500, "Internal Error", _ALL,
          "The platform could not carry out the request.", "Find out by a query what became of it.",
          Resend.QUERY_FIRST),
    _code("INS-2", 401, "Invalid API Key", _ALL,
          "The bearer is missing, not the API key encrypted with the environment's public key, or unknown.",
          "Encrypt the API key with the public key of the same environment."),
    _never("INS-4", 401, "User is not active",
           "An application that was removed takes its API key along: its bearer is an unknown one, INS-2."),
    _code("INS-5", 401, "Transaction cancelled by customer", _ONE["c2b_single_stage"],
          "The customer said no on the handset.", "Ask the customer, then send a new request.", Resend.NEW_ID),
    _code("INS-6", 401, "Transaction Failed", _SCRIPTED,
          "The payment was refused: a wrong PIN, or a state that does not allow it.",
          "Ask the customer, then send a new request.", Resend.NEW_ID),
    _code("INS-9", 408, "Request timeout", _ALL,
          "The customer or a system did not answer in time.", "Find out by a query how the payment ended.",
          Resend.QUERY_FIRST),
    _code("INS-10", 409, "Duplicate Transaction", _WRITES,
          "This ThirdPartyReference was used before.",
          "Query by the reference to see the first request's outcome; a new payment needs a new one.", Resend.NEW_ID),
    _code("INS-13", 400, "Invalid Shortcode Used", _ALL,
          "A party code does not fit its grammar, or in live is not one of your organisation's.",
          "Send 4 to 12 letters and digits: 171717 in the sandbox, your own shortcode in live."),
    _code("INS-14", 400, "Invalid Reference Used", _ONE["query_transaction_status"],
          "The QueryReference does not fit its grammar, or is the sandbox's test value for a missing one.",
          "Send a TransactionID, ConversationID or ThirdPartyReference."),
    _code("INS-15", 400, "Invalid Amount Used", _WRITES,
          "The amount is not a decimal number, is zero, has more decimals than the currency, or is more than remains.",
          "Send digits with at most one point, such as 10.00."),
    _code("INS-16", 503, "Unable to handle the request due to a temporary overloading", _ALL,
          "The platform is busy, or the sandbox was asked to act as if it were. With status 429 this address, or your "
          "application, asks too often: output_error says which.",
          "Wait as long as Retry-After says, then try again.", Resend.QUERY_FIRST),
    _code("INS-17", 400, "Invalid Transaction Reference. Length Should Be Between 1 and 20.", _PAYMENTS,
          "The reference does not fit its grammar.", "Send 1 to 20 letters, digits, spaces, _ or +."),
    _code("INS-18", 400, "Invalid TransactionID Used", _ONE["reversal"],
          "The TransactionID does not fit its grammar.", "Send the output_TransactionID of the payment."),
    _code("INS-19", 400, "Invalid ThirdPartyReference Used", _ALL,
          "The reference does not fit its grammar; a hyphen is the usual reason.",
          "Send 1 to 40 letters, digits, spaces, _ or +: a UUID without its hyphens."),
    _code("INS-20", 400, "Not All Parameters Provided. Please try again.", _ALL,
          "A mandatory parameter is absent or empty.", "Compare the request with the call's list of parameters."),
    _code("INS-21", 400, "Parameter validations failed. Please try again.", _ALL,
          "A parameter that has no code of its own does not fit, or the body, path or method can't be read.",
          "Send one JSON object to the documented path."),
    _never("INS-22", 400, "Invalid Operation Type",
           "No parameter names an operation; an unknown path or method is answered INS-21 (section 12)."),
    _code("INS-23", 400, "Unknown Status. Contact M-Pesa Support", _ONE["query_transaction_status"],
          "None of your payments has this reference.",
          "Query by TransactionID, ConversationID or ThirdPartyReference of your own application."),
    _code("INS-24", 400, "Invalid InitiatorIdentifier Used", _ONE["reversal"],
          "The InitiatorIdentifier is not one of the sandbox's test credentials.", "Send MPesa2018."),
    _code("INS-25", 400, "Invalid SecurityCredential Used", _ONE["reversal"],
          "The SecurityCredential is not one of the sandbox's test credentials.", "Send Mpesa2019."),
    _code("INS-26", 400, "Not authorized", _ALL,
          "You may not do this: the product is off, a limit is reached, the payment is another's, or the request comes "
          "from an untrusted source. output_error says which.",
          "See the application's configuration. In the sandbox the header Mkondo-Explanation has a limit's figures.",
          Resend.NEW_ID),
    _never("INS-993", 400, "Direct Debit Missing", "The six calls know no direct debit."),
    _never("INS-994", 400, "Direct Debit Already Exists", "The six calls know no direct debit."),
    _never("INS-995", 400, "Customer's Profile Has Problems", "A customer here has a wallet and a name, no profile."),
    _never("INS-996", 400, "Customer Account Status Not Active",
           "The ledger declines a locked wallet as it declines a wrong PIN, INS-6: the ending is the same."),
    _code("INS-997", 400, "Linking Transaction Not Found", _ONE["reversal"],
          "No payment has this TransactionID.", "Send the output_TransactionID of the payment."),
    _code("INS-998", 400, "Invalid Market", _ALL,
          "The application may not be used in Mozambique.", "Allow the market vodacomMOZ in the application."),
    _never("INS-2001", 400, "Initiator authentication error.",
           "Nobody is given credentials beside the API key; the sandbox's test credentials fail as INS-24 and INS-25."),
    _code("INS-2002", 400, "Receiver invalid.", _ONE["b2b_payment"],
          "In live, no organisation has the ReceiverPartyCode.", "Send the shortcode of the organisation to pay."),
    _code("INS-2006", 422, "Insufficient balance", _WRITES,
          "The debited account does not hold enough.", "Top the account up, then send a new request.", Resend.NEW_ID),
    _code("INS-2051", 400, "MSISDN invalid.", _CUSTOMERS,
          "The number's length or prefix does not fit: it must begin with 258, and in live go on with 84 or 85.",
          "Send 258 and the nine digits of the number, without +."),
    _never("INS-2057", 400, "Language code invalid", "No parameter names a language."),
)  # fmt: skip

NOT_TRUSTED = "Request source is not trusted"
"""Section 12's words."""

_LIMITS = "the merchant is not allowed to pay that much or that often; output_error names the limit"

RENAMED = (
    Renamed("INS-6", "INS-5", "this table tells a customer who says no from a wrong PIN", when="Cancelled"),
    Renamed("INS-1", "INS-16", "503 belongs to INS-16 here", when="503"),
    Renamed("INS-1", "INS-16", "too many requests is an overload too; output_error says whose", when="429", vague=True),
    Renamed("INS-13", "INS-2002", "of a receiver that is nobody's this table says more", when="unknown"),
    Renamed("INS-18", "INS-997", "a TransactionID of no payment is told from a malformed one", when="unknown"),
    Renamed("INS-28", "INS-19", "the merchant's id is the ThirdPartyReference here"),
    Renamed("INS-35", "INS-26", "reversing another's payment is what nobody is authorized to do", vague=True),
    Renamed("INS-45", "INS-14", "the sandbox's missing reference", vague=True),
    Renamed("INS-989", "INS-2", "the bearer is the API key itself: there is no session to be invalid"),
    Renamed("INS-989", "INS-26", "the key is right, but not from there", when=NOT_TRUSTED, vague=True),
    *(Renamed(f"INS-{number}", "INS-26", _LIMITS, vague=True) for number in range(990, 996)),
    Renamed(
        "INS-996", "INS-26", "the product is closed at this time; INS-996 means an inactive account here", vague=True
    ),
    Renamed("INS-997", "INS-26", "the product is off; INS-997 means an unknown payment here", vague=True),
)
"""Every code of the platform that this table lacks or means something else by."""

TABLE = CodeTable({row.code: row for row in _ROWS}, {(rename.code, rename.when): rename for rename in RENAMED})
