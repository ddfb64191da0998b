"""Asynchronous mode: the acceptance, and the result that is pushed after it (contract sections 6 and 12).

The application is told to push every result; what admission refuses is answered at once all the same.
Read next: kit/coverage.py.
"""

from mkondo.kit.case import Bearer, Call, Case, Fields, Grade, Need, Setting
from mkondo.kit.contract import (
    ASK,
    B2B,
    B2C,
    C2B,
    CANCEL,
    COLLECT,
    CREATE,
    MULTI,
    NAME,
    OPERATIONS,
    REVERSAL,
    SESSION,
    STATUS,
    UPDATE,
)
from mkondo.kit.phrases import Step, accepts, call, case, pushes, refuses, succeeds

D, RULING = Grade.DOCUMENTED, Grade.RULING

ASYNCHRONOUS = Setting(
    "every result is pushed",
    {"asynchronous": [name for name in OPERATIONS if name != SESSION], "response_url": "<receiver>"},
)

_CUSTOMER, _REFERENCE, _TRANSACTION = "input_CustomerMSISDN", "input_ThirdPartyReference", "input_TransactionID"


def _value(number: int, digits: int) -> str:
    return str(number).zfill(digits)


GOOD: dict[str, Fields] = {
    C2B: {},
    MULTI: {},
    UPDATE: {_TRANSACTION: _value(1, 13)},
    B2C: {},
    B2B: {},
    REVERSAL: {_TRANSACTION: _value(1, 13)},
    STATUS: {"input_QueryReference": _value(1, 12)},
    NAME: {},
    CREATE: {},
    COLLECT: {_CUSTOMER: _value(1, 12)},
    ASK: {_REFERENCE: _value(1, 20)},
    CANCEL: {_REFERENCE: _value(1, 20)},
}
"""What ends well; a test value where there would have to be something before."""

BAD: tuple[tuple[str, str, Fields], ...] = (
    (C2B, "INS-2006", {_CUSTOMER: _value(8, 12)}),
    (C2B, "INS-9", {_CUSTOMER: _value(2, 12)}),
    (MULTI, "INS-6", {_CUSTOMER: _value(4, 12)}),
    (UPDATE, "INS-6", {_TRANSACTION: _value(3, 13)}),
    (B2C, "INS-1", {_CUSTOMER: _value(2, 12)}),
    (B2B, "INS-15", {"input_ReceiverPartyCode": _value(5, 6)}),
    (REVERSAL, "INS-35", {_TRANSACTION: _value(6, 13)}),
    (CREATE, "INS-6", {_CUSTOMER: _value(3, 12)}),
    (COLLECT, "INS-9", {_CUSTOMER: _value(4, 12)}),
    (ASK, "INS-6", {_REFERENCE: _value(3, 20)}),
    (CANCEL, "INS-6", {_REFERENCE: _value(3, 20)}),
)
"""Test values whose failure is pushed."""

_FIRST = Step("first", call(C2B), 201)

CASES: tuple[Case, ...] = (
    *(
        case("accepted", "The request is accepted with four keys, and its success is pushed", Call(operation, fields),
             accepts(operation), "6", D, Need.TEST_VALUES, setting=ASYNCHRONOUS, pushed=pushes(operation))
        for operation, fields in GOOD.items()
    ),
    *(
        case(f"failure-pushed-{code}", f"The request is accepted, and its {code} is pushed", Call(operation, fields),
             accepts(operation), "6", RULING, Need.TEST_VALUES, setting=ASYNCHRONOUS, pushed=pushes(operation, code))
        for operation, code, fields in BAD
    ),
    case("accepted-framed", "The headers and the compact body of an acceptance", call(C2B), accepts(C2B).framed(), "6",
         RULING, setting=ASYNCHRONOUS),
    case("refused-at-once", "What does not fit is answered at once", call(C2B, Amount="0"), refuses(C2B, "INS-15"),
         "12", RULING, setting=ASYNCHRONOUS),
    case("repeated-at-once", "A repeated id is answered at once",
         call(C2B, ThirdPartyConversationID="<first.input_ThirdPartyConversationID>"), refuses(C2B, "INS-10"), "12",
         RULING, steps=(_FIRST,), setting=ASYNCHRONOUS),
    case("session-at-once", "A session is answered at once",
         Call(SESSION, bearer=Bearer.API_KEY), succeeds(SESSION), "6", RULING, setting=ASYNCHRONOUS),
)  # fmt: skip
