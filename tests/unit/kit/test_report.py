"""What is told of a run: nothing secret, and nothing that breaks a reader. Read next: mkondo/kit/report.py."""

import json
from collections.abc import Sequence
from xml.etree import ElementTree

from mkondo.adapters.client.wire import Received, Sent
from mkondo.kit.case import Case
from mkondo.kit.cases import CASES
from mkondo.kit.page import page
from mkondo.kit.report import as_json, as_junit, summary
from mkondo.kit.run import Exchange, Result, Verdict

SESSION_KEY, BEARER = "4ee35a0f5ac54dd8a2ed2b9d5ba4e0d2", "Bearer c2VjcmV0"
SENT = Sent("POST", "http://127.0.0.1:1/x/", {"Authorization": BEARER, "Origin": "*"}, b'{"a":"\x00<b>\xff"}')
SAID = Received(200, {"content-type": "application/json"}, b'{"output_SessionID":"%s"}' % SESSION_KEY.encode())


def result(case: Case, verdict: Verdict, *reasons: str) -> Result:
    return Result(case, verdict, reasons, (Exchange("first", SENT, SAID), Exchange("", SENT, None)))


RESULTS: Sequence[Result] = (
    result(CASES[0], Verdict.PASSED),
    result(CASES[1], Verdict.FAILED, "HTTP 500 instead of <201>", "with \x00"),
    result(CASES[2], Verdict.NOT_APPLICABLE, "needs a strict key"),
)


def test_the_summary_counts_each_verdict() -> None:
    assert summary(RESULTS) == "1 passed, 1 failed, 1 not applicable"
    assert summary(()) == "0 passed, 0 failed, 0 not applicable"


def test_no_report_holds_a_secret() -> None:
    for report in (page(RESULTS), as_junit(RESULTS), as_json(RESULTS)):
        assert SESSION_KEY.encode() not in report
        assert BEARER.encode() not in report


def test_the_page_shows_text_as_text() -> None:
    shown = page(RESULTS).decode()
    assert "&lt;201&gt;" in shown and "<201>" not in shown and "\x00" not in shown
    assert all(f'id="{each.case.id}"' in shown and each.case.title in shown for each in RESULTS)
    assert 'href="#section-2"' in shown and 'id="section-2"' in shown


def test_junit_says_what_failed_and_what_was_left_out() -> None:
    suite = ElementTree.fromstring(as_junit(RESULTS))
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "skipped": "1",
    }
    failure, skipped = suite.find(".//failure"), suite.find(".//skipped")
    assert failure is not None and "HTTP 500" in str(failure.get("message"))
    assert skipped is not None and skipped.get("message") == "needs a strict key"


def test_json_has_a_row_for_each_case() -> None:
    rows = json.loads(as_json(RESULTS))
    assert [row["verdict"] for row in rows["cases"]] == ["passed", "failed", "not applicable"]
