"""What the gateway may say, and that nothing else is ever understood."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkondo.contracts.ussd import ACTIONS, ANSWER_BYTES_MAX, Reply, read_question, read_reply, write
from mkondo.domain.ids import PaymentId

GOOD = {"type": "handset.answer", "payment_id": "p1", "action": "approve"}


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_is_understood(action: str) -> None:
    reply = Reply(PaymentId("p1"), action)
    assert read_reply(write(reply)) == reply


def test_unknown_fields_are_ignored() -> None:
    assert read_reply(json.dumps({**GOOD, "network": "example", "tries": [1, 2]}).encode()) == Reply(
        PaymentId("p1"), "approve"
    )


@pytest.mark.parametrize("field", GOOD)
@pytest.mark.parametrize("value", [None, "", "handset.prompt", "APPROVE", 1, True, ["approve"], {}])
def test_a_field_of_another_value_is_not_understood(field: str, value: object) -> None:
    reply = read_reply(json.dumps({**GOOD, field: value}).encode())
    assert reply is None or (field == "payment_id" and reply.payment_id == value)


@pytest.mark.parametrize("field", GOOD)
def test_a_missing_field_is_not_understood(field: str) -> None:
    assert read_reply(json.dumps({name: value for name, value in GOOD.items() if name != field}).encode()) is None


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"approve"', b"approve", b"\xff", b'{"x":' + b"[" * ANSWER_BYTES_MAX]
)
def test_something_else_is_not_understood(body: bytes) -> None:
    assert read_reply(body) is None
    assert read_question(body) is None


@given(st.binary(max_size=200))
def test_no_bytes_raise(body: bytes) -> None:
    assert read_reply(body) is None
    assert read_question(body) is None
