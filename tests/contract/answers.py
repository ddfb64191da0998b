"""Every shape of answer by the name of its golden file, `OPERATION/KIND`. Read next: test_golden_answers.py."""

from msgspec.structs import replace

from mkondo.domain.delivery import Result
from mkondo.domain.hours import Closed
from mkondo.domain.ids import AccountId, ApplicationId, Instant, PaymentId, TransactionId
from mkondo.domain.limits import NEW_SESSION, Breach, code_of
from mkondo.domain.mandate import CancelMandate, CreateMandate, FindMandate, MandateKey, Terms
from mkondo.domain.money import Money
from mkondo.domain.payment import Payment, PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import Ask, DecideReservation, Order, Outputs, Request, RequestAnswered, RequestRejected
from mkondo.openapi import render
from mkondo.openapi.callbacks import callback_body
from mkondo.openapi.codes import TOO_MANY
from mkondo.openapi.operations import OPERATIONS, Operation
from mkondo.openapi.render import Answer
from mkondo.openapi.triggers import trigger
from services.payments_ingress.asking import answer

ASKED = "0195b0f2c4d87a31b6d0c1b1a4e5f601"
QUERIED = "0195b0f2c5007b22a1c3d5e7f9a1b3c5"
ECHO = "1e9b774d1da34af78412a498cbc28f5e"
FRESH = "asv02e5958774f7ba228d83d0d689761"

C2B = OPERATIONS["c2b_single_stage"]
QUERY = OPERATIONS["query_transaction_status"]
SESSION = OPERATIONS["get_session"]
PAYMENT = Payment(
    payment_id=PaymentId(ASKED),
    transaction_id=TransactionId("G27DEn1DLoQ3"),
    application=ApplicationId("app"),
    organisation="org",
    operation=C2B.name,
    market="vodacomTZN",
    amount=Money(1000, "TZS"),
    debited=AccountId("customer"),
    credited=AccountId("merchant"),
    third_party_conversation_id=ECHO,
    transaction_reference="T12344C",
    description="Handbag",
    asked_at=Instant(0),
    deadline=Instant(20_000),
)
B2C = replace(PAYMENT, operation="b2c_payment", debited=AccountId("merchant"), credited=AccountId("customer"))
B2B = replace(PAYMENT, operation="b2b_payment", debited=AccountId("merchant"), credited=AccountId("supplier"))
DECLINED = PaymentFailed(PAYMENT, "INS-2006", "the account does not hold enough", "Declined")


VOUCHER, TOKEN = "TGS813", "cvgwUBZ3lAO9ivwhWAFeng=="
KEY = MandateKey("app", "vodacomTZN", "Test123", "255744553111")
MULTI = replace(PAYMENT, operation="c2b_multi_stage", outputs={"output_VoucherCode": VOUCHER})
REVERSAL = replace(PAYMENT, operation="reversal", debited=AccountId("merchant"), credited=AccountId("customer"))
COLLECTION = replace(PAYMENT, operation="direct_debit_payment", outputs={"output_MsisdnToken": TOKEN})
ORDERS: dict[str, Order] = {
    "update_transaction_status": DecideReservation(
        PaymentId("p"), "o3FgzDqPV8pZ", AccountId("customer"), True, VOUCHER
    ),
    "direct_debit_creation": CreateMandate(KEY, TOKEN, "000000", Terms(), True),
    "query_direct_debit": FindMandate(KEY, "", AccountId("customer"), 200_00),
    "direct_debit_cancel": CancelMandate(KEY, ""),
    "query_transaction_status": Ask(),
    "query_beneficiary_name": Ask(),
}
FOUND: Outputs = {
    "output_TransactionReference": "G27DEn1DLoQ3",
    "output_SufficientBalance": True,
    "output_MsisdnToken": TOKEN,
    "output_MandateID": "15045",
    "output_MandateStatus": "Active",
    "output_AccountStatus": "Active",
    "output_FirstPaymentDate": "20261126",
    "output_Frequency": "06",
    "output_PaymentDayFrom": "01",
    "output_PaymentDayTo": "22",
    "output_ExpiryDate": "20301126",
}


def _request(operation: str) -> Request:
    return Request(
        request_id=PaymentId(ASKED),
        transaction_id=TransactionId("G27DEn1DLoQ3"),
        application=ApplicationId("app"),
        organisation="org",
        operation=operation,
        market="vodacomTZN",
        third_party_conversation_id=ECHO,
        asked_at=Instant(0),
        deadline=Instant(20_000),
        order=ORDERS[operation],
    )


def _answered(operation: str, code: str = "INS-0", outputs: Outputs | None = None) -> Answer:
    return render.request_answered(RequestAnswered(_request(operation), code, outputs=outputs or {}))


def _service(operation: str, outputs: Outputs, refusals: dict[str, str]) -> dict[str, Answer]:
    """The answers to a request that moves no money by itself; `refusals` are codes by kind."""
    answers = {
        "success": _answered(operation, "INS-GAR-0" if "update" in operation else "INS-0", outputs),
        "accepted": render.accepted(_request(operation)),
        "error": render.refusal(
            OPERATIONS[operation], "INS-20", conversation_id=ASKED, third_party_conversation_id=ECHO
        ),
        **{kind: _answered(operation, code) for kind, code in refusals.items()},
    }
    return {f"{operation}/{kind}": answer for kind, answer in answers.items()}


def refused(code: str, text: str | None = None, echo: str | None = ECHO) -> Answer:
    return render.refusal(C2B, code, text=text, conversation_id=ASKED, third_party_conversation_id=echo)


def _of(payment: Payment) -> dict[str, Answer]:
    """The answers to a payment out of a till."""
    row = OPERATIONS[payment.operation]
    refused = {"error": "INS-20", "duplicate": "INS-10", "wrong_shortcode": "INS-13"}
    short = PaymentFailed(payment, "INS-2006", "the account does not hold enough", "Declined")
    answers = {
        "success": render.payment_ended(PaymentCompleted(payment)),
        "accepted": render.accepted(payment),
        "declined": render.payment_ended(short),
        **{
            kind: render.refusal(row, code, conversation_id=ASKED, third_party_conversation_id=ECHO)
            for kind, code in refused.items()
        },
    }
    return {f"{row.name}/{kind}": answer for kind, answer in answers.items()}


def _unanswered(status: int, code: str) -> Answer:
    return render.transport_refusal(status, code, ASKED)


def _too_many(operation: Operation, echo: str | None) -> dict[str, Answer]:
    return {
        f"{operation.name}/too_many_of_{of}": render.transport_refusal(
            429, "INS-1", ASKED, text=text, operation=operation, third_party_conversation_id=echo
        )
        for of, text in TOO_MANY.items()
    }


def _status(ended: PaymentCompleted | PaymentFailed | None, reversed: bool = False) -> Answer:
    word = "In Progress" if ended is None else ended.status if isinstance(ended, PaymentFailed) else "Completed"
    standing = render.Standing(word, PAYMENT.transaction_id, reversed)
    return render.status(standing, conversation_id=QUERIED, third_party_conversation_id=FRESH)


def scripted_answer(reference: str) -> Answer:
    asked = trigger(QUERY.name, "sandbox", {"input_ServiceProviderCode": "000000", "input_QueryReference": reference})
    assert asked is not None
    if not asked.succeeds:
        return render.refusal(
            QUERY, asked.code, text=asked.text, conversation_id=QUERIED, third_party_conversation_id=FRESH
        )
    standing = render.Standing("Completed", reference, asked.reversed)
    return render.status(standing, conversation_id=QUERIED, third_party_conversation_id=FRESH)


_SANDBOX = replace(PAYMENT, opens_accounts=True)
_MIDNIGHT = Instant(1_795_132_800_000)
_VALUE = Breach("daily_value", "INS-994", 100_00, 95_00, 10_00, "TZS", _MIDNIGHT)
_COUNT = Breach("daily_count", "INS-993", 3, 3, 1, "", NEW_SESSION)
_OFTEN = Breach("customer_daily_count", "INS-991", 2, 2, 1, "", _MIDNIGHT)
BREACHES: dict[str, tuple[Breach, ...]] = {
    "limit_single_value": (Breach("single_value", "INS-995", 5_00, 0, 10_00, "TZS"),),
    "limit_no_ceiling": (Breach("single_value", "INS-995", None, 0, 10_00, "TZS"),),
    "limit_daily_value": (_VALUE,),
    "limit_daily_count_shut": (_COUNT,),
    "limit_customer_value": (Breach("customer_daily_value", "INS-990", 50_00, 45_00, 10_00, "TZS", _MIDNIGHT),),
    "limit_customer_count": (_OFTEN,),
    "limit_several": (_VALUE, _COUNT, _OFTEN),
    "limit_huge": (Breach("daily_value", "INS-994", 10**15, 10**15 - 1, 10_00, "TZS", _MIDNIGHT),),
}
CLOSED = Closed(8 * 60, 17 * 60, 7 * 60 + 59, _MIDNIGHT)


def limited(payment: Payment, *breaches: Breach) -> Answer:
    """The ingress's answer to a payment that would have passed these limits."""
    return answer(payment, PaymentFailed(payment, code_of(breaches), "limits", "Declined", breaches=breaches))


def out_of_hours(about: Payment | Request) -> Answer:
    """The ingress's answer to a request that admission refused for its usage time."""
    return answer(about, RequestRejected(None, "INS-996", "", about.conversation_id, about.operation, ECHO, CLOSED))


EXPLAINED: dict[str, Answer] = {
    **{f"c2b_single_stage/{kind}": limited(_SANDBOX, *breaches) for kind, breaches in BREACHES.items()},
    "c2b_single_stage/closed": out_of_hours(_SANDBOX),
    "c2b_single_stage/limit_in_live": limited(PAYMENT, _VALUE),
    "direct_debit_creation/limit_daily_count": answer(
        replace(_request("direct_debit_creation"), opens_accounts=True),
        RequestAnswered(_request("direct_debit_creation"), "INS-993", "limits", "Declined", breaches=(_COUNT,)),
    ),
    "query_beneficiary_name/closed": out_of_hours(replace(_request("query_beneficiary_name"), opens_accounts=True)),
}
"""Refusals for limits, which have a header more in the sandbox."""

ANSWERS: dict[str, Answer] = {
    **EXPLAINED,
    "get_session/success": render.session_opened("4ee35a0f5ac54dd8a2ed2b9d5ba4e0d2"),
    "get_session/error": render.session_refused(),
    "get_session/busy": render.transport_refusal(503, "INS-1", ASKED, operation=SESSION),
    "c2b_single_stage/success": render.payment_ended(PaymentCompleted(PAYMENT)),
    "c2b_single_stage/accepted": render.accepted(PAYMENT),
    "c2b_single_stage/error": refused("INS-20"),
    "c2b_single_stage/error_without_echo": refused("INS-28", echo=None),
    "c2b_single_stage/duplicate": refused("INS-10"),
    "c2b_single_stage/declined": render.payment_ended(DECLINED),
    "c2b_single_stage/timeout": render.payment_ended(PaymentFailed(PAYMENT, "INS-9", "past its deadline", "Expired")),
    "c2b_single_stage/wrong_pin": render.payment_ended(PaymentFailed(PAYMENT, "INS-6", "wrong PIN", "Declined")),
    "c2b_single_stage/session_invalid": refused("INS-989"),
    "c2b_single_stage/session_expired": refused("INS-989", "Session has expired"),
    "c2b_single_stage/market_unknown": refused("INS-998"),
    "c2b_single_stage/not_enabled": refused("INS-997"),
    "c2b_single_stage/busy": render.transport_refusal(
        503, "INS-1", ASKED, operation=C2B, third_party_conversation_id=ECHO
    ),
    **_too_many(SESSION, None),
    **_too_many(C2B, ECHO),
    **_of(B2C),
    **_of(B2B),
    **_of(REVERSAL),
    **_of(COLLECTION),
    "c2b_multi_stage/success": render.payment_reserved(PaymentReserved(MULTI, Instant(86_400_000))),
    "c2b_multi_stage/success_without_voucher": render.payment_reserved(
        PaymentReserved(replace(MULTI, outputs={}), Instant(86_400_000))
    ),
    "c2b_multi_stage/accepted": render.accepted(MULTI),
    "c2b_multi_stage/declined": render.payment_ended(PaymentFailed(MULTI, "INS-2006", "short", "Declined")),
    "c2b_multi_stage/error": render.refusal(
        OPERATIONS["c2b_multi_stage"], "INS-20", conversation_id=ASKED, third_party_conversation_id=ECHO
    ),
    **_service("update_transaction_status", {"output_TransactionID": "o3FgzDqPV8pZ"}, {"declined": "INS-6"}),
    **_service(
        "direct_debit_creation",
        {
            "output_TransactionReference": "G27DEn1DLoQ3",
            "output_MsisdnToken": TOKEN,
            "output_MandateID": "15045",
        },
        {"first_date_past": "INS-39"},
    ),
    **_service("query_direct_debit", FOUND, {"no_mandate": "INS-58", "internal_error": "INS-1"}),
    "query_direct_debit/success_as_text": _answered(
        "query_direct_debit", outputs={**FOUND, "output_SufficientBalance": "True"}
    ),
    **_service(
        "direct_debit_cancel",
        {"output_TransactionReference": "G27DEn1DLoQ3", "output_MsisdnToken": TOKEN},
        {"no_mandate": "INS-6"},
    ),
    "query_transaction_status/accepted": render.accepted(_request("query_transaction_status")),
    "query_transaction_status/reversed_as_boolean": render.status(
        render.Standing("Completed", PAYMENT.transaction_id, True, reversed_as_boolean=True),
        conversation_id=QUERIED,
        third_party_conversation_id=FRESH,
    ),
    "query_beneficiary_name/success": render.found(
        OPERATIONS["query_beneficiary_name"], ("Asha", "Mushi"), QUERIED, FRESH
    ),
    "query_beneficiary_name/accepted": render.accepted(_request("query_beneficiary_name")),
    "query_beneficiary_name/error": render.refusal(
        OPERATIONS["query_beneficiary_name"], "INS-2051", conversation_id=QUERIED, third_party_conversation_id=FRESH
    ),
    "query_transaction_status/success": _status(PaymentCompleted(PAYMENT)),
    "query_transaction_status/reversed": _status(PaymentCompleted(PAYMENT), reversed=True),
    "query_transaction_status/in_progress": _status(None),
    "query_transaction_status/declined": _status(DECLINED),
    "query_transaction_status/error": render.refusal(
        QUERY, "INS-23", conversation_id=QUERIED, third_party_conversation_id=FRESH
    ),
    "query_transaction_status/session_invalid": render.refusal(QUERY, "INS-989", conversation_id=QUERIED),
    "query_transaction_status/test_value_success": scripted_answer("000000000001"),
    "query_transaction_status/test_value_reversed": scripted_answer("000000000000000000001"),
    "query_transaction_status/test_value_failed": scripted_answer("000000000003"),
    "query_transaction_status/test_value_missing": scripted_answer("000000000000000000002"),
    "transport/unknown_path": _unanswered(404, "INS-21"),
    "transport/wrong_method": _unanswered(405, "INS-21"),
    "transport/too_large": _unanswered(413, "INS-21"),
    "transport/compressed": _unanswered(415, "INS-21"),
    "transport/unreachable": _unanswered(503, "INS-1"),
}

_PAYMENTS: dict[str, tuple[Result, Result]] = {
    payment.operation: (
        PaymentReserved(payment, Instant(86_400_000)) if payment is MULTI else PaymentCompleted(payment),
        PaymentFailed(payment, "INS-2006", "short", "Declined"),
    )
    for payment in (PAYMENT, MULTI, B2C, B2B, REVERSAL, COLLECTION)
}
_ANSWERED: dict[str, Outputs] = {
    "update_transaction_status": {"output_TransactionID": "o3FgzDqPV8pZ"},
    "direct_debit_creation": FOUND,
    "query_direct_debit": FOUND,
    "direct_debit_cancel": FOUND,
    "query_transaction_status": {
        "output_TransactionID": "G27DEn1DLoQ3",
        "output_OriginalTransactionID": "G27DEn1DLoQ3",
        "output_Reversed": "False",
    },
    "query_beneficiary_name": {"output_CustomerFirstName": "Asha", "output_CustomerLastName": "Mushi"},
}
_REQUESTS: dict[str, tuple[Result, Result]] = {
    operation: (
        RequestAnswered(_request(operation), "INS-GAR-0" if "update" in operation else "INS-0", outputs=outputs),
        RequestAnswered(_request(operation), "INS-6", "no", "Declined"),
    )
    for operation, outputs in _ANSWERED.items()
}

CALLBACKS: dict[str, bytes] = {
    f"{operation}/{kind}": callback_body(result)
    for operation, results in (_PAYMENTS | _REQUESTS).items()
    for kind, result in zip(("callback", "callback_failed"), results, strict=True)
}
"""The body that is pushed, by the name of its golden file."""
