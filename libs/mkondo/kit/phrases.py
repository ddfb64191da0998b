"""The few words that cases are written in: a call, what it answers, and the valid request that a case departs from.

Names of fields are short here: `Amount` is input_Amount. Read next: cases/payments.py.
"""

from collections.abc import Mapping

from mkondo.kit.case import ABSENT, Answer, Bearer, Call, Caller, Case, Fields, Grade, Need, Setting, Step
from mkondo.openapi.codes import status_of, text_of
from mkondo.openapi.operations import OPERATIONS

SESSION, C2B, MULTI, UPDATE = "get_session", "c2b_single_stage", "c2b_multi_stage", "update_transaction_status"
B2C, B2B, REVERSAL = "b2c_payment", "b2b_payment", "reversal"
STATUS, NAME = "query_transaction_status", "query_beneficiary_name"
CREATE, COLLECT, ASK, CANCEL = (
    "direct_debit_creation",
    "direct_debit_payment",
    "query_direct_debit",
    "direct_debit_cancel",
)

PREFIXES = {
    SESSION: "SESSION",
    C2B: "C2B",
    MULTI: "MULTI",
    UPDATE: "UPDATE",
    B2C: "B2C",
    B2B: "B2B",
    REVERSAL: "REVERSAL",
    STATUS: "STATUS",
    NAME: "NAME",
    CREATE: "DDCREATE",
    COLLECT: "DDPAY",
    ASK: "DDQUERY",
    CANCEL: "DDCANCEL",
}
"""What the ids of an operation's cases begin with."""

TEST_SHORTCODE = "000000"

_VALID: Fields = {
    "input_Amount": "10.00",
    "input_CustomerMSISDN": "<customer>",
    "input_Country": "<country>",
    "input_Currency": "<currency>",
    "input_ServiceProviderCode": "<shortcode>",
    "input_PrimaryPartyCode": "<shortcode>",
    "input_ReceiverPartyCode": "<receiver>",
    "input_TransactionReference": "T12344C",
    "input_ThirdPartyConversationID": "<id>",
    "input_PurchasedItemsDesc": "Two notebooks",
    "input_PaymentItemsDesc": "Salary payment",
    "input_APIVersion": "3.1",
    "input_VoucherCode": "TGS813",
    "input_TransactionID": "49XCD123F6",
    "input_QueryReference": "5C1400CVRO",
    "input_KycQueryType": "Name",
    "input_ThirdPartyReference": "<reference>",
    "input_AgreedTC": "1",
    "input_QueryBalanceAmount": "False",
}
"""A value for every field that some operation insists on. Payments and mandates named here exist nowhere."""

_EITHER = {COLLECT, ASK, CANCEL}
"""Name the customer by number, though they need not."""

NO_ID = "N/A"
CODE, TEXT, ERROR = "output_ResponseCode", "output_ResponseDesc", "output_error"
CONVERSATION, ECHO = "output_ConversationID", "output_ThirdPartyConversationID"
TRANSACTION = "output_TransactionID"


def valid_fields(operation: str) -> Fields:
    """A request of the operation that fits its grammar in every field."""
    row = OPERATIONS[operation]
    fields = {field.name: _VALID[field.name] for field in row.fields if field.mandatory}
    if operation in _EITHER:
        fields["input_CustomerMSISDN"] = "<customer>"
    if operation == UPDATE:
        fields["input_CustomerMSISDN"] = "1"
    return fields


def fields(**short: object) -> Fields:
    """`fields(Amount="1", Currency=ABSENT)`, with the prefix that the wire has."""
    return {f"input_{name}": value for name, value in short.items()}


def call(operation: str, caller: Caller = Caller.FIRST, **short: object) -> Call:
    return Call(operation, fields(**short), caller)


def keys_of(operation: str, *, without: str = "") -> tuple[str, ...]:
    """The keys of an operation's answers in the order of section 12."""
    row = OPERATIONS[operation]
    conversation = (CONVERSATION, ECHO) if row.conversation else ()
    return tuple(key for key in (CODE, TEXT, *row.outputs, *conversation) if key != without)


USUAL_KEYS = (CODE, TEXT, TRANSACTION, CONVERSATION, ECHO)
ACCEPTED_KEYS = (CODE, TEXT, CONVERSATION, ECHO)


def succeeds(operation: str, **values: str | bool) -> Answer:
    """Section 4's success; `values` by the short names of outputs."""
    row = OPERATIONS[operation]
    return Answer(row.ok_status, row.ok_code, text_of(row.ok_code, operation), keys_of(operation), outputs(values))


def refuses(operation: str, code: str, **values: str | bool) -> Answer:
    """A code of section 5 with the status and text that it has for this operation."""
    return Answer(status_of(code, operation), code, text_of(code, operation), keys_of(operation), outputs(values))


def is_nobody(operation: str, text: str) -> Answer:
    """Section 12, "Who you are": 401 with the reason twice."""
    keys = (*keys_of(operation), ERROR)
    return Answer(
        401, "INS-989", text, keys, {TRANSACTION: NO_ID, ERROR: text} if TRANSACTION in keys else {ERROR: text}
    )


def outputs(values: Mapping[str, str | bool]) -> dict[str, str | bool]:
    return {f"output_{name}": value for name, value in values.items()}


def step(name: str, made: Call, status: int = 0) -> Step:
    """A step that succeeds, unless another status is wanted."""
    return Step(name, made, status or OPERATIONS[made.operation].ok_status)


def case(
    slug: str,
    title: str,
    made: Call,
    answer: Answer,
    section: str,
    grade: Grade,
    *needs: Need,
    steps: tuple[Step, ...] = (),
    setting: Setting | None = None,
) -> Case:
    """Its id is the operation, the code that must come back (or the status, without one), and a word of its own."""
    identity = f"{PREFIXES[made.operation]}-{answer.code or answer.status}-{slug}"
    calls = (made, *(each.call for each in steps))
    needed = {*needs, *(_CALLERS[each.caller] for each in calls if each.caller in _CALLERS)}
    if any(each.bearer is Bearer.RAW_SESSION and each.caller is Caller.FIRST for each in calls):
        needed.add(Need.COMPATIBLE)
    if setting is not None:
        needed.add(Need.MANAGEMENT)
    return Case(identity, title, section, grade, made, answer, steps, frozenset(needed), setting)


_CALLERS = {Caller.STRICT: Need.STRICT, Caller.LIVE: Need.LIVE}

__all__ = ["ABSENT", "Answer", "Bearer", "Call", "Caller", "Case", "Grade", "Need", "Setting", "Step"]
