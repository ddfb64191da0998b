"""Markets and environments: what differs between them (contract sections 1, 3 and 12). Read next: settings.py."""

from mkondo.kit.case import Call, Case, Grade, Need
from mkondo.kit.contract import B2C, C2B, NAME, OPERATIONS, SESSION
from mkondo.kit.phrases import Caller, call, case, refuses, succeeds

D, RULING, REPORTED = Grade.DOCUMENTED, Grade.RULING, Grade.REPORTED
LESOTHO = "vodacomLES"

CASES: tuple[Case, ...] = (
    *(
        case("market", "A market that does not exist", Call(operation, market="vodacomXXX"),
             refuses(operation, "INS-998"), "12", RULING)
        for operation in OPERATIONS
        if operation != SESSION
    ),
    case("market-lower-case", "A market is spelt as documented", Call(C2B, market="vodacomxxx"),
         refuses(C2B, "INS-998"), "12", RULING),
    case("market-before-fields", "The market is looked at before the fields",
         Call(C2B, {"input_Amount": "0"}, market="vodacomXXX"), refuses(C2B, "INS-998"), "5", RULING),
    case("lesotho", "Numbers of Lesotho have eleven digits", Call(C2B, market=LESOTHO), succeeds(C2B), "3", REPORTED,
         Need.LESOTHO),
    case("lesotho", "A customer of Lesotho has a name", Call(NAME, market=LESOTHO), succeeds(NAME), "3", REPORTED,
         Need.LESOTHO),
    case("lesotho-short", "Ten digits are no number of Lesotho",
         Call(C2B, {"input_CustomerMSISDN": "2665000000"}, market=LESOTHO), refuses(C2B, "INS-2051"), "3", REPORTED,
         Need.LESOTHO),
    case("lesotho-currency", "Another market's currency",
         Call(C2B, {"input_Currency": "TZS"}, market=LESOTHO), refuses(C2B, "INS-26"), "3", D, Need.LESOTHO),
    case("live", "A live customer pays", call(C2B, Caller.LIVE), succeeds(C2B), "12", RULING),
    case("live-shortcode", "In live an application uses its organisation's shortcodes only",
         call(C2B, Caller.LIVE, ServiceProviderCode="000000"), refuses(C2B, "INS-13"), "12", RULING),
    case("live-test-value", "Live has no test values, and their numbers are no customers",
         call(C2B, Caller.LIVE, CustomerMSISDN="000000000001"), refuses(C2B, "INS-2051"), "12", RULING),
    case("live-prefix", "In live a number has the market's prefix",
         call(C2B, Caller.LIVE, CustomerMSISDN="999700000001"), refuses(C2B, "INS-2051"), "12", RULING),
    case("live-unknown-customer", "In live nobody is paid who has no account",
         call(B2C, Caller.LIVE, CustomerMSISDN="255799999999"), refuses(B2C, "INS-2051"), "12", RULING),
)  # fmt: skip
