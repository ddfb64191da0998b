"""Direct debit: mandates are created, collected under, asked about and cancelled (contract sections 4, 5 and 12).

Read next: mandate_terms.py.
"""

from mkondo.kit.case import ABSENT, Call, Case, Grade, Need
from mkondo.kit.contract import ASK, CANCEL, COLLECT, CREATE, STATUS
from mkondo.kit.phrases import Caller, call, case, fields, refuses, step, succeeds

D, C, RULING = Grade.DOCUMENTED, Grade.CAPTURED, Grade.RULING

_MADE = step("made", call(CREATE))
_TOKEN, _MANDATE = "<made.output_MsisdnToken>", "<made.output_MandateID>"
_BY_TOKEN = fields(CustomerMSISDN=ABSENT, MsisdnToken=_TOKEN)
_CANCELLED = step("ended", call(CANCEL))
_STRANGER = "255799999999"
_OTHER_REFERENCE = fields(ThirdPartyReference="other<reference>", MandateID=_MANDATE)

_ABOUT_A_MANDATE = tuple(
    each
    for operation in (COLLECT, ASK, CANCEL)
    for each in (
        case("by-number", "The customer is named by number", call(operation),
             succeeds(operation, MsisdnToken=_TOKEN), "4", D, steps=(_MADE,)),
        case("by-token", "The customer is named by token only", Call(operation, _BY_TOKEN),
             succeeds(operation, MsisdnToken=_TOKEN), "4", D, steps=(_MADE,)),
        case("by-both", "Number and token of the same customer", call(operation, MsisdnToken=_TOKEN),
             succeeds(operation, MsisdnToken=_TOKEN), "4", D, steps=(_MADE,)),
        case("by-mandate", "The mandate is named by its id too", call(operation, MandateID=_MANDATE),
             succeeds(operation, MsisdnToken=_TOKEN), "4", D, steps=(_MADE,)),
        case("framed", "The headers and the compact body that were captured", call(operation),
             succeeds(operation).framed(), "1", C, steps=(_MADE,)),
        case("again", "The same ThirdPartyConversationID is refused",
             call(operation, ThirdPartyConversationID="<first.input_ThirdPartyConversationID>"),
             refuses(operation, "INS-10"), "5", D, steps=(_MADE, step("first", call(operation)))),
        case("token-mismatch", "Number and token name different customers",
             call(operation, MsisdnToken=_TOKEN, CustomerMSISDN=_STRANGER), refuses(operation, "INS-50"), "5", D,
             steps=(_MADE,)),
        case("mandate-unknown", "A MandateID that nobody was given", call(operation, MandateID="999999999999"),
             refuses(operation, "INS-51"), "12", RULING, steps=(_MADE,)),
        case("mandate-other-reference", "A mandate of another reference", Call(operation, _OTHER_REFERENCE),
             refuses(operation, "INS-52"), "5", D, steps=(_MADE,)),
    )
)  # fmt: skip

CASES: tuple[Case, ...] = (
    case("once", "A mandate has an id, a token and a reference", call(CREATE), succeeds(CREATE), "4", D),
    case("framed", "The headers and the compact body that were captured", call(CREATE), succeeds(CREATE).framed(), "1",
         C),
    case("again", "The same ThirdPartyConversationID is refused",
         call(CREATE, ThirdPartyConversationID="<made.input_ThirdPartyConversationID>"),
         refuses(CREATE, "INS-10", TransactionReference="N/A", MsisdnToken="N/A", MandateID="N/A"), "5", C,
         steps=(_MADE,)),
    *_ABOUT_A_MANDATE,
    case("none", "Without a mandate nothing is collected", call(COLLECT), refuses(COLLECT, "INS-6"), "12", RULING),
    case("cancelled", "Nothing is collected under a cancelled mandate", call(COLLECT), refuses(COLLECT, "INS-6"), "12",
         RULING, steps=(_MADE, _CANCELLED)),
    case("unapproved", "Nothing is collected before the customer agreed", call(COLLECT), refuses(COLLECT, "INS-6"),
         "12", RULING, steps=(step("made", call(CREATE, AgreedTC="0")),)),
    case("not-due", "Nothing is collected before the first date", call(COLLECT), refuses(COLLECT, "INS-6"), "12",
         RULING, steps=(step("made", call(CREATE, Frequency="04", FirstPaymentDate="20991201")),)),
    case("once-only", "A mandate for one payment is used up by it", call(COLLECT), refuses(COLLECT, "INS-6"), "12",
         RULING, steps=(step("made", call(CREATE, Frequency="01")), step("first", call(COLLECT)))),
    case("same-period", "A monthly mandate is collected once in its first month", call(COLLECT),
         refuses(COLLECT, "INS-6"), "12", RULING,
         steps=(step("made", call(CREATE, Frequency="04")), step("first", call(COLLECT)))),
    case("on-demand", "A mandate on demand is collected as often as one likes", call(COLLECT), succeeds(COLLECT), "4",
         D, steps=(step("made", call(CREATE, Frequency="08")), step("first", call(COLLECT)))),
    case("poor", "A customer who owns too little is told so", call(COLLECT, CustomerMSISDN="<poor>", Amount="100.00"),
         refuses(COLLECT, "INS-2006"), "5", D, Need.POOR_CUSTOMER,
         steps=(step("made", call(CREATE, CustomerMSISDN="<poor>")),)),
    case("given-back", "A collection that failed does not use the mandate up",
         call(COLLECT, CustomerMSISDN="<poor>", Amount="0.01"), succeeds(COLLECT), "12", RULING, Need.POOR_CUSTOMER,
         steps=(step("made", call(CREATE, CustomerMSISDN="<poor>", Frequency="01")),
                step("first", call(COLLECT, CustomerMSISDN="<poor>", Amount="100.00"), 422))),
    case("token-unknown", "A token that nobody was given matches nobody",
         call(COLLECT, CustomerMSISDN=ABSENT, MsisdnToken="nobodyhasthis"), refuses(COLLECT, "INS-50"), "12", RULING),
    case("token-unknown", "A token that nobody was given",
         call(ASK, CustomerMSISDN=ABSENT, MsisdnToken="nobodyhasthis"),
         refuses(ASK, "INS-56"), "5", D),
    case("none", "No mandate under this reference", call(ASK), refuses(ASK, "INS-58"), "5", D),
    case("cancelled", "A cancelled mandate is not active", call(ASK), refuses(ASK, "INS-58"), "5", D,
         steps=(_MADE, _CANCELLED)),
    case("cancelled-by-id", "By its id a cancelled mandate is still found", call(ASK, MandateID=_MANDATE),
         succeeds(ASK, MandateStatus="Cancelled"), "12", RULING, steps=(_MADE, _CANCELLED)),
    case("unapproved", "A mandate that the customer has yet to agree to", call(ASK),
         succeeds(ASK, MandateStatus="Pending Approval"), "7", RULING,
         steps=(step("made", call(CREATE, AgreedTC="0")),)),
    case("terms", "The terms are told as they were agreed", call(ASK),
         succeeds(ASK, MandateStatus="Active", AccountStatus="Active", FirstPaymentDate="20990105", Frequency="04",
                  PaymentDayFrom="01", PaymentDayTo="22", ExpiryDate="20991231", MandateID=_MANDATE), "4", D,
         steps=(step("made", call(CREATE, Frequency="04", FirstPaymentDate="20990105", StartRangeOfDays="01",
                                  EndRangeOfDays="22", ExpiryDate="20991231")),)),
    case("no-terms", "What was not agreed is N/A", call(ASK),
         succeeds(ASK, FirstPaymentDate="N/A", Frequency="N/A", PaymentDayFrom="N/A", PaymentDayTo="N/A",
                  ExpiryDate="N/A", SufficientBalance="N/A"), "4", RULING, steps=(_MADE,)),
    case("enough", "A balance that is there is the JSON boolean true",
         call(ASK, QueryBalanceAmount="True", BalanceAmount="0.01"), succeeds(ASK, SufficientBalance=True), "4", RULING,
         steps=(_MADE,)),
    case("not-enough", "A balance that is not there is the JSON boolean false",
         call(ASK, QueryBalanceAmount="True", BalanceAmount="99999999999"), succeeds(ASK, SufficientBalance=False), "4",
         RULING, steps=(_MADE,)),
    case("foreign", "Another application's mandate is not found", call(ASK), refuses(ASK, "INS-58"), "12", RULING,
         Need.TWO_APPLICATIONS, steps=(step("made", call(CREATE, Caller.STRICT)),)),
    case("none", "A mandate that does not exist", call(CANCEL), refuses(CANCEL, "INS-6"), "5", D),
    case("twice", "What was cancelled can't be cancelled again", call(CANCEL), refuses(CANCEL, "INS-6"), "5", RULING,
         steps=(_MADE, _CANCELLED)),
    case("foreign", "Another application's mandate can't be cancelled", call(CANCEL), refuses(CANCEL, "INS-6"), "12",
         RULING, Need.TWO_APPLICATIONS, steps=(step("made", call(CREATE, Caller.STRICT)),)),
    case("token-unknown", "A token that nobody was given matches nobody",
         call(CANCEL, CustomerMSISDN=ABSENT, MsisdnToken="nobodyhasthis"), refuses(CANCEL, "INS-50"), "12", RULING),
    case("collected", "A collection is a payment that a query finds",
         call(STATUS, QueryReference="<paid.output_TransactionID>"),
         succeeds(STATUS, ResponseTransactionStatus="Completed", Reversed="False"), "4", D,
         steps=(_MADE, step("paid", call(COLLECT)))),
)  # fmt: skip
