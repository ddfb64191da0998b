"""Somebody else has the platform's port: each command says so in one line, and nothing is taken for an answer."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from mkondo.kit.case import Caller
from mkondo.kit.cases import CASES
from mkondo.kit.run import UNANSWERED_MAX, run
from mkondo.kit.target import Parties, Side, Target
from services.cli.main import main
from tests.system.strangers import a_public_key, http, stranger
from tests.unit.cli.directories import owned, refusal

KEY = a_public_key()
CALLERS = (("pay", "c2b"), ("status", "x"), ("reverse", "x"), ("trigger", "success"))
MANAGERS = (("clock", "show"), ("clock", "advance", "1d"), ("apps", "list"), ("apps", "show", "demo"))
HANDSET = ("handset", "show", "255700000001")
SESSION = http(200, b'{"output_ResponseCode":"INS-0","output_ResponseDesc":"x","output_SessionID":"s"}')

SAID = {
    "a page": http(200, b"<html>", "content-type: text/html"),
    "no page": http(404, b"<html>", "content-type: text/html"),
    "a redirect": http(302, b"", "location: /login"),
    "binary": b"\x00\xff\xfe\x15\x03\x01" * 20,
    "gzip that is none": http(200, b"abc", "content-encoding: gzip"),
    "a list": http(200, b"[]"),
    "a number": http(200, b"7"),
    "null": http(200, b"null"),
    "half a surrogate pair": http(200, b'{"output_ResponseCode":"\\ud800"}'),
    "nothing": http(200, b""),
    "nested without end": http(200, b"[" * 100_000),
    "another object": http(200, b'[{"hello": 1}]'),
    "no session": http(200, b'{"output_SessionID":null}'),
    "no session but a code": http(200, b'{"output_ResponseCode":"INS-0","output_SessionID":7}'),
}


@pytest.mark.parametrize("says", SAID.values(), ids=SAID)
def test_a_stranger_is_no_platform(tmp_path: Path, says: bytes) -> None:
    with stranger(says) as address, owned(tmp_path, address, KEY) as data:
        for typed in (*CALLERS, *MANAGERS):
            line = refusal(data, *typed)
            assert address in line and "is that this `mkondo up`?" in line, (typed, line)
        if b"output_" not in says:
            assert "is that this `mkondo up`?" in refusal(data, *HANDSET)


@pytest.mark.parametrize("says", [b"{}", b"7", b'{"output_ResponseCode":null}', b'{"output_ResponseCode":200}'])
def test_what_answers_a_payment_must_say_a_code(tmp_path: Path, says: bytes) -> None:
    with stranger(SESSION, http(200, says)) as address, owned(tmp_path, address, KEY) as data:
        assert "is that this `mkondo up`?" in refusal(data, "pay", "c2b")


def test_a_refusal_with_the_status_of_a_success_is_one(tmp_path: Path) -> None:
    declined = http(200, json.dumps({"output_ResponseCode": "INS-6", "output_ResponseDesc": "x"}).encode())
    with stranger(SESSION, declined) as address, owned(tmp_path, address, KEY) as data:
        said = CliRunner().invoke(main, ("pay", "c2b", "--data", str(data)))
        assert (said.exit_code, "INS-6" in said.stdout) == (1, True), said


def test_nobody_is_named_with_the_address(tmp_path: Path) -> None:
    with owned(tmp_path, public_key=KEY) as data:
        for typed in (*CALLERS, *MANAGERS, HANDSET):
            assert "nobody answers at http://127.0.0.1:1: " in refusal(data, *typed), typed


def test_a_public_key_that_is_none_is_said_to_be_so(tmp_path: Path) -> None:
    for number, key in enumerate(("notakey", "AAAA", "é")):
        with stranger(SESSION) as address, owned(tmp_path / str(number), address, key) as data:
            assert "public key" in refusal(data, "pay", "c2b")


@pytest.mark.parametrize("name", ["../../x", "", ".", "..", "a/b"])
def test_an_application_that_can_t_be_is_not_looked_for(tmp_path: Path, name: str) -> None:
    with owned(tmp_path) as data:
        assert f"no application {name!r}" in refusal(data, "apps", "show", name)


def given(address: str, key: str = KEY, api_key: str = "k") -> tuple[str, ...]:
    """Another implementation for the conformance cases."""
    where = ("--base-url", address, "--public-key", key, "--api-key", api_key)
    return (*where, "--market", "vodacomTZN", "--shortcode", "000000", "--msisdn", "255700000001")


@pytest.mark.parametrize("name", [name for name, says in SAID.items() if b"output_" not in says])
def test_a_stranger_is_not_judged(name: str) -> None:
    with stranger(SAID[name]) as address:
        said = CliRunner().invoke(main, ("conformance", *given(address)))
        assert (said.exit_code, said.stdout, len(said.stderr.splitlines())) == (1, "", 1), said
        assert address in said.stderr and "--base-url" in said.stderr


def test_nobody_is_not_judged() -> None:
    with stranger() as hangs:
        for address, says in (("http://127.0.0.1:1", "nobody answers at"), (hangs, "did not answer within 5 s")):
            said = CliRunner().invoke(main, ("conformance", *given(address)))
            assert (said.exit_code, said.stdout, len(said.stderr.splitlines())) == (1, "", 1), said
            assert address in said.stderr and says in said.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        given("http://127.0.0.1:99999"),
        given("http://[::1"),
        given("http://127.0.0.1:1\r\nx"),
        given("nonsense"),
        given(""),
        given("http://127.0.0.1:1", "notakey"),
        given("http://127.0.0.1:1", "AAAA"),
        given("http://127.0.0.1:1", KEY, "k" * 400),
        (*given("http://127.0.0.1:1"), "--strict-api-key", "k" * 400),
    ],
    ids=lambda typed: repr(typed[1])[:30],
)
def test_an_address_or_key_that_can_t_be_is_wrong_use(wrong: tuple[str, ...]) -> None:
    said = CliRunner().invoke(main, ("conformance", *wrong))
    assert (said.exit_code, said.stdout, "Error: " in said.stderr.splitlines()[-1]) == (2, "", True), said


def test_when_nobody_is_left_to_answer_the_run_ends_and_what_was_run_is_written(tmp_path: Path) -> None:
    junit, page = tmp_path / "reports" / "junit.xml", tmp_path / "page.html"
    with stranger(SESSION, SESSION, b"") as address:
        typed = ("conformance", *given(address), "--junit", str(junit), "--page", str(page))
        said = CliRunner().invoke(main, typed)
    line = said.stderr.splitlines()[-1]
    tried = int(line.partition("answers no more: ")[2].partition(" of ")[0])
    assert (said.exit_code, 10 <= tried <= 30, f"{tried} failed" in said.stdout) == (1, True, True), said
    root = ElementTree.parse(junit).getroot()
    assert int(root.get("tests", "")) - int(root.get("skipped", "")) == tried
    assert page.stat().st_size > 1_000


def test_who_drops_what_it_can_t_bear_is_judged_to_the_end() -> None:
    with stranger(b"", sessions=SESSION) as address:
        said = CliRunner().invoke(main, ("conformance", *given(address), "--operation", "reversal", "--json"))
    told = json.loads(said.stdout)
    cases = [case for case in CASES if case.operation == "reversal"]
    assert len(cases) > 2 * UNANSWERED_MAX
    assert (said.exit_code, [row["id"] for row in told["cases"]]) == (1, [case.id for case in cases])


def test_a_report_that_can_t_be_written_does_not_cost_the_results(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("")
    with stranger(b"", sessions=SESSION) as address:
        typed = ("conformance", *given(address), "--case", "REVERSAL-INS-0", "--junit", str(tmp_path / "letter" / "x"))
        said = CliRunner().invoke(main, typed)
    assert (said.exit_code, "FAILED  REVERSAL-INS-0" in said.stdout, "cannot write" in said.stderr) == (1, True, True)


async def test_a_session_that_can_t_be_encrypted_is_a_fault_and_not_the_end() -> None:
    long = http(200, json.dumps({"output_ResponseCode": "INS-0", "output_SessionID": "s" * 400}).encode())
    cases = [case for case in CASES if case.id == "REVERSAL-INS-0-whole"]
    side = Side("sandbox", KEY, "k", "000000", "000001")
    with stranger(long) as address:
        target = Target(address, "vodacomTZN", {Caller.FIRST: side}, {"vodacomTZN": Parties("TZN", "TZS", "255", "")})
        results = await run(target, cases, lambda _: None)
    assert [reason for each in results for reason in each.reasons if "encrypted" in reason]
