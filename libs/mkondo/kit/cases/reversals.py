"""Reversal, whole and partial, and everything that can't be reversed (contract sections 4 and 12).

Read next: queries.py.
"""

from mkondo.kit.case import Call, Case, Grade, Need
from mkondo.kit.contract import B2B, B2C, C2B, REVERSAL, STATUS
from mkondo.kit.phrases import Caller, call, case, fields, refuses, step, succeeds

D, C, VERIFIED, RULING = Grade.DOCUMENTED, Grade.CAPTURED, Grade.VERIFIED, Grade.RULING

_PAID = step("paid", call(C2B, Amount="10.00"))
_OF_PAID = fields(TransactionID="<paid.output_TransactionID>")
_WHOLE = Call(REVERSAL, _OF_PAID)
_PART = Call(REVERSAL, {**_OF_PAID, "input_ReversalAmount": "4.00"})
_REVERSED = step("back", _WHOLE)

CASES: tuple[Case, ...] = (
    case("whole", "A payment is given back; the answer's TransactionID is the reversal's own", _WHOLE,
         succeeds(REVERSAL), "4", D, steps=(_PAID,)),
    case("framed", "The headers and the compact body that were captured", _WHOLE, succeeds(REVERSAL).framed(), "1", C,
         steps=(_PAID,)),
    case("part", "A part of a payment is given back", _PART, succeeds(REVERSAL), "4", D, steps=(_PAID,)),
    case("rest", "Without an amount all that remains is given back", _WHOLE, succeeds(REVERSAL), "4", D,
         steps=(_PAID, step("part", _PART))),
    *(
        case(f"of-{name}", f"A {name.upper()} payment is given back", _WHOLE, succeeds(REVERSAL), "4", D,
             steps=(step("paid", call(operation)),))
        for name, operation in (("b2c", B2C), ("b2b", B2B))
    ),
    case("too-much", "More than was paid", Call(REVERSAL, {**_OF_PAID, "input_ReversalAmount": "10.01"}),
         refuses(REVERSAL, "INS-15"), "12", RULING, steps=(_PAID,)),
    case("more-than-remains", "More than remains after a part was given back",
         Call(REVERSAL, {**_OF_PAID, "input_ReversalAmount": "6.01"}), refuses(REVERSAL, "INS-15"), "12", RULING,
         steps=(_PAID, step("part", _PART))),
    case("twice", "What was given back whole can't be given back again", _WHOLE, refuses(REVERSAL, "INS-6"), "12",
         RULING, steps=(_PAID, _REVERSED)),
    case("of-reversal", "A reversal can't be reversed", call(REVERSAL, TransactionID="<back.output_TransactionID>"),
         refuses(REVERSAL, "INS-6"), "12", RULING, steps=(_PAID, _REVERSED)),
    case("of-failed", "A payment that failed has nothing to give back", _WHOLE, refuses(REVERSAL, "INS-6"), "12",
         RULING, Need.TEST_VALUES, steps=(step("paid", call(C2B, CustomerMSISDN="000000000008"), 422),)),
    case("unknown", "A TransactionID that nobody has", call(REVERSAL), refuses(REVERSAL, "INS-18"), "12", RULING),
    case("foreign", "Another application's payment", _WHOLE, refuses(REVERSAL, "INS-35"), "12", RULING,
         Need.TWO_APPLICATIONS, steps=(step("paid", call(C2B, Caller.STRICT)),)),
    case("again", "The same ThirdPartyConversationID is refused",
         Call(REVERSAL, {**_OF_PAID, "input_ThirdPartyConversationID": "<back.input_ThirdPartyConversationID>"}),
         refuses(REVERSAL, "INS-10", TransactionID="N/A"), "5", D, steps=(_PAID, _REVERSED)),
    case("reversed-whole", "A payment that was given back whole is Completed and reversed",
         call(STATUS, QueryReference="<paid.output_TransactionID>"),
         succeeds(STATUS, ResponseTransactionStatus="Completed", Reversed="True"), "4", D, steps=(_PAID, _REVERSED)),
    case("reversed-part", "A payment that was given back in part is not reversed",
         call(STATUS, QueryReference="<paid.output_TransactionID>"),
         succeeds(STATUS, ResponseTransactionStatus="Completed", Reversed="False"), "4", RULING,
         steps=(_PAID, step("part", _PART))),
)  # fmt: skip
