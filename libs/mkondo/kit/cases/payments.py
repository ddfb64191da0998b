"""C2B in one step, B2C and B2B: what moves money at once (contract section 4). Read next: two_step.py."""

from mkondo.kit.case import Case, Grade, Need
from mkondo.kit.contract import B2B, B2C, C2B
from mkondo.kit.phrases import call, case, refuses, step, succeeds

D, C, RULING = Grade.DOCUMENTED, Grade.CAPTURED, Grade.RULING

NAMED = {C2B: "A customer pays", B2C: "A customer is paid", B2B: "An organisation is paid"}

_EACH = tuple(
    each
    for operation, title in NAMED.items()
    for each in (
        case("once", f"{title}: five keys, a TransactionID, the id repeated", call(operation), succeeds(operation),
             "4", D),
        case("framed", f"{title}: the headers and the compact body that were captured", call(operation),
             succeeds(operation).framed(), "1", C),
        case("again", f"{title} once: the same ThirdPartyConversationID is refused",
             call(operation, ThirdPartyConversationID="<first.input_ThirdPartyConversationID>"),
             refuses(operation, "INS-10", TransactionID="N/A"), "5", C, steps=(step("first", call(operation)),)),
    )
)  # fmt: skip

CASES: tuple[Case, ...] = (
    *_EACH,
    case("poor", "A customer who owns too little is told so", call(C2B, CustomerMSISDN="<poor>", Amount="100.00"),
         refuses(C2B, "INS-2006"), "5", D, Need.POOR_CUSTOMER),
    case("short-till", "More than the shortcode owns is not paid out", call(B2C, Amount="999999999.00"),
         refuses(B2C, "INS-2006"), "5", RULING),
    case("short-till", "More than the paying shortcode owns is not paid over", call(B2B, Amount="999999999.00"),
         refuses(B2B, "INS-2006"), "5", RULING),
)  # fmt: skip
