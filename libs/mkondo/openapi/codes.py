"""The reason codes of the M-Pesa OpenAPI: one table of what each means, costs and asks of the merchant.

Pure. Contract section 5 is the source of code, text, status and of which operation lists it; section 12 of the rest.
Answers, tests, the OpenAPI document and the portal's page of codes are all read from here. Inside the platform a code
always means what it means here; a profile with other numbers renames it on its way out. Read next: operations.py.
"""

from collections.abc import Mapping
from enum import Enum

import msgspec

GET_SESSION = "get_session"

_TWO_STEP = ("c2b_single_stage", "c2b_multi_stage", "update_transaction_status")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "S": (GET_SESSION,),
    "C": _TWO_STEP,  # section 12: multiStage has C2B's codes, update C2B's plus INS-18
    "B": ("b2c_payment",),
    "O": ("b2b_payment",),
    "R": ("reversal",),
    "Q": ("query_transaction_status",),
    "N": ("query_beneficiary_name",),
    "DC": ("direct_debit_creation",),
    "DP": ("direct_debit_payment",),
    "DQ": ("query_direct_debit",),
    "DX": ("direct_debit_cancel",),
    "U": ("update_transaction_status",),
}
"""The letters of section 5's columns, and U for what only update has."""

_READS = ("query_transaction_status", "query_beneficiary_name", "query_direct_debit")
_CALLS = "C B O R Q N DC DP DQ DX"
"""Every operation but getSession."""


class Resend(Enum):
    """May the merchant send the same ThirdPartyConversationID again? (Section 12, "Duplicates" and "Advice".)"""

    NOT_NEEDED = "Not needed: the request succeeded."
    SAME_ID = "Yes, once mended: the id was not used up."
    NEW_ID = "No: the id is used up. Send a corrected request with a new id."
    QUERY_FIRST = "Query by ThirdPartyConversationID first; if the payment is unknown, send again with the same id."


class Code(msgspec.Struct, frozen=True):
    """One reason code. `operations` list it in section 5, `also` by a ruling of section 12."""

    code: str
    status: int
    text: str
    operations: tuple[str, ...]
    cause: str
    mend: str
    resend: Resend
    also: tuple[str, ...] = ()
    statuses: dict[str, int] = {}
    texts: dict[str, str] = {}


def _operations(columns: str) -> tuple[str, ...]:
    return tuple(operation for column in columns.split() for operation in _COLUMNS[column])


def _code(
    code: str,
    status: int,
    text: str,
    columns: str,
    cause: str,
    mend: str,
    resend: Resend = Resend.SAME_ID,
    *,
    also: str = "",
    statuses: dict[str, int] | None = None,
    texts: dict[str, str] | None = None,
) -> Code:
    return Code(
        code, status, text, _operations(columns), cause, mend, resend, _operations(also), statuses or {}, texts or {}
    )


_EXPLAINED = "In the sandbox the header Mkondo-Explanation has the figures."

_ROWS = (
    _code("INS-0", 201, "Request processed successfully", f"S {_CALLS}",
          "The request was carried out, or accepted for an asynchronous result.", "Nothing to do.", Resend.NOT_NEEDED,
          statuses=dict.fromkeys((GET_SESSION, *_READS), 200)),
    _code("INS-GAR-0", 201, "Request processed successfully", "",
          "The two-step payment was committed or given up as asked.", "Nothing to do.", Resend.NOT_NEEDED, also="U"),
    _code("INS-A-0", 201, "Request processed successfully", "",
          "The decision about a two-step payment was accepted; the result follows.", "Wait for the callback.",
          Resend.NOT_NEEDED, also="U"),
    _code("INS-1", 400, "Internal Error", _CALLS,
          "The platform could not carry out or accept the request. With status 503 it is only busy; with 429 this "
          "address, or your application, asks too often.",
          "Wait as long as Retry-After says, if it is there.", Resend.QUERY_FIRST,
          also="S", statuses={"query_direct_debit": 500}),
    _code("INS-6", 401, "Transaction Failed", "C B O R Q N DC DP DX",
          "The payment was refused: a wrong PIN, a refusal on the handset, or a state that does not allow it.",
          "Ask the customer, then send a new request.", Resend.NEW_ID,
          also="DQ", texts={"direct_debit_cancel": "Mandate does not exist"}),
    _code("INS-9", 408, "Request timeout", _CALLS,
          "The customer or a system did not answer in time.", "Find out by a query how the payment ended.",
          Resend.QUERY_FIRST),
    _code("INS-10", 409, "Duplicate Transaction", "C B O R DC DP DQ DX",
          "This ThirdPartyConversationID was used before.",
          "Query by the id to see the first request's outcome; a new payment needs a new id.", Resend.NEW_ID),
    _code("INS-13", 400, "Invalid Shortcode Used", _CALLS,
          "A party code does not fit its grammar, or in live is not one of your organisation's, or is nobody's.",
          "Send 4 to 12 letters and digits: 000000 in the sandbox, your own shortcode in live; to pay an organisation, "
          "its shortcode."),
    _code("INS-15", 400, "Invalid Amount Used", "C B O R DC DP",
          "The amount is not a decimal number, is zero, or has more decimals than the currency.",
          "Send digits with at most one point, such as 10.00."),
    _code("INS-16", 503, "Service is not available", "",
          "The sandbox was asked to act as if the service were down.", "Wait, then try again.", Resend.QUERY_FIRST,
          also="C B O R Q DC DP DX"),
    _code("INS-17", 400, "Invalid Transaction Reference. Length Should Be Between 1 and 20.", "C B O DC DP DQ",
          "The reference does not fit its grammar.", "Send 1 to 20 letters, digits, spaces, _ or +."),
    _code("INS-18", 400, "Invalid TransactionID Used", "R",
          "The TransactionID does not fit its grammar, or no payment has it.",
          "Send the output_TransactionID of the payment.", also="U"),
    _code("INS-19", 400, "Invalid ThirdPartyReference Used", "DQ DX",
          "The ThirdPartyReference does not fit its grammar.", "Send 1 to 32 letters and digits.",
          texts={"direct_debit_cancel": "Invalid ThirdPartyReference Used."}),
    _code("INS-20", 400, "Not All Parameters Provided. Please try again.", _CALLS,
          "A mandatory parameter is absent or empty.", "Compare the request with the operation's list of parameters."),
    _code("INS-21", 400, "Parameter validations failed. Please try again.", _CALLS,
          "A parameter that has no code of its own does not fit, or the body, path or method can't be read.",
          "Send one JSON object to the documented path; input_Country must fit the market.", also="S"),
    _code("INS-23", 400, "Transaction not found. Contact M-Pesa Support", "Q",
          "None of your payments has this reference.",
          "Query by TransactionID, ConversationID or ThirdPartyConversationID of your own application."),
    _code("INS-26", 400, "Invalid Currency Used", "C B O DC DP DQ",
          "The currency is not the market's.", "Send the market's currency in capitals, such as TZS."),
    _code("INS-28", 400, "Invalid ThirdPartyConversationID Used", _CALLS,
          "The id does not fit its grammar; a hyphen is the usual reason.",
          "Send 1 to 40 letters, digits, spaces, _ or +: a UUID without its hyphens."),
    _code("INS-30", 400, "Invalid Purchased Items Description Used", "C O DC DP DX",
          "The description does not fit its grammar.",
          "Send 1 to 256 letters, digits, spaces, commas, _ or +; no hyphen."),
    _code("INS-31", 400, "Invalid Payment Items Description Used", "B",
          "The description does not fit its grammar.",
          "Send 1 to 256 letters, digits, spaces, commas, _ or +; no hyphen."),
    _code("INS-32", 400, "Invalid KYC Query Type Used", "N", "The query type is unknown.", "Send Name."),
    _code("INS-35", 400, "This transaction do not belong to you", "R",
          "The payment is another organisation's.", "Reverse only payments of your own.", Resend.NEW_ID),
    _code("INS-36", 400, "Invalid Agreed TC Used", "DC",
          "The agreement is not 0 or 1.", "Send 1 once the customer agreed to the terms."),
    _code("INS-39", 400, "Invalid First Payment Date Used", "DC",
          "The date is malformed, past, or not allowed without a frequency.", "Send YYYYMMDD, today or later."),
    _code("INS-40", 400, "Invalid Frequency Used", "DC", "The frequency is unknown.", "Send 01 to 08."),
    _code("INS-41", 400, "Invalid Start Range Days Used", "DC",
          "The day is malformed or not allowed with this frequency.", "Send 01 to 31 with frequencies 04 to 07 only."),
    _code("INS-42", 400, "Invalid End Range Days Used", "DC",
          "The day is malformed, before the start, or not allowed with this frequency.",
          "Send 01 to 31, not before the start day, with frequencies 04 to 07 only."),
    _code("INS-43", 400, "Invalid Expiry Date Used", "DC",
          "The date is malformed or before the first payment.", "Send YYYYMMDD after the first payment date."),
    _code("INS-45", 400, "Missing Reference", "",
          "The sandbox was asked to act as if the reference were missing.", "Nothing to mend: it is a test value.",
          also="Q"),
    _code("INS-50", 400, "MSISDN Token and MSISDN provided does not Match", "DP DQ DX",
          "Token and MSISDN name different customers.", "Send only one of them, or the token of this customer."),
    _code("INS-51", 400, "Invalid MandateID Used", "DP DQ DX",
          "The MandateID is malformed or unknown.", "Send the output_MandateID of the mandate's creation."),
    _code("INS-52", 400, "The MandateID used does not correspond to the ThirdPartyReference used.", "DP DQ DX",
          "The mandate was made under another reference.", "Send the reference the mandate was made with.",
          statuses={"query_direct_debit": 500}),
    _code("INS-54", 400, "Invalid BalanceAmount Used", "DQ",
          "The amount is not a decimal number.", "Send digits with at most one point."),
    _code("INS-55", 401, "BalanceAmount is Mandatory when QueryBalanceAmount is True", "DQ",
          "There is no amount to compare the balance with.", "Send input_BalanceAmount."),
    _code("INS-56", 401, "Invalid MSISDNToken Used", "DQ",
          "The token does not fit its grammar or is unknown.", "Send the output_MsisdnToken of an earlier answer."),
    _code("INS-57", 500, "Either MSISDN or MSISDNToken required", "DQ",
          "Nothing names the customer.", "Send input_CustomerMSISDN or input_MsisdnToken."),
    _code("INS-58", 400, "No Active Mandate found", "DQ",
          "The customer has no active mandate under this reference.", "Create a mandate first."),
    _code("INS-989", 401, "Session is invalid", "S",
          "The bearer is missing, not encrypted with the platform's key, unknown, expired, revoked or not live yet, "
          "or the request's source is not trusted.",
          "Get a new session key; wait for its activation; check the application's trusted sources.",
          also=_CALLS, statuses={GET_SESSION: 400}, texts={GET_SESSION: "Session Creation Failed"}),
    _code("INS-990", 400, "Customer Transaction Value Limit Breached", "C B O DC DP DX",
          "With this payment, and those that have not ended yet, one customer would have moved more in the market's "
          "day than the application's product allows, all its sessions together.",
          f"Wait for the market's next day, or move less. {_EXPLAINED}", Resend.NEW_ID),
    _code("INS-991", 400, "Customer Transaction Count Limit Breached", "C B O DC DP DX",
          "One customer has been named as often in the market's day as the application's product allows, all its "
          "sessions together.", f"Wait for the market's next day. {_EXPLAINED}", Resend.NEW_ID),
    _code("INS-992", 400, "Multiple Limits Breached", "C B O DC DP DX",
          "The request would pass limits of more than one of the codes INS-990 to INS-995.",
          f"Mend each of them. {_EXPLAINED}", Resend.NEW_ID),
    _code("INS-993", 400, "Organization Transaction Count Limit Breached", "C B O DC DP DX",
          "The session has made as many requests in the market's day as the product allows. Once it has, it stays shut "
          "over midnight too.", f"Get a new session key. {_EXPLAINED}", Resend.NEW_ID),
    _code("INS-994", 400, "Organization Transaction Value Limit Breached", "C B O DC DP DX",
          "With this payment, and those that have not ended yet, the session would have moved more in the market's day "
          "than the product allows. Once it has moved all of it, it stays shut over midnight too.",
          f"Get a new session key, or move less. {_EXPLAINED}", Resend.NEW_ID),
    _code("INS-995", 400, "API Single Transaction Limit Breached", "C B O DC DP DX",
          "The amount is above what one payment may move, or the product's value limits do not name this currency.",
          f"Send a smaller amount, or give the currency a ceiling in the application's limits. {_EXPLAINED}",
          Resend.NEW_ID),
    _code("INS-996", 400, "API Being Used Outside Of Usage Time", "C B O R Q N DC DP DX",
          "The product is not open at this time of the market's day.",
          f"Call within the product's usage time. {_EXPLAINED}"),
    _code("INS-997", 400, "API Not Enabled", _CALLS,
          "The product is not switched on for the application or the organisation in this market.",
          "Switch the product on, in the application and at the organisation."),
    _code("INS-998", 400, "Invalid Market", _CALLS,
          "The path names no market, or one the application may not use.", "Send a market of contract section 1."),
    _code("INS-2006", 422, "Insufficient balance", "C B O R DC DP DQ DX",
          "The debited account does not hold enough.", "Top the account up, then send a new request.", Resend.NEW_ID),
    _code("INS-2051", 400, "MSISDN invalid.", "C B N DC DP DQ DX",
          "The number's length or prefix does not fit the market.",
          "Send the full international number as digits, without +.",
          texts={"query_beneficiary_name": "2051 MSISDN invalid."}),
)  # fmt: skip

TRANSPORT: dict[int, str] = {
    404: "INS-21",
    405: "INS-21",
    413: "INS-21",
    415: "INS-21",
    429: "INS-1",
    503: "INS-1",
}
"""What is answered before an operation is looked at (section 12, "Transport"); 404 to 429 and 503 use up no id."""

TOO_MANY: dict[str, str] = {
    "address": "Too many requests from this address. Please try again.",
    "application": "Too many requests of this application. Please try again.",
}
"""What 429 says, by what the rate is of (adapters/http/rates.py)."""

CODES: dict[str, Code] = {row.code: row for row in _ROWS}


def status_of(code: str, operation: str = "") -> int:
    """As the M-Pesa OpenAPI answers it."""
    return OPENAPI.status_of(code, operation)


def text_of(code: str, operation: str = "") -> str:
    """As the M-Pesa OpenAPI answers it."""
    return OPENAPI.text_of(code, operation)


def codes_of(operation: str) -> tuple[Code, ...]:
    """Every code an operation may answer, in the table's order."""
    return tuple(code for code in _ROWS if operation in code.operations or operation in code.also)


class Renamed(msgspec.Struct, frozen=True):
    """What a profile calls a code of this table, and why. `when` narrows it to one circumstance: the status of a failed
    payment, the words of a refusal, or the transport's HTTP status. `vague`: the words of `to` say less than ours,
    which stand in `output_error` then."""

    code: str
    to: str
    why: str
    when: str = ""
    vague: bool = False


class CodeTable(msgspec.Struct, frozen=True):
    """The codes that a profile's answers hold, by name, and how it gets there from the platform's own."""

    rows: Mapping[str, Code]
    renamed: Mapping[tuple[str, str], Renamed] = {}

    def name_of(self, code: str, circumstance: str = "") -> str:
        """The code on the wire."""
        found = self.find(code, circumstance)
        return code if found is None else found.to

    def find(self, code: str, circumstance: str) -> Renamed | None:
        """A circumstance of its own comes before the rule for all of them."""
        return self.renamed.get((code, circumstance)) or self.renamed.get((code, ""))

    def status_of(self, name: str, operation: str = "") -> int:
        """The HTTP status of a code in an operation's answer. A code that is not in the table answers 400."""
        known = self.rows.get(name)
        return known.statuses.get(operation, known.status) if known else 400

    def text_of(self, name: str, operation: str = "") -> str:
        """The ResponseDesc of a code in an operation's answer. A code that is not in the table has INS-1's."""
        known = self.rows.get(name) or self.rows["INS-1"]
        return known.texts.get(operation, known.text)


OPENAPI = CodeTable(CODES)
