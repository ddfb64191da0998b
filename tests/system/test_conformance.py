"""The conformance kit against this platform, and against servers that are wrong in one way each.

Read next: mkondo/kit/case.py, spoiling.py.
"""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from mkondo.adapters.client.wire import Received, Wire
from mkondo.domain.markets import MARKETS
from mkondo.kit.cases import CASES, fields
from mkondo.kit.run import Result, Verdict, run
from mkondo.testing.platform import ROOT, RunningPlatform, verify
from services.cli.conformance import demo_target
from tests.system.spoiling import Spoil, always, body_wise, header_wise, said, spoiling, status_wise, without

PAGE = ROOT / "reports" / "conformance.html"


LACKING = {
    "C2B-INS-9-test-value-12-digits-2": "test shortcode",
    "C2B-INS-997-off": "management API",
    "STATUS-INS-21-wide-id-strict": "compatibility switch off",
    "C2B-INS-0-live": "live",
}
"""Cases that a target without more than an API key can't try, and what it would need."""


def conformance(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", "conformance", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170, check=False)


@pytest.mark.timeout(240)
def test_every_case_passes_and_the_books_are_right(platform: RunningPlatform, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    done = conformance("--data", str(platform.data), "--page", str(PAGE), "--junit", str(junit), "--json")
    told = json.loads(done.stdout)
    assert [(row["id"], row["reasons"]) for row in told["cases"] if row["verdict"] != "passed"] == []
    assert (done.returncode, told["summary"]) == (0, f"{len(CASES)} passed, 0 failed, 0 not applicable")
    assert ElementTree.parse(junit).getroot().get("tests") == str(len(CASES))
    page, demo = PAGE.read_text(), platform.demo
    assert all(f'id="{case.id}"' in page for case in CASES)
    assert not any(key in page for key in (demo["api_key"], demo["strict_api_key"], demo["live"]["api_key"]))
    verified = verify(platform)
    assert verified.returncode == 0, verified


@pytest.mark.parametrize("market", MARKETS)
async def test_each_market_is_as_good_as_the_first(platform: RunningPlatform, market: str) -> None:
    """But for what needs the application to be changed, which no market has a part in."""
    cases = [case for case in CASES if case.setting is None and case.section in ("4", "5", "7", "12")]
    results = await run(demo_target(platform.data, market), cases, lambda _: None)
    assert [(each.case.id, each.reasons) for each in results if each.verdict is not Verdict.PASSED] == []


async def test_what_is_refused_for_a_field_leaves_no_trace(platform: RunningPlatform) -> None:
    """Whatever a field holds: no event, so no money moved, no id used up, nothing to ask about."""
    grid = [case for case in fields.CASES if not case.steps]
    await run(demo_target(platform.data), grid[:1], lambda _: None)  # a session, which is an event
    before = await trace(platform)
    results = await run(demo_target(platform.data), grid, lambda _: None)
    assert {each.verdict for each in results} == {Verdict.PASSED}
    assert await trace(platform) == before


async def trace(platform: RunningPlatform) -> list[tuple[str, int]]:
    """Every event but sessions'."""
    rows = await platform.journal()
    return [(row.source, row.sequence) for row in rows if row.type != "SessionOpened"]


def test_another_implementation_is_asked_only_what_it_can_be(platform: RunningPlatform) -> None:
    demo = platform.demo
    given = {
        "--base-url": demo["http"],
        "--api-key": demo["api_key"],
        "--public-key": demo["public_key"],
        "--market": "vodafoneGHA",
        "--shortcode": "ORG001",
        "--msisdn": demo["markets"]["vodafoneGHA"]["customer_msisdn"],
    }
    options = [argument for pair in given.items() for argument in pair]
    done = conformance(*options, "--case", "C2B-INS-0", "--case", "C2B-INS-9", "--case", "STATUS-INS-21", "--json")
    assert done.returncode == 0, done
    verdicts = {row["id"]: (row["verdict"], row["reasons"]) for row in json.loads(done.stdout)["cases"]}
    assert verdicts["C2B-INS-0-once"] == ("passed", [])
    for name, lack in LACKING.items():
        verdict, reasons = verdicts[name]
        assert verdict == "not applicable" and lack in reasons[0]
    incomplete = conformance("--base-url", demo["http"])
    assert (incomplete.returncode, "--public-key" in incomplete.stderr) == (2, True)


def test_nobody_there_is_a_failure_and_wrong_use_is_not(platform: RunningPlatform, tmp_path: Path) -> None:
    demo = platform.demo
    options = ("--base-url", "http://127.0.0.1:9", "--api-key", demo["api_key"], "--public-key", demo["public_key"])
    whole = (*options, "--market", "vodacomTZN", "--shortcode", "000000", "--msisdn", "255700000001")
    gone = conformance(*whole, "--operation", "get_session")
    assert (gone.returncode, gone.stdout) == (1, "") and "nobody answers at http://127.0.0.1:9" in gone.stderr
    assert conformance("--data", str(platform.data), "--case", "NOTHING").returncode == 2
    assert conformance("--data", str(tmp_path)).returncode == 1


FAMILIES: tuple[tuple[str, Spoil, str, str], ...] = (
    ("status of a success", status_wise(lambda status: 200 if status == 201 else status), "C2B-INS-0-once", "HTTP 200"),
    ("status of a decline", status_wise(lambda status: 400 if status == 422 else status), "C2B-INS-2006-poor", "HTTP"),
    ("code", said("ResponseCode", "INS-10", "INS-1"), "C2B-INS-10-again", "'INS-1' instead of 'INS-10'"),
    ("text", said("ResponseDesc", "Invalid Amount Used", "Bad"), "C2B-INS-15-Amount-zero", "output_ResponseDesc 'Bad'"),
    ("order of keys", body_wise(lambda body: dict(sorted(body.items()))), "REVERSAL-INS-0-whole", "keys "),
    ("a key left out", without("ConversationID"), "B2C-INS-0-once", "keys "),
    ("a key too many", body_wise(lambda body: {**body, "more": 1}), "B2B-INS-0-once", "keys "),
    ("echo", always("ThirdPartyConversationID", "x"), "STATUS-INS-0-by-transaction", "'x' instead of"),
    ("id of a duplicate", said("TransactionID", "N/A", ""), "C2B-INS-10-again", "'' instead of 'N/A'"),
    ("status word", said("ResponseTransactionStatus", "Pending", "Held"), "STATUS-INS-0-two-step-pending", "'Held'"),
    ("type of Reversed", said("Reversed", "False", False), "STATUS-INS-0-by-conversation", "False instead of 'False'"),
    ("type of SufficientBalance", said("SufficientBalance", True, "True"), "DDQUERY-INS-0-enough", "'True' instead"),
    ("account status", said("AccountStatus", "Locked", "Active"), "DDQUERY-INS-0-test-AccountStatus-3", "'Active'"),
    ("terms", said("PaymentDayTo", "22", "N/A"), "DDQUERY-INS-0-terms", "'N/A' instead of '22'"),
    ("token", always("MsisdnToken", "a+b/c"), "DDCREATE-INS-0-once", "output_MsisdnToken"),
    ("voucher code", always("VoucherCode", "abc"), "MULTI-INS-0-once", "output_VoucherCode"),
    ("success code of an update", said("ResponseCode", "INS-GAR-0", "INS-0"), "UPDATE-INS-GAR-0-commit", "'INS-0'"),
    ("limit", said("ResponseCode", "INS-994", "INS-993"), "C2B-INS-994-session-value", "'INS-993' instead"),
    ("customer's limit", said("ResponseCode", "INS-990", "INS-994"), "B2C-INS-990-customer-value", "'INS-994' instead"),
    ("several limits", said("ResponseCode", "INS-992", "INS-994"), "UPDATE-INS-992-customer-and-session", "'INS-994'"),
    ("usage time", said("ResponseCode", "INS-996", "INS-997"), "NAME-INS-996-closed", "'INS-997' instead of 'INS-996'"),
    ("nothing given back", status_wise(lambda status: 401 if status == 201 else status), "C2B-INS-994-given-back",
     "step fits: HTTP 400 instead"),
    ("name", always("CustomerLastName", ""), "NAME-INS-0-once", "output_CustomerLastName"),
    ("session key", always("SessionID", "short"), "SESSION-INS-0-once", "output_SessionID"),
    ("why not", without("error"), "B2B-INS-989-unknown", "keys "),
    ("framing", header_wise({"x-robots-tag": None}), "C2B-INS-0-framed", "no header x-robots-tag"),
    ("a quote in a header", header_wise({"etag": '"1"'}), "C2B-INS-0-framed", "a header etag"),
    ("charset", header_wise({"content-type": "application/json; charset=utf-8"}), "NAME-INS-0-framed", "content-type"),
    ("methods", header_wise({"allow": None}), "REVERSAL-204-options", "no header allow"),
    ("wrong path", status_wise(lambda status: 400 if status == 404 else status), "C2B-INS-21-unknown-path", "HTTP 400"),
    ("too large", status_wise(lambda status: 400 if status == 413 else status), "C2B-INS-21-too-large", "HTTP 400"),
    ("tolerance", status_wise(lambda status: 307 if status == 201 else status), "C2B-INS-0-10-2-no-slash", "HTTP 307"),
    ("not built", status_wise(lambda _: 404), "DDPAY-INS-20-Amount-absent", "not served at its documented path"),
    ("no JSON", lambda answer: Received(answer.status, answer.headers, b"<html>"), "C2B-INS-0-once", "no JSON object"),
    ("spaces", lambda answer: Received(answer.status, answer.headers, answer.body.replace(b":", b": ")),
     "C2B-INS-0-framed", "not compact"),
)  # fmt: skip
"""What is wrong, how, which case finds it, and what that case says."""


@pytest.mark.parametrize(("family", "spoil", "name", "says"), FAMILIES, ids=[row[0] for row in FAMILIES])
async def test_a_server_that_is_wrong_in_one_way_is_found(
    platform: RunningPlatform, family: str, spoil: Spoil, name: str, says: str
) -> None:
    target = demo_target(platform.data)
    cases = [case for case in CASES if case.id == name]
    assert len(cases) == 1, name
    async with Wire(8) as wire, spoiling(target.base_url, wire, _but_sessions(family, spoil)) as wrong:
        told: list[Result] = []
        found, *_ = await run(msgspec.structs.replace(target, base_url=wrong), cases, told.append)
    assert told == [found]
    assert (found.verdict, says in "; ".join(found.reasons)) == (Verdict.FAILED, True), found.reasons


def _but_sessions(family: str, spoil: Spoil) -> Spoil:
    """Only the case's own answers are spoilt: without a session there would be nothing to find."""
    return spoil if family == "session key" else lambda answer: answer if b"SessionID" in answer.body else spoil(answer)
