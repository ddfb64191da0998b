"""The benchmark of architecture.md section 9: `python -m tests.performance.bench [--quick] [--only CASE …]`.

Starts the platform itself, on empty directories and free ports, sends load from a process of its own, and afterwards
looks in the ledger for every payment that was acknowledged. Exit 1 when one is not there once, or the books do not
balance; never because something was slow. Read next: cases.py.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from tests.performance.cases import CASES, Effort
from tests.performance.report import Report, markdown, new_report, write

QUICK = Effort(load_seconds=3, fresh_headers=10_000, entries=15_000)
FULL = Effort(load_seconds=20, fresh_headers=60_000, entries=250_000)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Measure the figures of architecture.md, section 9.")
    parser.add_argument("--quick", action="store_true", help="under two minutes: short loads, less to rebuild")
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES), help="some of the cases")
    asked = parser.parse_args(arguments)
    report = new_report({"run": "quick" if asked.quick else "full", "cases": ", ".join(asked.only)})
    uvloop.run(_run(asked.only, QUICK if asked.quick else FULL, report))
    print(f"\n{markdown(report)}")
    print("Written:", *(path.relative_to(Path.cwd()) for path in write(report)))
    return 1 if report.wrong else 0


async def _run(names: list[str], effort: Effort, report: Report) -> None:
    for name in names:
        print(f"{name} …", flush=True)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="mkondo-bench-") as folder:
            Path(folder).chmod(0o711)  # Postgres, which is never root, must find its directory below
            await CASES[name](Path(folder), effort, report)
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
