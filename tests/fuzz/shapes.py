"""What every answer must look like: status, keys and their order, written from the contract and not from the program.

Only which codes an operation may answer is asked of the table of codes, which the contract's matrix is tested against.
Read next: faults.py.
"""

from mkondo.openapi.codes import codes_of, status_of, text_of
from mkondo.openapi.operations import Operation
from tests.fuzz.house import Answer

_HEAD = ("ResponseCode", "ResponseDesc")
_TAIL = ("ConversationID", "ThirdPartyConversationID")
_PAYMENT = ("TransactionID",)

EXTRAS: dict[str, tuple[str, ...]] = {
    "c2b_single_stage": _PAYMENT,
    "c2b_multi_stage": ("TransactionID", "VoucherCode"),
    "update_transaction_status": _PAYMENT,
    "b2c_payment": _PAYMENT,
    "b2b_payment": _PAYMENT,
    "reversal": _PAYMENT,
    "query_transaction_status": ("ResponseTransactionStatus", "OriginalTransactionID", "Reversed"),
    "query_beneficiary_name": ("CustomerFirstName", "CustomerLastName"),
    "direct_debit_creation": ("TransactionReference", "MsisdnToken", "MandateID"),
    "direct_debit_payment": ("TransactionID", "MsisdnToken"),
    "query_direct_debit": (
        "TransactionReference", "SufficientBalance", "MsisdnToken", "MandateID", "MandateStatus", "AccountStatus",
        "FirstPaymentDate", "Frequency", "PaymentDayFrom", "PaymentDayTo", "ExpiryDate",
    ),
    "direct_debit_cancel": ("TransactionReference", "MsisdnToken"),
}  # fmt: skip
"""By operation: the keys between description and conversation (contract sections 4 and 12, "Order of keys")."""

SUCCESSES = ("INS-0", "INS-GAR-0")

SERVER_ERRORS = {
    ("INS-16", 503),  # a test value: "Service is not available"
    ("INS-1", 500), ("INS-52", 500), ("INS-57", 500),  # query direct debit (section 5)
}  # fmt: skip
"""The only answers above 499 that the contract knows while the platform is well."""


def check(operation: Operation, answer: Answer, *, voucher_shown: bool = True) -> None:
    """The answer has the operation's shape, and a code with the status and the text that it has there."""
    says = answer.says
    code = says["output_ResponseCode"]
    extras = EXTRAS[operation.name]
    if code == "INS-0" and not voucher_shown:
        extras = tuple(key for key in extras if key != "VoucherCode")
    assert [*says] == [f"output_{key}" for key in (*_HEAD, *extras, *_TAIL)]
    assert code in {row.code for row in codes_of(operation.name)}, f"{operation.name} has no {code}"
    assert answer.status == status_of(code, operation.name)
    assert says["output_ResponseDesc"] == text_of(code, operation.name)
    assert answer.status < 500 or (code, answer.status) in SERVER_ERRORS
    assert all(isinstance(value, str) for key, value in says.items() if key != "output_SufficientBalance")
    assert b" :" not in answer.body
