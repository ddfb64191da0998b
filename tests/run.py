"""Runs the suites one after another and says at the end what ran, what did not and why, and how long it took.

`make test` and `make test-quick` call it. With CI=true a suite that could not run, ran no test or skipped one is a
failure. The last line is `N passed, N failed`, over all suites. Read next: suites.py.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests import check
from tests.leftovers import adopt_orphans, end_leftovers
from tests.suites import ROOT, SUITES, Suite

REPORTS = ROOT / "reports" / "tests"
CHECK = Suite("check", "format, lint, types, import rules, generated files", (), 2, quick=())
STOP_AFTER = 3
"""A suite is stopped at this many times its budget: it hangs."""
NO_TESTS = 5
"""Pytest's exit code when it found nothing to run."""


@dataclass(slots=True)
class Result:
    """What became of one suite. `wrong` counts as a failure each; `remarks` are only said."""

    suite: Suite
    passed: int = 0
    failed: int = 0
    seconds: float = 0.0
    not_run: str = ""
    skipped: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def failures(self) -> int:
        return self.failed + len(self.wrong)


def main(arguments: list[str]) -> int:
    asked = _arguments(arguments)
    strict = os.environ.get("CI", "").lower() in ("1", "true")
    chosen = [row for row in (CHECK, *SUITES) if row.name in asked.only or not asked.only]
    if asked.quick:
        chosen = [row for row in chosen if row.quick is not None]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    adopt_orphans()
    results: list[Result] = []
    began = time.monotonic()
    try:
        for number, suite in enumerate(chosen, 1):
            _announce(number, chosen, suite, time.monotonic() - began)
            results.append(judge(run(suite, asked.quick), strict))
    except KeyboardInterrupt:
        results.append(Result(suite, wrong=["interrupted"]))
    summarise(results, strict, time.monotonic() - began)
    return 1 if any(result.failures for result in results) else 0


def run(suite: Suite, quick: bool) -> Result:
    missing = [said for need in suite.needs if (said := need()) is not None]
    if missing:
        return Result(suite, not_run=f"needs {'; '.join(missing)}")
    began = time.monotonic()
    result = (
        _check(suite) if suite is CHECK else _pytest(suite, suite.quick if quick and suite.quick else suite.arguments)
    )
    result.seconds = time.monotonic() - began
    result.wrong += [f"left a process behind: {name}" for name in end_leftovers()]
    return result


def _check(suite: Suite) -> Result:
    passed, failed = check.run_all()
    return Result(suite, passed=passed, failed=len(failed))


def _pytest(suite: Suite, arguments: Sequence[str]) -> Result:
    folders = [argument for argument in arguments if argument.startswith("tests/") and not (ROOT / argument).is_dir()]
    arguments = [argument for argument in arguments if argument not in folders]
    if not any(argument.startswith("tests/") for argument in arguments):
        return Result(suite, not_run=f"there are no tests in {', '.join(folders)} yet")
    report = REPORTS / f"{suite.name}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "--durations=3", f"--junitxml={report}", *arguments]
    code = _watch(command, STOP_AFTER * suite.minutes * 60)
    result = read_report(suite, report)
    if code is None:
        result.wrong.append(f"stopped after {STOP_AFTER} times its budget")
    elif code == NO_TESTS:
        result.not_run = "it has no tests"
    elif code != 0 and not result.failed:
        result.wrong.append(f"pytest ended with exit code {code}")
    return result


def _watch(command: Sequence[str], seconds: float) -> int | None:
    """The exit code, or None if it had to be stopped. It runs in a group of its own, ended as a whole."""
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        return None
    except KeyboardInterrupt:
        _end(process)
        raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """First as Ctrl-C would, so that fixtures clean up; then for good."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def read_report(suite: Suite, report: Path) -> Result:
    """Counts each test once, whatever of its set-up, body and tear-down went wrong."""
    result = Result(suite)
    if not report.is_file():
        return result
    outcomes: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        found = {child.tag: child.get("message", "") for child in case}
        if "failure" in found or "error" in found:
            outcomes[name] = "failed"
        elif "skipped" in found:
            result.skipped.append(f"{name}: {found['skipped']}")
        else:
            outcomes.setdefault(name, "passed")
    result.passed = sum(outcome == "passed" for outcome in outcomes.values())
    result.failed = sum(outcome == "failed" for outcome in outcomes.values())
    return result


def judge(result: Result, strict: bool) -> Result:
    """What must not pass in silence. Under CI what could not run was not tested, and that is a failure."""
    budget = result.suite.minutes * 60
    if result.seconds > budget:
        over = f"OVER BUDGET: {_clock(result.seconds)} of {_clock(budget)}"
        (result.wrong if strict and result.seconds > 2 * budget else result.remarks).append(over)
    if strict and result.not_run:
        result.wrong.append(f"not run: {result.not_run}")
    if strict:
        result.wrong += [f"skipped: {said}" for said in result.skipped]
    else:
        result.remarks += [f"skipped: {said}" for said in result.skipped]
    return result


def summarise(results: Sequence[Result], strict: bool, seconds: float) -> None:
    print(f"\n{'suite':14}{'passed':>8}{'failed':>8}{'skipped':>9}{'took':>9}{'budget':>9}")
    for result in results:
        figures = f"{result.passed:8}{result.failures:8}{len(result.skipped):9}"
        times = f"{_clock(result.seconds):>9}{_clock(result.suite.minutes * 60):>9}"
        print(f"{result.suite.name:14}{figures}{times}{'   not run' if result.not_run else ''}")
    for result in results:
        for line in [*result.wrong, *result.remarks]:
            print(f"{result.suite.name}: {line}")
        if result.not_run and not strict:
            print(f"{result.suite.name}: not run: {result.not_run}")
    ran = [result.suite.name for result in results if not result.not_run]
    print(f"ran {len(ran)} of {len(results)} suites in {_clock(seconds)}: {', '.join(ran)}")
    failed = sum(result.failures for result in results)
    print(f"{sum(result.passed for result in results)} passed, {failed} failed", flush=True)


def _announce(number: int, chosen: Sequence[Suite], suite: Suite, elapsed: float) -> None:
    budget = sum(row.minutes for row in chosen) * 60
    print(
        f"\n=== suite {number} of {len(chosen)}: {suite.name}: {suite.says} (at most {_clock(suite.minutes * 60)}; "
        f"{_clock(elapsed)} of {_clock(budget)} so far)",
        flush=True,
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the suites of the inner loop, under two minutes")
    names = [row.name for row in (CHECK, *SUITES)]
    parser.add_argument("--only", action="append", default=[], choices=names, help="this suite; may be repeated")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
