"""Small files, whole packages, plain names, and nothing of the machine they were written on."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, every_file, python_files

LINES_MAX = 400
PYTHON = python_files("libs", "services", "tests", "deploy")
EMPTY_WORDS = re.compile(r"(Manager|Helper|Utils?)$")
# The home folders that people and build machines have; the image's own user is no machine.
HOMES = re.compile(r"/(?:home|Users)/(?!mkondo\b)[\w.-]+|/root/[\w.]|[A-Z]:\\Users\\")


@pytest.mark.parametrize("path", PYTHON)
def test_a_file_is_short_enough_to_read_at_once(path: str) -> None:
    lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
    assert lines <= LINES_MAX, f"{path} has {lines} lines: split it where its story turns"


def test_each_folder_with_code_is_a_package() -> None:
    """Import rules are checked for packages only: a folder without `__init__.py` would escape them in silence."""
    folders = {Path(path).parent for path in python_files("libs/mkondo", "services")}
    assert [str(folder) for folder in sorted(folders) if not (ROOT / folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("path", python_files("libs", "services"))
def test_a_class_is_named_by_what_it_is(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert [name for name in classes if EMPTY_WORDS.search(name)] == []


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    assert [f"{path}: {found}" for path in every_file() for found in machine_paths(_text(path))] == []


@pytest.mark.parametrize(
    "text", ["/home/" + "asha/mkondo", "/Users/" + "asha/x", "/root/" + ".cache", f"see {ROOT}/libs"]
)
def test_a_planted_machine_path_is_found(text: str) -> None:
    assert machine_paths(text)


def machine_paths(text: str) -> list[str]:
    """Home folders, and this very checkout unless it lies directly under the root (as in an image's WORKDIR)."""
    found = [match.group() for match in HOMES.finditer(text)]
    return found + ([str(ROOT)] if len(ROOT.parts) > 2 and f"{ROOT}/" in text else [])


def _text(path: str) -> str:
    return (ROOT / path).read_bytes().decode("utf-8", errors="replace")
