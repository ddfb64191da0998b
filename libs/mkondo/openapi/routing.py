"""From a request's method and path to an operation, or to the way in which there is none.

Pure. Contract section 1 (paths), 10.2 (tolerated spellings), 10.7 (ways in for compatible applications only) and 12
(404, 405, OPTIONS). The Mozambique gateway's paths name neither environment nor market (section 9): its host or the
caller tells. The usual spellings are found in one look-up. Read next: parse.py.
"""

from collections.abc import Mapping

import msgspec

from mkondo.domain.environments import ENVIRONMENTS as ENVIRONMENTS
from mkondo.domain.markets import MARKETS
from mkondo.openapi import mozambique
from mkondo.openapi.mozambique.operations import OPERATIONS as MOZAMBIQUE
from mkondo.openapi.mozambique.operations import UNKNOWN
from mkondo.openapi.operations import OPERATIONS, Operation


class Miss(msgspec.Struct, frozen=True):
    """No operation: 404 unknown path, 405 wrong method, 204 the answer to OPTIONS. `allow` is the Allow header."""

    status: int
    allow: str = ""
    operation: Operation | None = None


class Match(msgspec.Struct, frozen=True):
    """The operation a request asks for. The market is text as written: it may be unknown (INS-998). The environment is
    empty where the path does not say.

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


class _Ways(msgspec.Struct, frozen=True):
    """By operation path: the methods that lead somewhere, and what every other method gets."""

    methods: dict[str, dict[str, _Way]]
    wrong: dict[str, Miss]
    unknown: Miss

    def find(self, method: str, path: str) -> _Way | Miss:
        wrong = self.wrong.get(path)
        if wrong is None:
            return self.unknown
        if method == "OPTIONS":
            return Miss(204, wrong.allow, wrong.operation)
        return self.methods[path].get(method, wrong)


def _ways(operations: Mapping[str, Operation], unknown: Miss) -> _Ways:
    methods: dict[str, dict[str, _Way]] = {}
    wrong: dict[str, Miss] = {}
    for operation in operations.values():
        methods[operation.path] = {operation.method: _Way(operation)}
        wrong[operation.path] = Miss(405, f"{operation.method}, OPTIONS", operation)
    for operation in operations.values():
        for alias in operation.aliases:
            known = wrong.setdefault(alias.path, Miss(405, f"{alias.method}, OPTIONS", operation))
            strict = known if alias.path == operation.path else unknown
            methods.setdefault(alias.path, {})[alias.method] = _Way(operation, strict, alias.switch)
    return _Ways(methods, wrong, unknown)


_OPENAPI = _ways(OPERATIONS, _NOT_FOUND)
_MOZAMBIQUE = _ways(MOZAMBIQUE, Miss(404, operation=UNKNOWN))


def _match(environment: str, market: str, way: _Way) -> Match:
    return Match(environment, market, way.operation, way.strict_miss, way.switch)


_USUAL: dict[tuple[str, str], Match] = {
    (method, f"/{environment}/ipg/v2/{market}/{path}"): _match(environment, market, way)
    for path, methods in _OPENAPI.methods.items()
    for method, way in methods.items()
    for environment in ENVIRONMENTS
    for market in MARKETS
} | {
    (method, f"/{'/'.join(mozambique.ROOT)}/{path}"): _match("", mozambique.MARKET, way)
    for path, methods in _MOZAMBIQUE.methods.items()
    for method, way in methods.items()
}


def match(method: str, path: str) -> Match | Miss:
    """What a request asks for. `path` is without its query string; methods and paths are case-sensitive."""
    return _USUAL.get((method, path)) or _search(method, path)


def _search(method: str, path: str) -> Match | Miss:
    parts = tuple(part for part in path.split("/") if part)
    if parts[:2] == mozambique.ROOT:
        environment, market, ways, rest = "", mozambique.MARKET, _MOZAMBIQUE, parts[2:]
    elif len(parts) >= 5 and parts[0] in ENVIRONMENTS and parts[1:3] == ("ipg", "v2"):
        environment, market, ways, rest = parts[0], parts[3], _OPENAPI, parts[4:]
    else:
        return _NOT_FOUND
    way = ways.find(method, "/".join(rest) + "/")
    return way if isinstance(way, Miss) else _match(environment, market, way)
