"""From a request's method and path to an operation, or to the way in which there is none.

Pure. Contract section 1 (paths), 10.2 (tolerated spellings), 10.7 (ways in for compatible applications only) and 12
(404, 405, OPTIONS). The usual spellings are found in one look-up. Read next: parse.py.
"""

import msgspec

from mkondo.domain.environments import ENVIRONMENTS as ENVIRONMENTS
from mkondo.domain.markets import MARKETS
from mkondo.openapi.operations import OPERATIONS, Operation


class Miss(msgspec.Struct, frozen=True):
    """No operation: 404 unknown path, 405 wrong method, 204 the answer to OPTIONS. `allow` is the Allow header."""

    status: int
    allow: str = ""
    operation: Operation | None = None


class Match(msgspec.Struct, frozen=True):
    """The operation a request asks for. The market is text as written: it may be unknown (INS-998).

    `strict_miss` is set when the way in is a compatibility switch: answer it to applications that have `switch` off.
    """

    environment: str
    market: str
    operation: Operation
    strict_miss: Miss | None = None
    switch: str = ""


class _Way(msgspec.Struct, frozen=True):
    operation: Operation
    strict_miss: Miss | None = None
    switch: str = ""


_NOT_FOUND = Miss(404)


def _ways() -> tuple[dict[str, dict[str, _Way]], dict[str, Miss]]:
    """By operation path: the methods that lead somewhere, and what every other method gets."""
    ways: dict[str, dict[str, _Way]] = {}
    wrong: dict[str, Miss] = {}
    for operation in OPERATIONS.values():
        ways[operation.path] = {operation.method: _Way(operation)}
        wrong[operation.path] = Miss(405, f"{operation.method}, OPTIONS", operation)
    for operation in OPERATIONS.values():
        for alias in operation.aliases:
            known = wrong.setdefault(alias.path, Miss(405, f"{alias.method}, OPTIONS", operation))
            strict = known if alias.path == operation.path else _NOT_FOUND
            ways.setdefault(alias.path, {})[alias.method] = _Way(operation, strict, alias.switch)
    return ways, wrong


_WAYS, _WRONG_METHOD = _ways()

_USUAL: dict[tuple[str, str], Match] = {
    (method, f"/{environment}/ipg/v2/{market}/{path}"): Match(
        environment, market, way.operation, way.strict_miss, way.switch
    )
    for path, methods in _WAYS.items()
    for method, way in methods.items()
    for environment in ENVIRONMENTS
    for market in MARKETS
}


def match(method: str, path: str) -> Match | Miss:
    """What a request asks for. `path` is without its query string; methods and paths are case-sensitive."""
    return _USUAL.get((method, path)) or _search(method, path)


def _search(method: str, path: str) -> Match | Miss:
    parts = [part for part in path.split("/") if part]
    if len(parts) < 5 or parts[0] not in ENVIRONMENTS or parts[1:3] != ["ipg", "v2"]:
        return _NOT_FOUND
    environment, market, operation_path = parts[0], parts[3], "/".join(parts[4:]) + "/"
    methods = _WAYS.get(operation_path)
    if methods is None:
        return _NOT_FOUND
    wrong = _WRONG_METHOD[operation_path]
    if method == "OPTIONS":
        return Miss(204, wrong.allow, wrong.operation)
    way = methods.get(method)
    return Match(environment, market, way.operation, way.strict_miss, way.switch) if way else wrong
