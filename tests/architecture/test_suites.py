"""No test is forgotten by `make test`, and nothing that did not run looks like a success."""

from pathlib import Path

import pytest

from tests.architecture.sources import python_files
from tests.run import Result, judge, read_report
from tests.suites import SUITES, Suite

FOLDERS = {argument for suite in SUITES for argument in suite.arguments if argument.startswith("tests/")}
SUITE = Suite("some", "says", ("tests/some",), minutes=1)

REPORT = """<testsuites><testsuite>
  <testcase classname="a" name="passes"/>
  <testcase classname="a" name="fails"><failure message="no"/></testcase>
  <testcase classname="a" name="passes but does not clean up"/>
  <testcase classname="a" name="passes but does not clean up"><error message="no"/></testcase>
  <testcase classname="a" name="is skipped"><skipped message="no broker"/></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize("path", [path for path in python_files("tests") if Path(path).name.startswith("test_")])
def test_each_test_belongs_to_a_suite(path: str) -> None:
    assert any(path.startswith(f"{folder}/") for folder in FOLDERS), f"no suite of tests/suites.py runs {path}"


def test_a_report_counts_each_test_once(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT, encoding="utf-8")
    result = read_report(SUITE, tmp_path / "report.xml")
    assert (result.passed, result.failed, len(result.skipped)) == (1, 2, 1)


@pytest.mark.parametrize(
    "result",
    [
        Result(SUITE, not_run="needs java"),
        Result(SUITE, passed=3, skipped=["a::b: no broker"]),
        Result(SUITE, passed=3, seconds=121),
    ],
)
def test_what_did_not_run_or_took_twice_its_budget_fails_in_ci_and_is_said_elsewhere(result: Result) -> None:
    here = judge(Result(SUITE, result.passed, 0, result.seconds, result.not_run, result.skipped), strict=False)
    assert here.failures == 0
    assert here.remarks or here.not_run
    assert judge(result, strict=True).failures == 1


def test_a_suite_within_twice_its_budget_is_only_remarked_upon() -> None:
    result = judge(Result(SUITE, passed=3, seconds=100), strict=True)
    assert (result.failures, len(result.remarks)) == (0, 1)
