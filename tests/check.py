"""`make check`: format, lint, types, import rules, generated files fresh. Every step runs, then failures are named.

`--write` renews the generated files. Read next: run.py, whose first suite this is.
"""

import json
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
    "docs/asyncapi.json": ("-m", "services.cli.documents.asyncapi"),
    "docs/events.md": ("-m", "services.cli.documents.events"),
}
"""Committed file -> the module that prints it."""

GENERATED_FOLDERS: dict[str, tuple[str, ...]] = {"docs/events": ("-m", "services.cli.documents.schemas")}
"""Committed folder -> the module that prints all its files, as JSON: text by name."""


def main(arguments: list[str]) -> int:
    if arguments == ["--write"]:
        for path, module in GENERATED.items():
            (ROOT / path).write_text(generate(module), encoding="utf-8")
            print(f"wrote {path}")
        for path, module in GENERATED_FOLDERS.items():
            write_folder(ROOT / path, json.loads(generate(module)))
            print(f"wrote {path}/")
        return 0
    return 1 if run_all()[1] else 0


def run_all() -> tuple[int, list[str]]:
    """How many steps passed, and the names of those that failed."""
    failed = [step.name for step in STEPS if not passes(step)]
    failed += [path for path, module in GENERATED.items() if not is_fresh(path, module)]
    failed += [path for path, module in GENERATED_FOLDERS.items() if not is_fresh_folder(path, module)]
    passed = len(STEPS) + len(GENERATED) + len(GENERATED_FOLDERS) - len(failed)
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


def is_fresh_folder(path: str, module: tuple[str, ...]) -> bool:
    """The files that its generator prints, and no others."""
    printed: dict[str, str] = json.loads(generate(module))
    fresh = read_folder(ROOT / path) == printed
    _say(f"{path}/ is fresh", fresh)
    if not fresh:
        print(f"  {path}/ differs from what its generator prints: make generate", flush=True)
    return fresh


def read_folder(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()} if folder.is_dir() else {}


def write_folder(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name in read_folder(folder).keys() - files.keys():
        (folder / name).unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


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
