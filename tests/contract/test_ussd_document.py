"""docs/ussd-gateway.md is true: its examples, its signature in its own words, its table, its limits."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mkondo.adapters.ussd.settings import VARIABLES, UssdSettings
from mkondo.contracts.signature import TOLERANCE_SECONDS, distrust, read_secret, sign
from mkondo.contracts.ussd import ANSWER_BYTES_MAX, read_question, read_reply, write
from mkondo.domain.handset import ANSWERS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ussd-gateway.md").read_text(encoding="utf-8")
SECRET = re.findall(r"`(whsec_[\w+/=]+)`", PAGE)[0]


def fenced(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)\n```", PAGE, re.DOTALL)


def example(number: int) -> tuple[dict[str, str], bytes]:
    """Headers and body of one of the page's two HTTP messages."""
    head, _, body = fenced("http")[number].partition("\n\n")
    return dict(line.split(": ", 1) for line in head.splitlines()[1:]), body.encode()


QUESTION, ANSWER = example(0), example(1)


@pytest.mark.parametrize(("headers", "body"), [QUESTION, ANSWER])
def test_the_examples_are_rightly_signed(headers: dict[str, str], body: bytes) -> None:
    now = int(headers["webhook-timestamp"])
    assert distrust([read_secret(SECRET)], headers, now, body) == ""
    assert sign([read_secret(SECRET)], headers["webhook-id"], now, body).items() <= headers.items()


@pytest.mark.parametrize(("headers", "body"), [QUESTION, ANSWER])
def test_the_page_s_own_code_signs_as_we_do(headers: dict[str, str], body: bytes) -> None:
    namespace: dict[str, Callable[..., str]] = {}
    exec(fenced("python")[0], namespace)
    made = namespace["signature"](SECRET, headers["webhook-id"], headers["webhook-timestamp"], body)
    assert made == headers["webhook-signature"]


def test_the_question_is_what_we_send_byte_for_byte() -> None:
    headers, body = QUESTION
    question = read_question(body)
    assert question is not None and write(question) == body
    assert question.payment_id == headers["webhook-id"]


def test_the_answer_is_understood() -> None:
    headers, body = ANSWER
    reply = read_reply(body)
    assert reply is not None and (reply.payment_id, reply.action) == (headers["webhook-id"], "approve")
    assert headers["webhook-id"] == QUESTION[0]["webhook-id"]


def test_every_action_is_in_the_table_with_what_it_does() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE))
    assert rows.pop("action") == "the payment"
    assert rows.keys() == ANSWERS.keys()
    for action, answer in ANSWERS.items():
        if answer is not None and answer.code != "INS-0":
            assert rows[action] == f"{answer.code}, {answer.status}"


def test_every_variable_is_in_the_table() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `MKONDO_USSD_")]
    assert rows == [f"| `{variable}` | {says} |" for variable, says in VARIABLES.items()]


def test_the_limits_are_the_programs() -> None:
    assert f"above {ANSWER_BYTES_MAX // 1024} KiB" in PAGE
    assert f"{TOLERANCE_SECONDS // 60} minutes off" in PAGE
    assert UssdSettings("", ()).margin_ms == 500 and "half a second before `expires_at`" in PAGE
