"""Every shape of answer, byte for byte: the files in golden/ are the reference (contract section 12, "Order of keys").

A golden file holds the status, the content-length and the body, as they go over the wire. After a ruling changed, renew
them by running this file and read the difference before committing: `python tests/contract/test_golden_answers.py`.
"""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from mkondo.domain.ids import AccountId, ApplicationId, Instant, PaymentId, TransactionId
from mkondo.domain.money import Money
from mkondo.domain.payment import Payment, PaymentCompleted, PaymentFailed
from mkondo.openapi import render
from mkondo.openapi.operations import OPERATIONS
from mkondo.openapi.render import Answer
from mkondo.openapi.triggers import TRIGGERS, trigger

GOLDEN = Path(__file__).parent / "golden"
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


def _refused(code: str, text: str | None = None, echo: str | None = ECHO) -> Answer:
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


def _status(ended: PaymentCompleted | PaymentFailed | None, reversed: bool = False) -> Answer:
    word = "In Progress" if ended is None else ended.status if isinstance(ended, PaymentFailed) else "Completed"
    standing = render.Standing(word, PAYMENT.transaction_id, reversed)
    return render.status(standing, conversation_id=QUERIED, third_party_conversation_id=FRESH)


def _test_value(reference: str) -> Answer:
    asked = trigger(QUERY.name, "sandbox", {"input_ServiceProviderCode": "000000", "input_QueryReference": reference})
    assert asked is not None
    if not asked.succeeds:
        return render.refusal(
            QUERY, asked.code, text=asked.text, conversation_id=QUERIED, third_party_conversation_id=FRESH
        )
    standing = render.Standing("Completed", reference, asked.reversed)
    return render.status(standing, conversation_id=QUERIED, third_party_conversation_id=FRESH)


ANSWERS: dict[str, Answer] = {
    "get_session/success": render.session_opened("4ee35a0f5ac54dd8a2ed2b9d5ba4e0d2"),
    "get_session/error": render.session_refused(),
    "get_session/busy": render.transport_refusal(503, "INS-1", ASKED, operation=SESSION),
    "c2b_single_stage/success": render.payment_ended(PaymentCompleted(PAYMENT)),
    "c2b_single_stage/accepted": render.accepted(PAYMENT),
    "c2b_single_stage/error": _refused("INS-20"),
    "c2b_single_stage/error_without_echo": _refused("INS-28", echo=None),
    "c2b_single_stage/duplicate": _refused("INS-10"),
    "c2b_single_stage/declined": render.payment_ended(DECLINED),
    "c2b_single_stage/timeout": render.payment_ended(PaymentFailed(PAYMENT, "INS-9", "past its deadline", "Expired")),
    "c2b_single_stage/wrong_pin": render.payment_ended(PaymentFailed(PAYMENT, "INS-6", "wrong PIN", "Declined")),
    "c2b_single_stage/session_invalid": _refused("INS-989"),
    "c2b_single_stage/session_expired": _refused("INS-989", "Session has expired"),
    "c2b_single_stage/market_unknown": _refused("INS-998"),
    "c2b_single_stage/not_enabled": _refused("INS-997"),
    "c2b_single_stage/busy": render.transport_refusal(
        503, "INS-1", ASKED, operation=C2B, third_party_conversation_id=ECHO
    ),
    **_of(B2C),
    **_of(B2B),
    "query_transaction_status/success": _status(PaymentCompleted(PAYMENT)),
    "query_transaction_status/reversed": _status(PaymentCompleted(PAYMENT), reversed=True),
    "query_transaction_status/in_progress": _status(None),
    "query_transaction_status/declined": _status(DECLINED),
    "query_transaction_status/error": render.refusal(
        QUERY, "INS-23", conversation_id=QUERIED, third_party_conversation_id=FRESH
    ),
    "query_transaction_status/session_invalid": render.refusal(QUERY, "INS-989", conversation_id=QUERIED),
    "query_transaction_status/test_value_success": _test_value("000000000001"),
    "query_transaction_status/test_value_reversed": _test_value("000000000000000000001"),
    "query_transaction_status/test_value_failed": _test_value("000000000003"),
    "query_transaction_status/test_value_missing": _test_value("000000000000000000002"),
    "transport/unknown_path": _unanswered(404, "INS-21"),
    "transport/wrong_method": _unanswered(405, "INS-21"),
    "transport/too_large": _unanswered(413, "INS-21"),
    "transport/compressed": _unanswered(415, "INS-21"),
    "transport/rate_limited": _unanswered(429, "INS-1"),
    "transport/unreachable": _unanswered(503, "INS-1"),
}


def wire(answer: Answer) -> bytes:
    return b"%d\ncontent-length: %d\n\n%s" % (answer.status, len(answer.body), answer.body)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_its_golden_file_byte_for_byte(name: str) -> None:
    assert wire(ANSWERS[name]) == (GOLDEN / f"{name}.http").read_bytes()


def test_every_golden_file_has_its_answer() -> None:
    assert {f"{file.parent.name}/{file.stem}" for file in GOLDEN.rglob("*.http")} == set(ANSWERS)


def test_the_first_operations_have_a_success_and_an_error() -> None:
    first = ("get_session", "c2b_single_stage", "b2c_payment", "b2b_payment", "query_transaction_status")
    assert all(f"{operation}/{kind}" in ANSWERS for operation in first for kind in ("success", "error"))


def test_the_captured_content_lengths_are_met() -> None:
    """Section 1: 252 for the C2B success and 235 for the duplicate, captured from the real sandbox."""
    assert len(ANSWERS["c2b_single_stage/success"].body) == 252
    assert len(ANSWERS["c2b_single_stage/duplicate"].body) == 235


def test_output_error_is_a_sixth_key_for_who_you_are_only() -> None:
    with_error = {name for name, answer in ANSWERS.items() if b"output_error" in answer.body}
    assert with_error == {
        "c2b_single_stage/session_invalid",
        "c2b_single_stage/session_expired",
        "query_transaction_status/session_invalid",
    }


def test_a_body_stays_json_whatever_is_echoed() -> None:
    for echo in ('"', "\\", "\u0000\n", "é", "<script>", "x" * 256):
        body = _refused("INS-28", echo=echo).body
        assert msgspec.json.decode(body, type=dict[str, str])["output_ThirdPartyConversationID"] == echo


def test_no_header_holds_a_quote() -> None:
    """Section 10.5: one widely copied client crashes on them."""
    assert not any(quote in name + value for name, value in render.HEADERS for quote in (b'"', b"'"))


def test_the_framing_headers_are_those_captured() -> None:
    assert dict(render.HEADERS) == {
        b"content-type": b"application/json",
        b"access-control-allow-origin": b"*",
        b"x-frame-options": b"SAMEORIGIN",
        b"x-robots-tag": b"none",
        b"x-content-type-options": b"nosniff",
        b"x-xss-protection": b"1; mode=block",
        b"strict-transport-security": b"max-age=16005600; includeSubDomains",
        b"vary": b"Accept-Encoding",
    }


def test_every_test_value_of_a_status_query_can_be_answered() -> None:
    for table in TRIGGERS[QUERY.name]:
        for reference in table.values():
            assert _test_value(reference).body.startswith(b'{"output_ResponseCode":"INS-')


if __name__ == "__main__":
    for name, answer in ANSWERS.items():
        file = GOLDEN / f"{name}.http"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wire(answer))
