"""Limits of an application: each reached by itself, several at once, and what gives room again (contract section 5).

These need the management API. Whoever is counted is new: sessions of the case's own, numbers that nobody has
named before; so a run finds nothing of the run before. Midnight and other applications are tested where a clock can be
moved: tests/unit/domain/test_limits_table.py. Read next: pushed.py.
"""

from msgspec.structs import replace

from mkondo.kit.case import Bearer, Call, Case, Grade, Need, Setting
from mkondo.kit.contract import B2B, B2C, C2B, CANCEL, COLLECT, CREATE, MULTI, NAME, REVERSAL, STATUS, UPDATE
from mkondo.kit.phrases import Step, after_that, call, case, own, refuses, step, succeeds

D, RULING = Grade.DOCUMENTED, Grade.RULING

CURRENCIES = ("TZS", "GHS", "LSL", "USD", "MZN")
_OF_CUSTOMERS = (C2B, MULTI, B2C, COLLECT)
"""What moves money from or to a customer."""


def _value(amount: str) -> dict[str, str]:
    return dict.fromkeys(CURRENCIES, amount)


TWO_PAYMENTS = Setting(
    "a session, and a customer, may make two payments a day, of 100.00 together",
    {
        "limits": {
            B2B: {"daily_value": _value("100.00"), "daily_count": 2},
            **{
                product: {
                    "daily_value": _value("100.00"),
                    "daily_count": 2,
                    "customer_daily_value": _value("100.00"),
                    "customer_daily_count": 2,
                }
                for product in _OF_CUSTOMERS
            },
        }
    },
)
ONE_MANDATE = Setting(
    "a session, and a customer, may make one mandate a day",
    {"limits": {CREATE: {"daily_count": 1, "customer_daily_count": 1}}},
)
ONE_DECISION = Setting(
    "a session, and a customer, may cancel one mandate and decide one payment a day",
    {"limits": {product: {"daily_count": 1, "customer_daily_count": 1} for product in (CANCEL, UPDATE)}},
)
CLOSED = Setting(
    "everything is outside of its usage time",
    {
        "limits": {
            product: {"usage_time": "<closed>"}
            for product in (*_OF_CUSTOMERS, B2B, UPDATE, REVERSAL, STATUS, NAME, CREATE, CANCEL)
        }
    },
)
OPEN = Setting(
    "it is within the usage time", {"limits": {product: {"usage_time": "<open>"} for product in (C2B, NAME)}}
)
NOT_HERE = Setting(
    "value limits name every currency but that of Lesotho",
    {
        "limits": {
            C2B: {
                name: {currency: "50.00" for currency in CURRENCIES if currency != "LSL"}
                for name in ("single_value", "daily_value")
            }
        }
    },
)

NEWCOMER, SECOND = "<newcomer>", "<second>"
_MANDATES = (
    step("mine", call(CREATE, CustomerMSISDN=NEWCOMER, Frequency="08")),
    step("other", call(CREATE, CustomerMSISDN=SECOND, Frequency="08")),
)


def _before(operation: str) -> tuple[Step, ...]:
    """What must be there before the operation can be carried out for both customers."""
    return _MANDATES if operation == COLLECT else ()


def _of_a_customer(operation: str) -> tuple[Case, ...]:
    def move(amount: str, customer: str = NEWCOMER, bearer: Bearer = Bearer.OWN) -> Call:
        return replace(call(operation, Amount=amount, CustomerMSISDN=customer), bearer=bearer)

    def reached(slug: str, title: str, code: str, made: Call, *steps: Step) -> Case:
        return case(slug, title, made, refuses(operation, code), "5", D, steps=(*_before(operation), *steps),
                    setting=TWO_PAYMENTS)  # fmt: skip

    sixty, ten, eleven = step("first", move("60.00")), step("first", move("10.00")), step("then", move("11.00"))
    return (
        reached("customer-value", "A customer moves more in a day than the limit, over two sessions", "INS-990",
                move("60.00", bearer=Bearer.NEXT), sixty),
        reached("customer-count", "A customer is named more often in a day than the limit, over two sessions",
                "INS-991", move("10.00", bearer=Bearer.NEXT), ten, eleven),
        reached("customer-and-session", "One payment is too much for its session and for its customer", "INS-992",
                move("60.00"), sixty),
        reached("session-count", "A session makes more payments than the limit, for two customers", "INS-993",
                move("10.00", SECOND), ten, step("then", move("10.00", SECOND))),
        reached("session-value", "A session moves more than the limit, for two customers", "INS-994",
                move("60.00", SECOND), sixty),
        case("other-customer", "What one customer has used up holds no other back", move("100.00", SECOND, Bearer.NEXT),
             succeeds(operation), "5", RULING,
             steps=(*_before(operation), step("first", move("100.00")),
                    step("more", move("1.00", bearer=Bearer.NEXT), 400)), setting=TWO_PAYMENTS),
    )  # fmt: skip


_SIXTY = own(B2B, Amount="60.00")
_FAILING = own(C2B, Amount="60.00", CustomerMSISDN="000000000004")
_B2B_FAILING = own(B2B, Amount="60.00", ReceiverPartyCode="000003")
_ALL_OF_IT = step("all", own(C2B, Amount="100.00", CustomerMSISDN=NEWCOMER))

_PAYMENTS = (
    *(each for operation in _OF_CUSTOMERS for each in _of_a_customer(operation)),
    case("session-value", "A session moves more than the limit", _SIXTY, refuses(B2B, "INS-994"), "5", D,
         steps=(step("first", _SIXTY),), setting=TWO_PAYMENTS),
    case("session-count", "A session makes more payments than the limit", own(B2B), refuses(B2B, "INS-993"), "5", D,
         steps=(step("first", own(B2B)), step("then", own(B2B))), setting=TWO_PAYMENTS),
    case("session-both", "One payment is one too many and too much", _SIXTY, refuses(B2B, "INS-992"), "5", D,
         steps=(step("first", _SIXTY), step("then", own(B2B))), setting=TWO_PAYMENTS),
    case("exactly", "What a session moves is exactly the limit", own(C2B, Amount="40.00", CustomerMSISDN=SECOND),
         succeeds(C2B), "5", RULING, steps=(step("first", own(C2B, Amount="60.00", CustomerMSISDN=NEWCOMER)),),
         setting=TWO_PAYMENTS),
    case("minor-unit", "A session moves one minor unit more than the limit",
         own(C2B, Amount="40.01", CustomerMSISDN=SECOND), refuses(C2B, "INS-994").framed(), "5", RULING,
         steps=(step("first", own(C2B, Amount="60.00", CustomerMSISDN=NEWCOMER)),), setting=TWO_PAYMENTS),
    case("shut", "A session that has reached its limit is shut to the smallest amount",
         own(C2B, Amount="0.01", CustomerMSISDN=SECOND), refuses(C2B, "INS-994"), "5", D, steps=(_ALL_OF_IT,),
         setting=TWO_PAYMENTS),
    case("new-session", "A new session opens what the one before had used up",
         after_that(C2B, Amount="100.00", CustomerMSISDN=SECOND), succeeds(C2B), "5", D,
         steps=(_ALL_OF_IT, step("shut", own(C2B, Amount="0.01", CustomerMSISDN=SECOND), 400)), setting=TWO_PAYMENTS),
    case("given-back", "A payment that failed gives its room back, and one that did not keeps it",
         own(C2B, Amount="60.00", CustomerMSISDN=SECOND), refuses(C2B, "INS-994"), "5", RULING, Need.TEST_VALUES,
         steps=(step("failed", _FAILING, 401),
                step("fits", own(C2B, Amount="60.00", CustomerMSISDN=NEWCOMER), patient=True)), setting=TWO_PAYMENTS),
    case("given-back", "A payment that failed gives its room back, and one that did not keeps it", _SIXTY,
         refuses(B2B, "INS-994"), "5", RULING, Need.TEST_VALUES,
         steps=(step("failed", _B2B_FAILING, 401), step("fits", _SIXTY, patient=True)), setting=TWO_PAYMENTS),
    case("refused-takes-nothing", "What was refused for a limit takes no room",
         own(C2B, Amount="40.00", CustomerMSISDN=SECOND), succeeds(C2B), "5", RULING,
         steps=(step("first", own(C2B, Amount="60.00", CustomerMSISDN=NEWCOMER)),
                step("refused", own(C2B, Amount="41.00", CustomerMSISDN=SECOND), 400)), setting=TWO_PAYMENTS),
    case("limit-used-up-id", "An id that was refused for a limit is used up",
         own(C2B, Amount="1.00", ThirdPartyConversationID="<refused.input_ThirdPartyConversationID>"),
         refuses(C2B, "INS-10"), "12", RULING,
         steps=(step("refused", own(C2B, Amount="100.01", CustomerMSISDN=NEWCOMER), 400),), setting=TWO_PAYMENTS),
)  # fmt: skip


def _counted(operation: str, setting: Setting, mine: Call, second: Call, anew: Call, *before: Step) -> tuple[Case, ...]:
    """Requests that move no money: one a day, of a session and of a customer. `anew`: once more, for the same one."""

    def reached(slug: str, title: str, code: str, made: Call) -> Case:
        needs = (Need.COMPATIBLE,) if operation == UPDATE else ()
        return case(slug, title, made, refuses(operation, code), "5", D, *needs, steps=(*before, step("first", mine)),
                    setting=setting)  # fmt: skip

    return (
        reached("customer-count", "A customer is named more often in a day than the limit, over two sessions",
                "INS-991", replace(anew, bearer=Bearer.NEXT)),
        reached("customer-and-session", "One request too many for its session and for its customer", "INS-992", anew),
        reached("session-count", "A session makes more requests than the limit, for two customers", "INS-993", second),
    )  # fmt: skip


def _update(held: str) -> Call:
    return own(UPDATE, TransactionID=f"<{held}.output_TransactionID>", VoucherCode=f"<{held}.output_VoucherCode>")


_HELD = (
    step("mine", call(MULTI, CustomerMSISDN=NEWCOMER)),
    step("anew", call(MULTI, CustomerMSISDN=NEWCOMER)),
    step("other", call(MULTI, CustomerMSISDN=SECOND)),
)

_REQUESTS = (
    *_counted(CREATE, ONE_MANDATE, own(CREATE, CustomerMSISDN=NEWCOMER), own(CREATE, CustomerMSISDN=SECOND),
              own(CREATE, CustomerMSISDN=NEWCOMER, ThirdPartyReference="<reference>2")),
    *_counted(CANCEL, ONE_DECISION, own(CANCEL, CustomerMSISDN=NEWCOMER), own(CANCEL, CustomerMSISDN=SECOND),
              own(CANCEL, CustomerMSISDN=NEWCOMER), *_MANDATES),
    *_counted(UPDATE, ONE_DECISION, _update("mine"), _update("other"), _update("anew"), *_HELD),
)  # fmt: skip

CASES: tuple[Case, ...] = (
    *_PAYMENTS,
    *_REQUESTS,
    *(
        case("closed", "The product is used outside of its usage time", call(operation), refuses(operation, "INS-996"),
             "5", D, setting=CLOSED)
        for operation in (*_OF_CUSTOMERS, B2B, UPDATE, REVERSAL, STATUS, NAME, CREATE, CANCEL)
    ),
    case("closed-before-fields", "Usage time is looked at before the fields", call(C2B, Amount="0"),
         refuses(C2B, "INS-996").framed(), "5", RULING, setting=CLOSED),
    *(
        case("open", "The product is used within its usage time", call(operation), succeeds(operation), "5", D,
             setting=OPEN)
        for operation in (C2B, NAME)
    ),
    case("no-ceiling", "Where value limits are on, a currency that none of them names may not be used",
         replace(call(C2B, Amount="0.01"), market="vodacomLES"), refuses(C2B, "INS-995"), "5", RULING, Need.LESOTHO,
         setting=NOT_HERE),
)  # fmt: skip
