"""Query transaction status and beneficiary name: reads, which use up no id (contract sections 4, 5 and 12).

Read next: direct_debits.py.
"""

from mkondo.kit.case import Case, Grade, Need
from mkondo.kit.contract import C2B, NAME, STATUS
from mkondo.kit.phrases import Caller, call, case, refuses, step, succeeds

D, C, S, RULING = Grade.DOCUMENTED, Grade.CAPTURED, Grade.SOURCE, Grade.RULING

_PAID = step("paid", call(C2B))
_COMPLETED = succeeds(
    STATUS,
    ResponseTransactionStatus="Completed",
    OriginalTransactionID="<paid.output_TransactionID>",
    Reversed="False",
)
_BY = {
    "transaction": ("output_TransactionID", "TransactionID", D),
    "conversation": ("output_ConversationID", "ConversationID of the OpenAPI", D),
    "own-id": ("input_ThirdPartyConversationID", "ThirdPartyConversationID", D),
}
_FORCED = {"Declined": ("8", 422), "Failed": ("5", 400), "Expired": ("2", 408)}

CASES: tuple[Case, ...] = (
    *(
        case(f"by-{name}", f"A payment is found by its {what}, right after it was answered",
             call(STATUS, QueryReference=f"<paid.{key}>"), _COMPLETED, "4", grade, steps=(_PAID,))
        for name, (key, what, grade) in _BY.items()
    ),
    case("framed", "The headers and the compact body that were captured",
         call(STATUS, QueryReference="<paid.output_TransactionID>"), _COMPLETED.framed(), "1", C, steps=(_PAID,)),
    *(
        case(f"payment-{status.lower()}", f"A payment of test value {value} is {status}",
             call(STATUS, QueryReference="<paid.input_ThirdPartyConversationID>"),
             succeeds(STATUS, ResponseTransactionStatus=status, Reversed="False"), "12", RULING, Need.TEST_VALUES,
             steps=(step("paid", call(C2B, CustomerMSISDN=value.zfill(12)), answered),))
        for status, (value, answered) in _FORCED.items()
    ),
    case("reuses-id", "A query may reuse an id, even the payment's own",
         call(STATUS, QueryReference="<paid.output_TransactionID>",
              ThirdPartyConversationID="<paid.input_ThirdPartyConversationID>"),
         _COMPLETED, "5", RULING, steps=(_PAID,)),
    case("unknown", "A reference that nothing has", call(STATUS), refuses(STATUS, "INS-23"), "5", D),
    case("foreign", "Another application's payment is not found",
         call(STATUS, QueryReference="<paid.output_TransactionID>"), refuses(STATUS, "INS-23"), "12", RULING,
         Need.TWO_APPLICATIONS, steps=(step("paid", call(C2B, Caller.STRICT)),)),
    case("refused-is-no-payment", "What was refused for a field can't be found",
         call(STATUS, QueryReference="<refused.input_ThirdPartyConversationID>"), refuses(STATUS, "INS-23"), "12",
         RULING, steps=(step("refused", call(C2B, Amount="0"), 400),)),
    case("wide-id", "A ThirdPartyConversationID with an underscore may be asked for",
         call(STATUS, QueryReference="<paid.input_ThirdPartyConversationID>"), _COMPLETED, "12", RULING,
         Need.COMPATIBLE, steps=(step("paid", call(C2B, ThirdPartyConversationID="my_<reference>")),)),
    case("wide-id-strict", "In strict mode a reference is 1 to 32 letters and digits",
         call(STATUS, Caller.STRICT, QueryReference="my_id"), refuses(STATUS, "INS-21"), "12", RULING),
    case("once", "A customer's first and last name", call(NAME), succeeds(NAME), "4", D),
    case("framed", "The headers and the compact body that were captured", call(NAME), succeeds(NAME).framed(), "1", C),
    case("reuses-id", "A query of a name may reuse an id",
         call(NAME, ThirdPartyConversationID="<first.input_ThirdPartyConversationID>"), succeeds(NAME), "5", RULING,
         steps=(step("first", call(NAME)),)),
    case("same-name", "A number has the same name whenever one asks", call(NAME),
         succeeds(NAME, CustomerFirstName="<first.output_CustomerFirstName>",
                  CustomerLastName="<first.output_CustomerLastName>"), "4", RULING, steps=(step("first", call(NAME)),)),
)  # fmt: skip
