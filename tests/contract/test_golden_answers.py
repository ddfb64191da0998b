"""Every shape of answer, byte for byte: the files in golden/ are the reference (contract section 12, "Order of keys").

A golden file is the answer as it goes over the wire: status, every header with its length, body. After a ruling
changed, renew them by `python -m tests.contract.test_golden_answers` and read the difference before committing. The
shapes themselves are in answers.py.
"""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from mkondo.adapters.http.respond import RETRY_AFTER, respond
from mkondo.openapi import render
from mkondo.openapi.explain import HEADER as EXPLANATION
from mkondo.openapi.operations import OPERATIONS
from mkondo.openapi.render import Answer
from mkondo.openapi.triggers import TRIGGERS
from tests.contract.answers import ANSWERS, CALLBACKS, EXPLAINED, QUERY, refused, scripted_answer

GOLDEN = Path(__file__).parent / "golden"
KINDS = ("success", "error", "accepted")
NEVER_ASYNCHRONOUS = ("get_session",)
"""A session key is never pushed to an address (contract section 6 has no callback for it)."""


def wire(answer: Answer) -> bytes:
    """What the front sends for it; with what is refused for being too much goes when to try again."""
    extra = (RETRY_AFTER,) if answer.status in (429, 503) else ()
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(respond(send, answer, extra))
    start, body = sent
    headers = [b"%s: %s" % header for header in start["headers"]]
    return b"\n".join((b"%d" % start["status"], *headers, b"", body["body"]))


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_its_golden_file_byte_for_byte(name: str) -> None:
    assert wire(ANSWERS[name]) == (GOLDEN / f"{name}.http").read_bytes()


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_is_its_golden_file_byte_for_byte(name: str) -> None:
    assert CALLBACKS[name] == (GOLDEN / f"{name}.json").read_bytes()


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name not in NEVER_ASYNCHRONOUS])
def test_every_operation_has_its_callback(operation: str) -> None:
    """Its keys are those of contract section 6, in that order."""
    for kind in ("callback", "callback_failed"):
        keys = tuple(msgspec.json.decode(CALLBACKS[f"{operation}/{kind}"]))
        assert keys == OPERATIONS[operation].callback_outputs


def test_every_golden_file_has_its_answer() -> None:
    assert {f"{file.parent.name}/{file.stem}" for file in GOLDEN.rglob("*.http")} == set(ANSWERS)
    assert {f"{file.parent.name}/{file.stem}" for file in GOLDEN.rglob("*.json")} == set(CALLBACKS)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_operation_has_its_golden_files(operation: str, kind: str) -> None:
    expected = kind != "accepted" or operation not in NEVER_ASYNCHRONOUS
    assert (f"{operation}/{kind}" in ANSWERS) == expected


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
        body = refused("INS-28", echo=echo).body
        assert msgspec.json.decode(body, type=dict[str, str])["output_ThirdPartyConversationID"] == echo


def test_no_header_holds_a_quote() -> None:
    """Section 10.5: one widely copied client crashes on them."""
    assert not any(quote in name + value for name, value in render.HEADERS for quote in (b'"', b"'"))


def test_no_golden_file_has_a_quote_in_its_head() -> None:
    for file in (*GOLDEN.rglob("*.http"), *GOLDEN.with_name("golden_mozambique").rglob("*.http")):
        head, _, _ = file.read_bytes().partition(b"\n\n")
        assert not any(quote in head for quote in (b'"', b"'")), file


def test_refusals_for_limits_are_explained_in_the_sandbox_and_nothing_else_is() -> None:
    explained = {name for name, answer in ANSWERS.items() if answer.explanation}
    assert explained == set(EXPLAINED) - {"c2b_single_stage/limit_in_live"}


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_body_is_the_same_with_and_without_its_explanation(name: str) -> None:
    with_it, without = wire(ANSWERS[name]), wire(replace(ANSWERS[name], explanation=""))
    assert [line for line in with_it.splitlines() if not line.startswith(EXPLANATION)] == without.splitlines()
    assert with_it.partition(b"\n\n")[2] == without.partition(b"\n\n")[2]


def test_live_is_told_the_same_body() -> None:
    assert ANSWERS["c2b_single_stage/limit_in_live"].body == ANSWERS["c2b_single_stage/limit_daily_value"].body


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


def test_every_scripted_answer_of_a_status_query_can_be_answered() -> None:
    for table in TRIGGERS[QUERY.name]:
        for reference in table.values():
            assert scripted_answer(reference).body.startswith(b'{"output_ResponseCode":"INS-')


if __name__ == "__main__":
    for name, answer in ANSWERS.items():
        file = GOLDEN / f"{name}.http"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wire(answer))
    for name, body in CALLBACKS.items():
        (GOLDEN / f"{name}.json").write_bytes(body)
