"""What real clients send and a server must take (contract section 10), numbered as there; and what strict mode refuses.

Read next: whose.py.
"""

from mkondo.kit.case import ABSENT, Bearer, Call, Case, Grade, Need
from mkondo.kit.contract import ASK, B2C, C2B, CODES, CREATE, NAME, REVERSAL, SESSION, STATUS
from mkondo.kit.phrases import NO_ID, TRANSACTION, Answer, Caller, call, case, fields, keys_of, refuses, step, succeeds

VERIFIED, REPORTED, RULING = Grade.VERIFIED, Grade.REPORTED, Grade.RULING
COMPATIBLE = Need.COMPATIBLE

_PAID, _MADE = step("paid", call(C2B)), step("made", call(CREATE))
_STATUS = {"input_QueryReference": "<paid.output_TransactionID>"}
_COMPLETED = succeeds(STATUS, ResponseTransactionStatus="Completed")
_IN_BODY, _LEAKED = "{<members>}", "input_Amount=1&input_VoucherCode=x&other=y&<query>"


def _pays(slug: str, title: str, number: int, **short: object) -> Case:
    return case(f"10-{number}-{slug}", title, Call(C2B, fields(**short)), succeeds(C2B), "10", VERIFIED)


def _missed(status: int, operation: str, allow: str = "") -> Answer:
    """As if the compatible way in were not there."""
    keys = keys_of(operation)
    values = {TRANSACTION: NO_ID} if TRANSACTION in keys else {}
    return Answer(status, "INS-21", CODES["INS-21"][1], keys, values, {"output_ThirdPartyConversationID": ".*"},
                  {"allow": allow} if allow else {})  # fmt: skip


_ONE = (
    *(
        case(f"10-1-{slug}", title, Call(STATUS, _STATUS, query=query, body=body), _COMPLETED, "10", VERIFIED,
             steps=(_PAID,))
        for slug, title, query, body in (
            ("body", "A GET with a JSON body and no query string", "", _IN_BODY),
            ("both", "Of query string and body the query string counts", None, None),
            ("query-wins", "A body beside a query string is not read", "<query>", '{"input_Country":"KEN"}'),
        )
    ),
    case("10-1-body", "A GET with a JSON body and no query string", Call(NAME, query="", body=_IN_BODY), succeeds(NAME),
         "10", VERIFIED),
    case("10-1-body", "A GET with a JSON body and no query string", Call(ASK, query="", body=_IN_BODY), succeeds(ASK),
         "10", VERIFIED, steps=(_MADE,)),
    case("10-1-omitempty", "Parameter names with a trailing ,omitempty",
         Call(STATUS, {**_STATUS, "input_QueryReference": ABSENT,
                       "input_QueryReference,omitempty": "<paid.output_TransactionID>"}), _COMPLETED, "10", VERIFIED,
         steps=(_PAID,)),
    case("10-1-omitempty-empty", "An empty parameter with ,omitempty counts as absent",
         Call(ASK, {"input_MandateID,omitempty": "", "input_MsisdnToken,omitempty": ""}), succeeds(ASK), "10", VERIFIED,
         steps=(_MADE,)),
    case("10-1-kyc-spelling", "input_KYCQueryType is input_KycQueryType",
         Call(NAME, {"input_KycQueryType": ABSENT, "input_KYCQueryType": "Name"}), succeeds(NAME), "10", VERIFIED),
    case("10-1-empty-optional", "An empty value counts as absent", call(ASK, MandateID="", MsisdnToken=""),
         succeeds(ASK), "10", VERIFIED, steps=(_MADE,)),
    case("10-1-null", "null counts as absent", call(C2B, Amount=None), refuses(C2B, "INS-20"), "10", RULING),
)  # fmt: skip

_TWO = tuple(
    case(f"10-2-{slug}", title, Call(operation, path=path), answer, "10", VERIFIED, steps=steps)
    for slug, title, operation, path, answer, steps in (
        ("double-slash", "Double slashes in the path", C2B, "//<root>//c2bPayment//singleStage//", succeeds(C2B), ()),
        ("no-slash", "No slash at the end, and no redirect", C2B, "/<root>/c2bPayment/singleStage", succeeds(C2B), ()),
        ("no-slash", "No slash at the end, and no redirect", CREATE, "/<root>/directDebitCreation", succeeds(CREATE),
         ()),
        ("no-slash", "No slash at the end of a GET", NAME, "/<root>/queryBeneficiaryName", succeeds(NAME), ()),
        ("double-slash", "Double slashes in a GET's path", NAME, "//<root>/queryBeneficiaryName//", succeeds(NAME), ()),
    )
)  # fmt: skip

_THREE = (
    case("10-3-unknown", "Fields that nobody knows are ignored",
         Call(C2B, {"input_Nothing": "1", "x": {"y": []}, "z": None, "": 1}), succeeds(C2B), "10", VERIFIED),
    case("10-3-leaked", "Fields of earlier calls are ignored",
         call(C2B, TransactionID="x!", ReversalAmount="-1", VoucherCode="!", APIVersion="9", ThirdPartyReference="!"),
         succeeds(C2B), "10", VERIFIED),
    case("10-3-leaked", "Parameters of earlier calls are ignored", Call(STATUS, _STATUS, query=_LEAKED), _COMPLETED,
         "10", VERIFIED, steps=(_PAID,)),
    *(
        case(f"10-3-{slug}", title, Call(C2B, headers=headers), succeeds(C2B), "10", VERIFIED)
        for slug, title, headers in (
            ("no-content-type", "No Content-Type", {"Content-Type": None}),
            ("other-content-type", "Another Content-Type", {"Content-Type": "text/plain"}),
            ("charset", "A Content-Type with a charset", {"Content-Type": "application/json; charset=utf-8"}),
            ("no-accept", "No Accept", {"Accept": None}),
            ("other-accept", "An Accept of something else", {"Accept": "text/html"}),
            ("no-origin", "No Origin", {"Origin": None}),
            ("other-origin", "Another Origin", {"Origin": "https://merchant.example"}),
            ("host", "The Host of the real platform", {"Host": "openapi.m-pesa.com"}),
            ("host-port", "The Host of the real platform with its port", {"Host": "openapi.m-pesa.com:443"}),
        )
    ),
    case("10-3-no-content-type", "No Content-Type on a GET", Call(NAME, headers={"Content-Type": None}), succeeds(NAME),
         "10", VERIFIED),
)  # fmt: skip

_NUMBERS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("agreed", "AgreedTC as a number", {"AgreedTC": 1}),
    ("frequency", "Frequency as a number of one digit", {"Frequency": 6}),
    ("frequency-text", "Frequency as a text of one digit", {"Frequency": "6"}),
    ("days", "Days as numbers of one digit", {"Frequency": 4, "StartRangeOfDays": 1, "EndRangeOfDays": 9}),
    ("date", "A date as a number", {"Frequency": "04", "FirstPaymentDate": 20990105}),
)

_FOUR = (
    *(
        _pays(slug, f"An amount written as {amount!r}", 4, Amount=amount)
        for slug, amount in (("integer", 5000), ("float", 10.0), ("one", 1), ("cents-float", 0.5), ("point", ".5"),
                             ("one-decimal", "10.0"), ("no-decimals", "10"), ("zeros", "0010.00"))
    ),
    _pays("number", "A TransactionReference as a number", 4, TransactionReference=12345),
    case("10-4-number-id", "A ThirdPartyConversationID as a number",
         Call(C2B, {"input_ThirdPartyConversationID": ABSENT},
              body='{<members>,"input_ThirdPartyConversationID":<digits>}'),
         succeeds(C2B, ThirdPartyConversationID="<digits>"), "10", VERIFIED),
    *(
        case(f"10-4-{slug}", title, Call(CREATE, fields(**short)), succeeds(CREATE), "10", VERIFIED)
        for slug, title, short in _NUMBERS
    ),
    case("10-4-padded", "A frequency of one digit is told with two", call(ASK), succeeds(ASK, Frequency="06"), "10",
         VERIFIED, steps=(step("made", call(CREATE, Frequency=6)),)),
    *(
        case(f"10-4-flag-{text}", f"A flag spelt {text}", call(ASK, QueryBalanceAmount=text, BalanceAmount="0.01"),
             succeeds(ASK, SufficientBalance=wanted), "10", VERIFIED, steps=(_MADE,))
        for text, wanted in (("true", True), ("True", True), ("false", "N/A"), ("False", "N/A"))
    ),
    case("10-4-flag-boolean", "A flag as a JSON boolean",
         Call(ASK, {"input_QueryBalanceAmount": True, "input_BalanceAmount": 1}, query="", body=_IN_BODY),
         succeeds(ASK, SufficientBalance=True), "10", VERIFIED, steps=(_MADE,)),
    case("10-4-exponent", "A number with an exponent is no amount", Call(C2B, body='{<members>}',
         fields={"input_Amount": 1e22}), refuses(C2B, "INS-15"), "10", RULING),
    case("10-4-boolean-amount", "A boolean is no amount", call(C2B, Amount=True), refuses(C2B, "INS-15"), "10", RULING),
)  # fmt: skip

_SEVEN = (
    case("10-7-b2c-path", "B2C at b2cPayment/singleStage/", Call(B2C, path="/<root>/b2cPayment/singleStage/"),
         succeeds(B2C), "10", VERIFIED, COMPATIBLE),
    case("10-7-b2c-path-strict", "In strict mode there is no b2cPayment/singleStage/",
         Call(B2C, caller=Caller.STRICT, path="/<root>/b2cPayment/singleStage/"), _missed(404, B2C), "10", RULING),
    case("10-7-reversal-post", "A reversal by POST",
         Call(REVERSAL, {"input_TransactionID": "<paid.output_TransactionID>"}, method="POST"), succeeds(REVERSAL),
         "10", VERIFIED, COMPATIBLE, steps=(_PAID,)),
    case("10-7-reversal-post-strict", "In strict mode a reversal is a PUT",
         Call(REVERSAL, caller=Caller.STRICT, method="POST"), _missed(405, REVERSAL, "PUT, OPTIONS"), "10", RULING),
    case("10-7-query-post", "A status query by POST", Call(STATUS, _STATUS, method="POST", query="", body=_IN_BODY),
         _COMPLETED, "10", VERIFIED, COMPATIBLE, steps=(_PAID,)),
    case("10-7-query-post-strict", "In strict mode a status query is a GET",
         Call(STATUS, caller=Caller.STRICT, method="POST", query="", body=_IN_BODY),
         _missed(405, STATUS, "GET, OPTIONS"), "10", RULING),
    case("10-7-b2b-body", "A B2B body at the C2B path lacks parameters",
         call(C2B, CustomerMSISDN=ABSENT, ServiceProviderCode=ABSENT, PrimaryPartyCode="000000",
              ReceiverPartyCode="000001"), refuses(C2B, "INS-20"), "10", RULING),
    case("10-7-hyphen", "A hyphen in a description", call(C2B, PurchasedItemsDesc="Shoes - black"), succeeds(C2B), "10",
         REPORTED, COMPATIBLE),
    case("10-7-hyphen-strict", "In strict mode a description has no hyphen",
         call(C2B, Caller.STRICT, PurchasedItemsDesc="Shoes - black"), refuses(C2B, "INS-30"), "3", REPORTED),
    case("10-7-hyphen", "A hyphen in a description", call(B2C, PaymentItemsDesc="Salary - May"), succeeds(B2C), "10",
         REPORTED, COMPATIBLE),
    case("10-7-hyphen-strict", "In strict mode a description has no hyphen",
         call(B2C, Caller.STRICT, PaymentItemsDesc="Salary - May"), refuses(B2C, "INS-31"), "3", REPORTED),
    case("comma", "A comma in a description, as in the documentation's own example",
         call(C2B, Caller.STRICT, PurchasedItemsDesc="Handbag, Black shoes"), succeeds(C2B), "3", Grade.DOCUMENTED),
)  # fmt: skip

_OTHERS = (
    case("10-5-error-framed", "An error has the headers and the compact body too", call(C2B, Amount="0"),
         refuses(C2B, "INS-15", TransactionID="N/A").framed(), "10", Grade.CAPTURED),
    case("10-5-declined-framed", "A duplicate has the headers and the compact body that were captured",
         call(C2B, ThirdPartyConversationID="<paid.input_ThirdPartyConversationID>"),
         refuses(C2B, "INS-10", TransactionID="N/A").framed(), "10", Grade.CAPTURED, steps=(_PAID,)),
    case("10-6-many-sessions", "An earlier session lives on when a new one was made", call(C2B), succeeds(C2B), "10",
         VERIFIED, steps=(_PAID, step("other", Call(SESSION, bearer=Bearer.API_KEY)))),
)  # fmt: skip

_EIGHT = (
    case("10-8-fresh", "A session that is encrypted anew for every call", Call(C2B, bearer=Bearer.FRESH), succeeds(C2B),
         "10", VERIFIED, steps=(step("first", Call(C2B, bearer=Bearer.FRESH)),)),
    case("10-8-reused", "A session that is encrypted once for many calls", call(C2B), succeeds(C2B), "10", VERIFIED,
         steps=(step("first", call(C2B)), step("second", call(C2B)))),
    case("10-9-in-time", "A payment that times out is answered before the client gives up",
         call(C2B, CustomerMSISDN="000000000002"), refuses(C2B, "INS-9"), "10", VERIFIED, Need.TEST_VALUES),
)  # fmt: skip

_IDS = (
    case("refused-id", "An id of a request that was refused for a field is not used up",
         call(C2B, ThirdPartyConversationID="<first.input_ThirdPartyConversationID>"), succeeds(C2B), "12", RULING,
         steps=(step("first", call(C2B, Amount="0"), 400),)),
    case("declined-id", "An id of a payment that was declined is used up",
         call(C2B, ThirdPartyConversationID="<first.input_ThirdPartyConversationID>"), refuses(C2B, "INS-10"), "12",
         RULING, Need.TEST_VALUES, steps=(step("first", call(C2B, CustomerMSISDN="000000000008"), 422),)),
    case("other-operation-id", "An id of another operation is used up too",
         call(B2C, ThirdPartyConversationID="<paid.input_ThirdPartyConversationID>"), refuses(B2C, "INS-10"), "12",
         RULING, steps=(_PAID,)),
    case("other-application-id", "Another application's id is free",
         call(C2B, ThirdPartyConversationID="<first.input_ThirdPartyConversationID>"), succeeds(C2B), "12", RULING,
         Need.TWO_APPLICATIONS, steps=(step("first", call(C2B, Caller.STRICT)),)),
    case("same-reference", "A TransactionReference may be used again", call(C2B), succeeds(C2B), "5", RULING,
         steps=(_PAID,)),
)  # fmt: skip

CASES: tuple[Case, ...] = (*_ONE, *_TWO, *_THREE, *_FOUR, *_SEVEN, *_OTHERS, *_EIGHT, *_IDS)
