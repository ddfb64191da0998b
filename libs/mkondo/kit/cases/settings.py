"""What an application's configuration brings about: products, limits, JSON types (contract sections 4 and 5).

These need the management API. Read next: limits.py.
"""

from mkondo.kit.case import Bearer, Call, Case, Fields, Grade, Setting
from mkondo.kit.contract import ASK, B2B, B2C, C2B, COLLECT, CREATE, MULTI, OPERATIONS, SESSION, STATUS
from mkondo.kit.phrases import call, case, refuses, step, succeeds

D, RULING = Grade.DOCUMENTED, Grade.RULING

NOTHING_ON = Setting("every product is switched off", {"products": []})
SMALL_ONLY = Setting(
    "one payment may move at most 50.00",
    {
        "limits": {
            product: {"single_value": dict.fromkeys(("TZS", "GHS", "LSL", "USD", "MZN"), "50.00")}
            for product in (C2B, MULTI, B2C, B2B, COLLECT)
        }
    },
)

OTHER_TYPES = Setting(
    "the other JSON types are switched on",
    {"switches": {"reversed_as_boolean": True, "sufficient_balance_as_text": True}},
)

_ABOVE: Fields = {"input_Amount": "50.01"}

CASES: tuple[Case, ...] = (
    *(
        case("off", "The product is switched off", call(operation), refuses(operation, "INS-997"), "5", D,
             setting=NOTHING_ON)
        for operation in OPERATIONS
        if operation != SESSION
    ),
    case("off-before-fields", "The product is looked at before the fields", call(C2B, Amount="0"),
         refuses(C2B, "INS-997"), "5", RULING, setting=NOTHING_ON),
    case("off", "A session is no product", Call(SESSION, bearer=Bearer.API_KEY), succeeds(SESSION), "5", RULING,
         setting=NOTHING_ON),
    *(
        case("single-value", "One payment moves more than the limit", Call(operation, _ABOVE),
             refuses(operation, "INS-995"), "5", D, setting=SMALL_ONLY)
        for operation in (C2B, MULTI, B2C, B2B)
    ),
    case("single-value", "One collection moves more than the limit", Call(COLLECT, _ABOVE),
         refuses(COLLECT, "INS-995"), "5", D, steps=(step("made", call(CREATE)),), setting=SMALL_ONLY),
    case("reversed-boolean", "By a switch output_Reversed is a JSON boolean",
         call(STATUS, QueryReference="<paid.output_TransactionID>"),
         succeeds(STATUS, ResponseTransactionStatus="Completed", Reversed=False), "4", RULING,
         steps=(step("paid", call(C2B)),), setting=OTHER_TYPES),
    *(
        case(f"sufficient-text-{said.lower()}", "By a switch output_SufficientBalance is a text",
             call(ASK, QueryBalanceAmount="True", BalanceAmount=amount), succeeds(ASK, SufficientBalance=said), "4",
             RULING, steps=(step("made", call(CREATE)),), setting=OTHER_TYPES)
        for said, amount in (("True", "0.01"), ("False", "99999999999"))
    ),
    *(
        case("single-value-exactly", "One payment moves exactly the limit", call(operation, Amount="50.00"),
             succeeds(operation), "5", RULING, setting=SMALL_ONLY)
        for operation in (C2B, B2C, B2B)
    ),
)  # fmt: skip
