"""The files of this repository, for tests that read them."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (".ci", "deploy", "docs", "helm", "libs", "services", "tests")
NOT_OURS = {"__pycache__", "node_modules"}


def python_files(*folders: str) -> list[str]:
    """Paths from the root, sorted."""
    return sorted(path for folder in folders for path in _files(ROOT / folder) if path.endswith(".py"))


def every_file() -> list[str]:
    """What is written by hand or committed: the folders above and the files beside them, sorted."""
    beside = [path.name for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    return sorted([*beside, *(path for folder in FOLDERS for path in _files(ROOT / folder))])


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and not NOT_OURS.intersection(path.parts):
            yield str(path.relative_to(ROOT))
