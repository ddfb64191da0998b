"""What the domain may not do, as one table over the syntax tree. Read next: test_purity.py, which breaks each rule.

A decider that asks the clock, rolls dice or reads a file decides differently when it is run again, and nobody can
replay it. A float loses money. So time, ids and randomness come to the domain as data, and it imports only what is
named here.
"""

import ast
from collections.abc import Callable, Iterator
from typing import NamedTuple

MAY_IMPORT = (
    "__future__",
    "collections",
    "dataclasses",
    "enum",
    "functools",
    "hashlib",
    "itertools",
    "mkondo.domain",
    "msgspec",
    "operator",
    "re",
    "types",
    "typing",
)
"""Whole modules of the standard library that have neither clock nor randomness nor I/O, and the Structs' library.

`datetime` and `zoneinfo` are listed apart: their types and arithmetic are pure, their `now` and `today` are not.
"""

PURE_PARTS = {
    "datetime": {"UTC", "date", "datetime", "time", "timedelta", "timezone", "tzinfo"},
    "zoneinfo": {"ZoneInfo"},
}

NOT_CALLED = {
    "breakpoint": "stops the program",
    "eval": "runs text",
    "exec": "runs text",
    "float": "makes a float; money is integer minor units",
    "hash": "differs from process to process",
    "id": "differs from process to process",
    "input": "is I/O",
    "open": "is I/O",
    "print": "is I/O",
    "__import__": "hides an import",
}

NOT_ASKED = {
    "fromtimestamp": "depends on the machine's time zone",
    "now": "asks the clock",
    "today": "asks the clock",
    "utcnow": "asks the clock",
    "uuid1": "asks the clock",
    "uuid4": "is random",
}


class Violation(NamedTuple):
    line: int
    what: str


def violations(source: str) -> list[Violation]:
    """Everything impure in one module, in order of lines."""
    tree = ast.parse(source)
    return sorted(Violation(line, what) for rule in RULES for line, what in rule(tree))


Rule = Callable[[ast.Module], Iterator[tuple[int, str]]]


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, f"imports {name.name}") for name in names if not _allowed(name.name))
            case ast.ImportFrom(module=module, names=names, level=0) if module in PURE_PARTS:
                bad = [name.name for name in names if name.name not in PURE_PARTS[module]]
                yield from ((node.lineno, f"imports {module}.{name}") for name in bad)
            case ast.ImportFrom(module=module, level=level) if level or not _allowed(module or ""):
                yield node.lineno, f"imports {'.' * level}{module or ''}"


def _allowed(module: str) -> bool:
    return any(module == allowed or module.startswith(f"{allowed}.") for allowed in MAY_IMPORT)


def _calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in NOT_CALLED:
                yield node.lineno, f"{name}() {NOT_CALLED[name]}"
            case ast.Call(func=ast.Attribute(attr=name)) if name in NOT_ASKED:
                yield node.lineno, f"{name}() {NOT_ASKED[name]}"


def _floats(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield node.lineno, f"the number {node.value} is a float"
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node.lineno, "/ makes a float, // does not"


def _waits(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield node.lineno, "waits: a decision has nothing to wait for"


def _shared_state(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield node.lineno, "keeps state of its own between decisions"


RULES: tuple[Rule, ...] = (_imports, _calls, _floats, _waits, _shared_state)
