"""The results as a page for people: every case, what was sent, what came back, and what the contract says.

Read next: templates/conformance.html.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from mkondo.adapters.html.templates import Templates
from mkondo.kit.contract import OPERATIONS
from mkondo.kit.report import Shown, reasons, shown, summary
from mkondo.kit.run import Result, Verdict

SECTIONS = {
    "1": "Transport, paths, markets",
    "2": "Cryptography and session",
    "3": "Field grammar",
    "4": "Operations",
    "5": "Response codes",
    "6": "Synchronous and asynchronous",
    "7": "Sandbox test data",
    "10": "Tolerances that real clients need",
    "12": "Rulings where nothing public decides",
}
"""Of the contract."""

GRADES = {
    "D": "the platform's documentation",
    "C": "a captured answer of the real service",
    "S": "the source of a client",
    "V": "a client run against a capture server",
    "P": "reported against the real service",
    "I": "our own ruling, where nothing public decides",
}


class Row(msgspec.Struct, frozen=True):
    """One case on the page."""

    id: str
    title: str
    section: str
    grade: str
    verdict: str
    reasons: tuple[str, ...]
    exchanges: tuple[Shown, ...]


class Chapter(msgspec.Struct, frozen=True):
    """The cases of one operation."""

    name: str
    label: str
    passed: int
    rows: tuple[Row, ...]


def page(results: Sequence[Result]) -> bytes:
    chapters = [
        _chapter(name, operation.label, [result for result in results if result.case.operation == name])
        for name, operation in OPERATIONS.items()
    ]
    values = {
        "summary": summary(results),
        "chapters": [chapter for chapter in chapters if chapter.rows],
        "sections": SECTIONS,
        "grades": GRADES,
    }
    return Templates(Path(__file__).parent / "templates").render("conformance.html", values)


def _chapter(name: str, label: str, results: Sequence[Result]) -> Chapter:
    passed = sum(result.verdict is Verdict.PASSED for result in results)
    return Chapter(name, label, passed, tuple(map(_row, results)))


def _row(result: Result) -> Row:
    case = result.case
    return Row(
        case.id,
        case.title,
        case.section,
        case.grade.value,
        result.verdict.value,
        reasons(result),
        tuple(map(shown, result.exchanges)),
    )
