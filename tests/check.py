"""`make check`: format, lint, types, import rules, generated files fresh. Every step runs, then failures are named.

`--write` renews the generated files. Read next: run.py, whose first suite this is.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Step:
    """One command that is silent and exits 0 when all is well."""

    name: str
    command: tuple[str, ...]


STEPS: tuple[Step, ...] = (
    Step("format", (str(BIN / "ruff"), "format", "--check", "--quiet", ".")),
    Step("lint", (str(BIN / "ruff"), "check", "--quiet", ".")),
    Step("types", (str(BIN / "mypy"), "--no-error-summary")),
    Step("import rules", (str(BIN / "lint-imports"), "--no-logo")),
)

GENERATED: dict[str, tuple[str, ...]] = {
    "docs/m-pesa-openapi.json": ("-m", "mkondo.openapi.document"),
    "docs/m-pesa.postman_collection.json": ("-m", "mkondo.openapi.collection"),
    "docs/topology.md": ("-m", "services.cli.documents.topology"),
    "deploy/topics.yaml": ("-m", "services.cli.documents.topics"),
    "docs/metrics.md": ("-m", "services.cli.documents.metrics"),
    "docs/settings.md": ("-m", "services.cli.documents.settings"),
    "docs/limits.md": ("-m", "tests.unit.domain.limit_cells"),
}
"""Committed file -> the module that prints it."""


def main(arguments: list[str]) -> int:
    if arguments == ["--write"]:
        for path, module in GENERATED.items():
            (ROOT / path).write_text(generate(module), encoding="utf-8")
            print(f"wrote {path}")
        return 0
    return 1 if run_all()[1] else 0


def run_all() -> tuple[int, list[str]]:
    """How many steps passed, and the names of those that failed."""
    failed = [step.name for step in STEPS if not passes(step)]
    failed += [path for path, module in GENERATED.items() if not is_fresh(path, module)]
    passed = len(STEPS) + len(GENERATED) - len(failed)
    print(f"check: {passed} passed, {len(failed)} failed{': ' if failed else ''}{', '.join(failed)}", flush=True)
    return passed, failed


def passes(step: Step) -> bool:
    done = subprocess.run(step.command, cwd=ROOT, env=_environment(), capture_output=True, text=True)
    _say(step.name, done.returncode == 0)
    if done.returncode:
        print(done.stdout + done.stderr, end="", flush=True)
    return done.returncode == 0


def is_fresh(path: str, module: tuple[str, ...]) -> bool:
    file = ROOT / path
    fresh = file.is_file() and file.read_text(encoding="utf-8") == generate(module)
    _say(f"{path} is fresh", fresh)
    if not fresh:
        print(f"  {path} differs from what its generator prints: make generate", flush=True)
    return fresh


def generate(module: tuple[str, ...]) -> str:
    command = [sys.executable, *module]
    done = subprocess.run(command, cwd=ROOT, env=_environment(), check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def _say(name: str, well: bool) -> None:
    print(f"check: {name:40} {'ok' if well else 'FAILED'}", flush=True)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'libs'}:{ROOT}"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
