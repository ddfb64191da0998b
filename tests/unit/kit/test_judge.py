"""What the kit says of an answer that is wrong in one way. Read next: mkondo/kit/judge.py."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from mkondo.adapters.client.wire import Received
from mkondo.kit.case import Answer
from mkondo.kit.contract import ASK, C2B, SESSION
from mkondo.kit.judge import FRAMING, faults, pushed_faults
from mkondo.kit.phrases import call, keys_of, pushes, refuses, succeeds

Body = dict[str, Any]
HEADERS = {name: "Accept-Encoding" if name == "vary" else value.replace("\\", "") for name, value in FRAMING.items()}
HEADERS["x-xss-protection"] = "1; mode=block"
PAID: Body = {
    "output_ResponseCode": "INS-0",
    "output_ResponseDesc": "Request processed successfully",
    "output_TransactionID": "G27DEn1DLoQ3",
    "output_ConversationID": "0195b0f2c4d87a31b6d0c1b1a4e5f601",
    "output_ThirdPartyConversationID": "mine",
}
REFUSED = {
    **PAID,
    "output_ResponseCode": "INS-15",
    "output_ResponseDesc": "Invalid Amount Used",
    "output_TransactionID": "N/A",
}


def received(body: Body, status: int = 201, headers: Mapping[str, str] = MappingProxyType({})) -> Received:
    raw = json.dumps(body, separators=(",", ":")).encode()
    return Received(status, {**HEADERS, "content-length": str(len(raw)), **headers}, raw)


def said(answer: Answer, got: Received) -> str:
    return "; ".join(faults(call(C2B), answer, got, {}, "mine"))


def test_what_the_contract_wants_is_passed() -> None:
    assert said(succeeds(C2B).framed(), received(PAID)) == ""
    assert said(refuses(C2B, "INS-15").framed(), received(REFUSED, 400)) == ""


def turned(body: Body) -> Body:
    return dict(reversed(body.items()))


SPOILT: tuple[tuple[str, Callable[[Body], Body], str], ...] = (
    ("order", turned, "instead of output_ResponseCode, output_ResponseDesc"),
    ("code", lambda body: {**body, "output_ResponseCode": "INS-1"}, "output_ResponseCode 'INS-1' instead of 'INS-0'"),
    ("text", lambda body: {**body, "output_ResponseDesc": "OK"}, "output_ResponseDesc 'OK' instead of"),
    ("extra", lambda body: {**body, "output_More": "1"}, "output_More instead of"),
    ("echo", lambda body: {**body, "output_ThirdPartyConversationID": "N/A"}, "'N/A' instead of 'mine'"),
    ("no id", lambda body: {**body, "output_TransactionID": "N/A"}, "'N/A' is not what this key holds"),
    ("type", lambda body: {**body, "output_TransactionID": 7}, "7 is not what this key holds"),
    ("conversation", lambda body: {**body, "output_ConversationID": "AG_1"}, "'AG_1' is not what this key holds"),
)


@pytest.mark.parametrize(("_", "spoil", "sentence"), SPOILT, ids=[row[0] for row in SPOILT])
def test_each_wrong_body_is_named(_: str, spoil: Callable[[Body], Body], sentence: str) -> None:
    assert sentence in said(succeeds(C2B), received(spoil(PAID)))


def test_a_wrong_status_is_named() -> None:
    assert said(succeeds(C2B), received(PAID, 200)) == "HTTP 200 instead of 201"


def test_an_operation_that_is_not_there_is_named() -> None:
    assert "c2b_single_stage is not served at its documented path" in said(succeeds(C2B), received(REFUSED, 404))


@pytest.mark.parametrize("header", FRAMING)
def test_each_header_is_looked_at(header: str) -> None:
    got = received(PAID)
    without = Received(got.status, {name: value for name, value in got.headers.items() if name != header}, got.body)
    assert said(succeeds(C2B).framed(), without) == f"no header {header}"
    assert header in said(succeeds(C2B).framed(), received(PAID, headers={header: "other"}))


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({"etag": "1"}, "a header etag"),
        ({"set-cookie": "a=b"}, "a header set-cookie"),
        ({"server": 'the "best"'}, "a quote character in header server"),
        ({"content-length": "1"}, "content-length is not the length of the body"),
    ],
)
def test_headers_that_break_clients_are_named(headers: dict[str, str], sentence: str) -> None:
    assert said(succeeds(C2B).framed(), received(PAID, headers=headers)) == sentence


def test_spaces_and_repeated_keys_are_named() -> None:
    got = received(PAID)
    raw = got.body.replace(b":", b": ")
    spaced = Received(201, {**got.headers, "content-length": str(len(raw))}, raw)
    assert said(succeeds(C2B).framed(), spaced) == "the body is not compact JSON"
    twice = Received(201, got.headers, got.body[:-1] + b',"output_ThirdPartyConversationID":"mine"}')
    assert "keys" in said(succeeds(C2B), twice)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b"\xff"])
def test_what_is_no_object_is_named(body: bytes) -> None:
    assert "the body is no JSON object" in said(succeeds(C2B), Received(201, {}, body))


def test_a_boolean_is_no_text_and_the_other_way_round() -> None:
    row: Body = dict.fromkeys(keys_of(ASK), "N/A")
    for wanted, got in ((True, "True"), ("True", True), (True, 1)):
        body = {**row, "output_SufficientBalance": got}
        answer = succeeds(ASK, SufficientBalance=wanted)
        assert "output_SufficientBalance" in said(answer, received(body, 200))


def test_a_session_key_is_not_told() -> None:
    body = {"output_ResponseCode": "INS-0", "output_ResponseDesc": "", "output_SessionID": "SECRET"}
    assert "SECRET" not in said(succeeds(SESSION), received(body, 200))


RESULT: Body = {
    "input_OriginalConversationID": "c1",
    "input_ResultCode": "INS-0",
    "input_ResultDesc": "Request processed successfully",
    "input_ThirdPartyConversationID": "mine",
    "input_TransactionID": "G27DEn1DLoQ3",
}


def said_of_result(body: Body) -> str:
    return "; ".join(pushed_faults(pushes(C2B), json.dumps(body).encode(), "c1", "mine"))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ({}, ""),
        ({"input_ResultCode": "INS-6"}, "pushed input_ResultCode 'INS-6' instead of 'INS-0'"),
        ({"input_ResultDesc": "OK"}, "pushed input_ResultDesc 'OK' instead of 'Request processed successfully'"),
        ({"input_OriginalConversationID": "c2"}, "pushed input_OriginalConversationID 'c2' instead of 'c1'"),
        ({"input_ThirdPartyConversationID": "x"}, "pushed input_ThirdPartyConversationID 'x' instead of 'mine'"),
        ({"input_TransactionID": "N/A"}, "pushed input_TransactionID 'N/A' is not what this key holds"),
    ],
)
def test_each_wrong_result_is_named(spoil: Body, sentence: str) -> None:
    assert said_of_result({**RESULT, **spoil}) == sentence


def test_a_result_of_other_keys_is_named() -> None:
    assert said_of_result(turned(RESULT)).startswith("pushed keys input_TransactionID")
    assert "no JSON object" in "; ".join(pushed_faults(pushes(C2B), b"<html>", "c1", "mine"))


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"", b"<html>", b"[]", b"\xff"])
def test_what_is_no_object_is_judged_as_one_that_is_none(body: bytes) -> None:
    assert "the body is no JSON object" in said(succeeds(C2B), Received(201, HEADERS, body))
