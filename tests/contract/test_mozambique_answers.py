"""Every shape of the Mozambique gateway's answers, byte for byte: golden_mozambique/ is the reference (section 9).

After a ruling changed, renew by running this file and read the difference before committing:
`python -m tests.contract.test_mozambique_answers`. Read next: test_golden_answers.py.
"""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from mkondo.domain.ids import AccountId, ApplicationId, Instant, PaymentId, TransactionId
from mkondo.domain.money import Money
from mkondo.domain.payment import Payment, PaymentCompleted, PaymentFailed
from mkondo.domain.request import Ask, Request
from mkondo.openapi import render
from mkondo.openapi.codes import TOO_MANY
from mkondo.openapi.mozambique import MARKET, NAME
from mkondo.openapi.mozambique.operations import OPERATIONS, UNKNOWN
from mkondo.openapi.render import Answer
from tests.contract.answers import BREACHES, limited, out_of_hours
from tests.contract.test_golden_answers import wire

GOLDEN = Path(__file__).parent / "golden_mozambique"
CONVERSATION = PaymentId("AG_20180206_00005e7dccc6da08efa8")
ACCEPTED = PaymentId("0195b0f2c4d87a31b6d0c1b1a4e5f601")
ECHO = "11114"
MOVES_MONEY = ("c2b_single_stage", "b2c_payment", "b2b_payment", "reversal")

PAYMENT = Payment(
    payment_id=CONVERSATION,
    transaction_id=TransactionId("49XCD123F6"),
    application=ApplicationId("app"),
    organisation="org",
    operation="c2b_single_stage",
    market=MARKET,
    amount=Money(1000, "MZN"),
    debited=AccountId("customer"),
    credited=AccountId("merchant"),
    third_party_conversation_id=ECHO,
    transaction_reference="T12344C",
    description="",
    asked_at=Instant(0),
    deadline=Instant(20_000),
    profile=NAME,
)


def _accepted_read(operation: str) -> Answer:
    request = Request(
        request_id=ACCEPTED,
        transaction_id=PAYMENT.transaction_id,
        application=PAYMENT.application,
        organisation="org",
        operation=operation,
        market=MARKET,
        third_party_conversation_id=ECHO,
        asked_at=Instant(0),
        deadline=Instant(20_000),
        order=Ask(),
        asynchronous=True,
        profile=NAME,
    )
    return render.accepted(request)


def _refused(operation: str, code: str, **more: str) -> Answer:
    return render.refusal(
        OPERATIONS[operation], code, conversation_id=CONVERSATION, third_party_conversation_id=ECHO, **more
    )


def _money(operation: str) -> dict[str, Answer]:
    payment = replace(PAYMENT, operation=operation)
    declined = PaymentFailed(payment, "INS-2006", "the account does not hold enough", "Declined")
    return {
        "success": render.payment_ended(PaymentCompleted(payment)),
        "accepted": render.accepted(replace(payment, payment_id=ACCEPTED, asynchronous=True)),
        "declined": render.payment_ended(declined),
        "duplicate": _refused(operation, "INS-10"),
    }


def _everyone(operation: str) -> dict[str, Answer]:
    return {
        "error": _refused(operation, "INS-20"),
        "invalid_key": _refused(operation, "INS-989", text="Invalid API Key"),
        "not_enabled": _refused(operation, "INS-997"),
    }


def _answers() -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for operation in OPERATIONS:
        own = _everyone(operation) | (_money(operation) if operation in MOVES_MONEY else {})
        found |= {f"{operation}/{kind}": answer for kind, answer in own.items()}
    query, name = OPERATIONS["query_transaction_status"], OPERATIONS["query_beneficiary_name"]
    standing = render.Standing("Completed", PAYMENT.transaction_id)
    return found | {
        "query_transaction_status/success": render.status(
            standing, conversation_id=CONVERSATION, third_party_conversation_id=ECHO, operation=query
        ),
        "query_transaction_status/accepted": _accepted_read(query.name),
        "query_beneficiary_name/accepted": _accepted_read(name.name),
        "query_transaction_status/unknown": _refused("query_transaction_status", "INS-23"),
        "query_beneficiary_name/success": render.found(name, ("258843330333", "Tiago", "M******a"), CONVERSATION, ECHO),
        "c2b_single_stage/cancelled": render.payment_ended(
            PaymentFailed(PAYMENT, "INS-6", "Transaction cancelled by customer", "Cancelled")
        ),
        "c2b_single_stage/untrusted": _refused("c2b_single_stage", "INS-989", text="Request source is not trusted"),
        "c2b_single_stage/busy": render.transport_refusal(
            503, "INS-1", ACCEPTED, operation=OPERATIONS["c2b_single_stage"], third_party_conversation_id=ECHO
        ),
        **{
            f"c2b_single_stage/too_many_of_{of}": render.transport_refusal(
                429,
                "INS-1",
                ACCEPTED,
                text=text,
                operation=OPERATIONS["c2b_single_stage"],
                third_party_conversation_id=ECHO,
            )
            for of, text in TOO_MANY.items()
        },
        "b2b_payment/nobody": _refused("b2b_payment", "INS-13", circumstance="unknown"),
        "reversal/nothing_to_reverse": _refused("reversal", "INS-18", circumstance="unknown"),
        "reversal/foreign": render.payment_ended(
            PaymentFailed(replace(PAYMENT, operation="reversal"), "INS-35", "somebody else's", "Declined")
        ),
        "c2b_single_stage/limit": limited(replace(PAYMENT, opens_accounts=True), *BREACHES["limit_customer_count"]),
        "c2b_single_stage/limit_several": limited(replace(PAYMENT, opens_accounts=True), *BREACHES["limit_several"]),
        "c2b_single_stage/limit_in_live": limited(PAYMENT, *BREACHES["limit_customer_count"]),
        "c2b_single_stage/closed": out_of_hours(replace(PAYMENT, opens_accounts=True)),
        "transport/unknown_path": render.transport_refusal(404, "INS-21", ACCEPTED, operation=UNKNOWN),
    }


ANSWERS = _answers()


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_its_golden_file_byte_for_byte(name: str) -> None:
    assert wire(ANSWERS[name]) == (GOLDEN / f"{name}.http").read_bytes()


def test_every_golden_file_has_its_answer() -> None:
    assert {f"{file.parent.name}/{file.stem}" for file in GOLDEN.rglob("*.http")} == set(ANSWERS)


def test_every_operation_has_a_success_an_error_and_an_acceptance() -> None:
    for operation in OPERATIONS:
        assert all(f"{operation}/{kind}" in ANSWERS for kind in ("success", "error", "accepted"))


def test_every_body_has_what_either_client_reads() -> None:
    """Section 9: one reads four keys in every body, the other `output_error` in every failure."""
    for name, answer in ANSWERS.items():
        body = msgspec.json.decode(answer.body, type=dict[str, str])
        four = {"output_ResponseCode", "output_ResponseDesc", "output_ConversationID", "output_ThirdPartyReference"}
        assert four <= set(body), name
        assert ("output_error" in body) == (answer.status >= 400), name
        assert "output_ThirdPartyConversationID" not in body, name


if __name__ == "__main__":
    for name, answer in ANSWERS.items():
        file = GOLDEN / f"{name}.http"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wire(answer))
