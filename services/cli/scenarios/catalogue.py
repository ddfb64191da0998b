"""The catalogue: the scenarios of the brief, the sandbox's test values, and stories with real balances and mandates.

Test values are made from openapi/triggers.py, so the catalogue and the sandbox can't disagree. Read next: run.py.
"""

from collections.abc import Iterator, Mapping

from mkondo.openapi.codes import status_of
from mkondo.openapi.operations import OPERATIONS
from mkondo.openapi.triggers import TRIGGERS, Outcome, Table
from services.cli.scenarios.scenario import Advance, Call, Expected, Fields, Handset, Locked, Scenario, Step

DAY = 86_400
C2B, MULTI, UPDATE, REVERSAL = "c2b_single_stage", "c2b_multi_stage", "update_transaction_status", "reversal"
B2C, B2B, STATUS, NAME = "b2c_payment", "b2b_payment", "query_transaction_status", "query_beneficiary_name"
CREATE, COLLECT, ASK, CANCEL = (
    "direct_debit_creation",
    "direct_debit_payment",
    "query_direct_debit",
    "direct_debit_cancel",
)
READS = (STATUS, NAME)

OK, REFUSED, TIMED_OUT = (201, "INS-0"), (401, "INS-6"), (408, "INS-9")
SHORT, BAD_AMOUNT, DUPLICATE = (422, "INS-2006"), (400, "INS-15"), (409, "INS-10")


def _story(
    name: str,
    says: str,
    operation: str,
    answer: tuple[int, str],
    word: str = "",
    *,
    fields: Fields | None = None,
    before: tuple[Step, ...] = (),
    while_waiting: tuple[Advance, ...] = (),
    pushed: bool = True,
) -> Scenario:
    return Scenario((name,), says, operation, Expected(*answer, word), fields or {}, before, while_waiting, pushed)


PAID = Call(C2B, keep={"transaction": "TransactionID"})
RESERVED = Call(MULTI, keep={"transaction": "TransactionID", "voucher": "VoucherCode"})
MANDATE = Call(CREATE, {"Frequency": "08"}, {"token": "MsisdnToken", "mandate": "MandateID"})
ONCE = Call(CREATE, {"Frequency": "01"}, {"token": "MsisdnToken", "mandate": "MandateID"})
COMMIT, GIVE_UP = {"CustomerMSISDN": "1"}, {"CustomerMSISDN": "0"}

BRIEF = (
    _story("success", "The customer has the money and pays.", C2B, OK, "Completed"),
    _story("rejected", "The customer declines on the handset.", C2B, REFUSED, "Cancelled", before=(Handset("cancel"),)),
    _story("timeout", "Nobody answers in time.", C2B, TIMED_OUT, "Expired",
           fields={"CustomerMSISDN": "000000000002"}),
    _story("insufficient-balance", "The customer has too little.", C2B, SHORT, "Declined",
           fields={"CustomerMSISDN": "{poor}", "Amount": "10.00"}),
    _story("failed", "The platform could not carry it out.", C2B, (400, "INS-1"), "Failed",
           fields={"CustomerMSISDN": "000000000005"}),
)  # fmt: skip

STORIES = (
    _story("handset-approves", "A test handset approves with its PIN.", C2B, OK, "Completed",
           before=(Handset("approve"),)),
    _story("handset-wrong-pin", "A test handset is given a wrong PIN.", C2B, REFUSED, "Declined",
           before=(Handset("wrong_pin"),)),
    _story("handset-off", "A test handset is switched off.", C2B, TIMED_OUT, "Expired", before=(Handset("off"),)),
    _story("handset-ignored", "Nobody looks at the test handset until the time is up.", C2B, TIMED_OUT, "Expired",
           before=(Handset("ignore"),), while_waiting=(Advance(30),)),
    _story("customer-locked", "The customer's account is locked.", C2B, REFUSED, "Declined", before=(Locked(),)),
    _story("duplicate", "The same ThirdPartyConversationID a second time.", C2B, DUPLICATE, before=(
        Call(C2B, {"ThirdPartyConversationID": "{reference}dup"}),),
           fields={"ThirdPartyConversationID": "{reference}dup"}, pushed=False),
    _story("two-step-reserved", "The first step holds the funds.", MULTI, OK, "Pending"),
    _story("two-step-handset-approves", "A test handset approves the first step.", MULTI, OK, "Pending",
           before=(Handset("approve"),)),
    _story("two-step-insufficient-balance", "There is too little to hold.", MULTI, SHORT, "Declined",
           fields={"CustomerMSISDN": "{poor}"}),
    _story("two-step-committed", "The voucher is right: the held funds are paid.", UPDATE, (201, "INS-GAR-0"),
           "Completed", fields=COMMIT, before=(RESERVED,)),
    _story("two-step-given-up", "The merchant gives the held funds back.", UPDATE, (201, "INS-GAR-0"), "Completed",
           fields=GIVE_UP, before=(RESERVED,)),
    _story("two-step-wrong-voucher", "The voucher is another one.", UPDATE, REFUSED, "Declined",
           fields=COMMIT | {"VoucherCode": "ZZZZZZ0"}, before=(RESERVED,)),
    _story("two-step-committed-twice", "It was committed before.", UPDATE, REFUSED, "Declined",
           fields=COMMIT, before=(RESERVED, Call(UPDATE, COMMIT))),
    _story("two-step-expired", "The reservation is older than a day.", UPDATE, REFUSED, "Declined",
           fields=COMMIT, before=(RESERVED, Advance(DAY))),
    _story("two-step-unknown", "No payment has that TransactionID.", UPDATE, (400, "INS-18"),
           fields=COMMIT | {"TransactionID": "NOSUCHPAYMENT", "VoucherCode": "TGS813"}, pushed=False),
    _story("salary", "A customer is paid.", B2C, OK, "Completed"),
    _story("supplier", "Another organisation is paid.", B2B, OK, "Completed"),
    _story("reversal-whole", "All of a payment is given back.", REVERSAL, OK, "Completed", before=(PAID,)),
    _story("reversal-partial", "A part of a payment is given back.", REVERSAL, OK, "Completed",
           fields={"ReversalAmount": "4.00"}, before=(PAID,)),
    _story("reversal-too-much", "More than was paid.", REVERSAL, BAD_AMOUNT, "Declined",
           fields={"ReversalAmount": "10.01"}, before=(PAID,)),
    _story("reversal-more-than-remains", "More than is left after a first reversal.", REVERSAL, BAD_AMOUNT, "Declined",
           fields={"ReversalAmount": "7.00"}, before=(PAID, Call(REVERSAL, {"ReversalAmount": "4.00"}))),
    _story("reversal-twice", "All of it was given back before.", REVERSAL, REFUSED, "Declined",
           before=(PAID, Call(REVERSAL))),
    _story("reversal-of-a-reversal", "A reversal can't be reversed.", REVERSAL, REFUSED, "Declined",
           before=(PAID, Call(REVERSAL, keep={"transaction": "TransactionID"}))),
    _story("reversal-of-b2c", "A payment to a customer is taken back.", REVERSAL, OK, "Completed",
           before=(Call(B2C, keep={"transaction": "TransactionID"}),)),
    _story("reversal-too-late", "The time in which it could be reversed is over.", REVERSAL, REFUSED, "Declined",
           before=(PAID, Advance(30 * DAY))),
    _story("reversal-unknown", "No payment has that TransactionID.", REVERSAL, (400, "INS-18"),
           fields={"TransactionID": "NOSUCHPAYMENT"}, pushed=False),
    _story("status-completed", "What became of a payment.", STATUS, (200, "INS-0"),
           fields={"QueryReference": "{transaction}"}, before=(PAID,)),
    _story("status-unknown", "Nobody's payment.", STATUS, (400, "INS-23"),
           fields={"QueryReference": "NOSUCHPAYMENT"}, pushed=False),
    _story("beneficiary", "What a customer is called.", NAME, (200, "INS-0")),
    _story("mandate", "The customer agrees to a direct debit.", CREATE, OK, "Completed"),
    _story("mandate-monthly", "Monthly, on some days only.", CREATE, OK, "Completed",
           fields={"Frequency": "04", "StartRangeOfDays": "01", "EndRangeOfDays": "31"}),
    _story("mandate-date-past", "The first payment date is past.", CREATE, (400, "INS-39"), "Declined",
           fields={"Frequency": "04", "FirstPaymentDate": "20190205"}),
    _story("collection", "A payment is collected under the mandate.", COLLECT, OK, "Completed", before=(MANDATE,)),
    _story("collection-by-token", "The token stands for the number.", COLLECT, OK, "Completed",
           fields={"CustomerMSISDN": "", "MsisdnToken": "{token}"}, before=(MANDATE,)),
    _story("collection-twice", "A single-use mandate was collected before.", COLLECT, REFUSED, "Declined",
           before=(ONCE, Call(COLLECT))),
    _story("collection-not-agreed", "The customer has not agreed yet.", COLLECT, REFUSED, "Declined",
           before=(Call(CREATE, {"AgreedTC": "0"}),)),
    _story("collection-cancelled", "The mandate was cancelled.", COLLECT, REFUSED, "Declined",
           before=(MANDATE, Call(CANCEL))),
    _story("collection-insufficient-balance", "The customer has too little.", COLLECT, SHORT, "Declined",
           fields={"Amount": "20000000.00"}, before=(MANDATE,)),
    _story("collection-unknown-mandate", "No mandate has that id.", COLLECT, (400, "INS-51"),
           fields={"MandateID": "999999999999"}, before=(MANDATE,), pushed=False),
    _story("mandate-query", "How the mandate and the account stand.", ASK, (200, "INS-0"), "Completed",
           before=(MANDATE,)),
    _story("mandate-query-none", "There is no such mandate.", ASK, (400, "INS-58"), "Declined"),
    _story("mandate-cancelled", "The mandate is ended.", CANCEL, OK, "Completed", before=(MANDATE,)),
    _story("mandate-cancelled-twice", "It was ended before.", CANCEL, REFUSED, "Declined",
           before=(MANDATE, Call(CANCEL))),
)  # fmt: skip

_NEEDS: Mapping[str, Fields] = {
    UPDATE: COMMIT | {"VoucherCode": "TGS813"},
    COLLECT: {},
    ASK: {"CustomerMSISDN": "{customer}"},
}
"""What a test value needs beside it, where there is no real payment behind it."""


def _test_values() -> Iterator[Scenario]:
    for operation, tables in TRIGGERS.items():
        for table in tables:
            for number, (value, outcome) in enumerate(table.values().items(), start=1):
                yield _test_value(operation, table, value, outcome, number)


def _test_value(operation: str, table: Table, value: str, outcome: Outcome, number: int) -> Scenario:
    row = OPERATIONS[operation]
    succeeds = outcome.code == "INS-0"
    code = row.ok_code if succeeds else outcome.code
    word = "" if operation in READS else "Pending" if succeeds and operation == MULTI else outcome.status
    name = f"test-{operation.replace('_', '-')}-{table.length}-{value.lstrip('0')[:1] or number}"
    return Scenario(
        (name,),
        f"Test value {value}: {outcome.means}.",
        operation,
        Expected(status_of(code, operation), code, word),
        {**_NEEDS.get(operation, {}), table.field.removeprefix("input_"): value},
        pushed=operation not in READS or succeeds,
    )


CATALOGUE: tuple[Scenario, ...] = (*BRIEF, *STORIES, *_test_values())

BY_NAME: dict[str, Scenario] = {name: scenario for scenario in CATALOGUE for name in scenario.names}
