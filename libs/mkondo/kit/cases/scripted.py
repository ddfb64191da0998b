"""The test values of the Testing page (contract section 7), with the codes that section 12 rules them to mean.

They work in the sandbox only, with shortcode 000000. Read next: payments.py.
"""

from collections.abc import Iterator

from mkondo.kit.case import Answer, Call, Case, Grade, Need
from mkondo.kit.contract import ASK, B2B, B2C, C2B, CANCEL, COLLECT, CREATE, MULTI, REVERSAL, STATUS, UPDATE
from mkondo.kit.phrases import case, fields, refuses, succeeds

_CUSTOMER, _RECEIVER, _TRANSACTION = "input_CustomerMSISDN", "input_ReceiverPartyCode", "input_TransactionID"
_QUERIED, _REFERENCE = "input_QueryReference", "input_ThirdPartyReference"

_C2B = "INS-0 INS-9 INS-9 INS-6 INS-1 INS-6 INS-15 INS-2006 INS-16"
_PAID_OUT = "INS-0 INS-1 INS-6 INS-9 INS-15 INS-2006 INS-16"
_MANDATE = "INS-0 INS-1 INS-6 INS-9 INS-16"

TEST_VALUES = (
    (C2B, _CUSTOMER, 12, _C2B),
    (MULTI, _CUSTOMER, 12, _C2B),
    (B2C, _CUSTOMER, 12, _PAID_OUT),
    (B2B, _RECEIVER, 6, _PAID_OUT),
    (REVERSAL, _TRANSACTION, 13, "INS-0 INS-1 INS-6 INS-15 INS-2006 INS-35 INS-16"),
    (UPDATE, _TRANSACTION, 13, "INS-0 INS-1 INS-6 INS-16"),
    (STATUS, _QUERIED, 12, "INS-0 INS-1 INS-6 - - - INS-16"),
    (STATUS, _QUERIED, 21, "INS-0 INS-45 INS-1 INS-6 INS-16"),
    (CREATE, _CUSTOMER, 12, _MANDATE),
    (COLLECT, _CUSTOMER, 12, _MANDATE),
    (COLLECT, _CUSTOMER, 20, _MANDATE),
    (ASK, _REFERENCE, 20, "INS-0 INS-1 INS-6 INS-9 INS-1"),
    (CANCEL, _REFERENCE, 20, "INS-0 INS-1 INS-6 INS-9 INS-16"),
)
"""Operation, field, how many digits its values have, and the outcomes of 1, 2, 3 and so on; - where there is none."""

_NINES = "9" * 20


def _cases() -> Iterator[Case]:
    for operation, field, digits, outcomes in TEST_VALUES:
        for number, code in enumerate(outcomes.split(), start=1):
            if code != "-":
                value = str(number).zfill(digits)
                yield case(
                    f"test-value-{digits}-digits-{number}",
                    f"The test value {value} of {field}",
                    Call(operation, {field: value}),
                    _answer(operation, digits, code),
                    "7",
                    Grade.SOURCE,
                    Need.TEST_VALUES,
                )


def _answer(operation: str, digits: int, code: str) -> Answer:
    if code != "INS-0":
        return refuses(operation, code)
    if operation == STATUS:
        return succeeds(operation, ResponseTransactionStatus="Completed", Reversed="True" if digits == 21 else "False")
    return succeeds(operation)


def _status_of(field: str, values: str, output: str, digits: int) -> Iterator[Case]:
    """Query direct debit's test values that set one output each."""
    for number, said in enumerate(values.split("|"), start=1):
        value = str(number).zfill(digits)
        yield case(
            f"test-{output}-{number}",
            f"The test value {value} of {field} sets {output}",
            Call(ASK, {field: value}),
            succeeds(ASK, **{output: said}),
            "7",
            Grade.SOURCE,
            Need.TEST_VALUES,
        )


_FIRST_REFERENCE = "1".zfill(20)

CASES: tuple[Case, ...] = (
    *_cases(),
    *_status_of(_CUSTOMER, "Active|Pending Approval|Locked|Inactive", "AccountStatus", 12),
    *_status_of("input_MandateID", "Active|Pending Approval|Cancelled|Expired", "MandateStatus", 6),
    *(
        case("test-value-use-case", "Twenty nines are an invalid use case", Call(operation, {_REFERENCE: _NINES}),
             refuses(operation, "INS-21"), "7", Grade.SOURCE, Need.TEST_VALUES)
        for operation in (ASK, CANCEL)
    ),
    *(
        case(f"test-balance-{amount.replace('.', '-')}", f"{amount} is {'' if enough else 'not '}in a test wallet",
             Call(ASK, {_REFERENCE: _FIRST_REFERENCE, **fields(QueryBalanceAmount="True", BalanceAmount=amount)}),
             succeeds(ASK, SufficientBalance=enough), "7", Grade.SOURCE, Need.TEST_VALUES)
        for amount, enough in (("499.99", True), ("500", True), ("500.01", False), ("501", False))
    ),
    case("test-value-failure-first", "The reference's failure comes before what the other fields would say",
         Call(ASK, {_REFERENCE: "3".zfill(20), _CUSTOMER: "1".zfill(12)}), refuses(ASK, "INS-6"), "12",
         Grade.RULING, Need.TEST_VALUES),
    *(
        case("test-value-other-shortcode", "With another shortcode a failing test value is an ordinary customer",
             Call(operation, {_CUSTOMER: "8".zfill(12), "input_ServiceProviderCode": "ORG001"}), succeeds(operation),
             "12", Grade.RULING, Need.TEST_VALUES)
        for operation in (C2B,)
    ),
)  # fmt: skip
