"""The few words that cases are written in: a call, what it answers, and the valid request that a case departs from.

Names of fields are short here: `Amount` is input_Amount. Read next: cases/payments.py.
"""

from collections.abc import Mapping

from mkondo.kit.case import ABSENT, Answer, Bearer, Call, Caller, Case, Fields, Grade, Need, Pushed, Setting, Step
from mkondo.kit.contract import ASK, CANCEL, CODES, COLLECT, OPERATIONS, UPDATE, told

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
    names = [f"input_{short}" for short in OPERATIONS[operation].fields.split()]
    fields = {name: _VALID[name] for name in names}
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
    own = [f"output_{short}" for short in row.keys.split()]
    conversation = (CONVERSATION, ECHO) if row.conversation else ()
    return tuple(key for key in (CODE, TEXT, *own, *conversation) if key != without)


USUAL_KEYS = (CODE, TEXT, TRANSACTION, CONVERSATION, ECHO)
PUSHED_ABOUT, PUSHED_ECHO = "input_OriginalConversationID", "input_ThirdPartyConversationID"
ACCEPTED_KEYS = (CODE, TEXT, CONVERSATION, ECHO)


def succeeds(operation: str, **values: str | bool) -> Answer:
    """Section 4's success; `values` by the short names of outputs."""
    return refuses(operation, OPERATIONS[operation].code, **values)


def refuses(operation: str, code: str, **values: str | bool) -> Answer:
    """A code of section 5 with the status and text that it has for this operation."""
    status, text = told(code, operation)
    return Answer(status, code, text, keys_of(operation), outputs(values))


def accepts(operation: str) -> Answer:
    """Section 12, "Asynchronous acceptance": the result comes later."""
    code = "INS-A-0" if operation == UPDATE else "INS-0"
    return Answer(OPERATIONS[operation].status, code, CODES[code][1], ACCEPTED_KEYS)


def pushes(operation: str, code: str = "INS-0") -> Pushed:
    """Section 6's callback for an operation that ends like this."""
    row = OPERATIONS[operation]
    _, text = told(code, operation)
    said = {f"input_{row.result}Code": code, f"input_{row.result}Desc": text}
    own = [f"input_{short}" for short in row.pushed.split()]
    return Pushed((PUSHED_ABOUT, *said, PUSHED_ECHO, *own), said)


def is_nobody(operation: str, text: str) -> Answer:
    """Section 12, "Who you are": 401 with the reason twice."""
    keys = (*keys_of(operation), ERROR)
    return Answer(
        401, "INS-989", text, keys, {TRANSACTION: NO_ID, ERROR: text} if TRANSACTION in keys else {ERROR: text}
    )


def outputs(values: Mapping[str, str | bool]) -> dict[str, str | bool]:
    return {f"output_{name}": value for name, value in values.items()}


def step(name: str, made: Call, status: int = 0, *, patient: bool = False) -> Step:
    """A step that succeeds, unless another status is wanted."""
    return Step(name, made, status or OPERATIONS[made.operation].status, patient)


def own(operation: str, **short: object) -> Call:
    """A call in a session that only this case uses: what others do in theirs counts for nothing."""
    return Call(operation, fields(**short), bearer=Bearer.OWN)


def after_that(operation: str, **short: object) -> Call:
    """A call in the session that this case opens next."""
    return Call(operation, fields(**short), bearer=Bearer.NEXT)


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
    pushed: Pushed | None = None,
) -> Case:
    """Its id is the operation, the code that must come back (or the status, without one), and a word of its own."""
    identity = f"{OPERATIONS[made.operation].prefix}-{answer.code or answer.status}-{slug}"
    calls = (made, *(each.call for each in steps))
    needed = {*needs, *(_CALLERS[each.caller] for each in calls if each.caller in _CALLERS)}
    if any(each.bearer is Bearer.RAW_SESSION and each.caller is Caller.FIRST for each in calls):
        needed.add(Need.COMPATIBLE)
    if setting is not None:
        needed.add(Need.MANAGEMENT)
    return Case(identity, title, section, grade, made, answer, steps, frozenset(needed), setting, pushed)


_CALLERS = {Caller.STRICT: Need.STRICT, Caller.LIVE: Need.LIVE}

__all__ = ["ABSENT", "Answer", "Bearer", "Call", "Caller", "Case", "Grade", "Need", "Setting", "Step"]
