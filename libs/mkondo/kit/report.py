"""What a run is told as: one line, JUnit XML for build servers, JSON for programs. Nothing secret is in any of them.

Pure. Read next: page.py.
"""

import re
from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree

import msgspec

from mkondo.kit.run import Exchange, Result, Verdict

HIDDEN_HEADERS = frozenset({"authorization"})
_SESSION = re.compile(r'("output_SessionID": ?")[^"]{16,}"')
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
LONGEST = 2_000


class Shown(msgspec.Struct, frozen=True):
    """One exchange as people may see it."""

    name: str
    request: str
    answer: str


def summary(results: Sequence[Result]) -> str:
    counted = Counter(result.verdict for result in results)
    return ", ".join(f"{counted[verdict]} {verdict.value}" for verdict in Verdict)


def shown(exchange: Exchange) -> Shown:
    sent, received = exchange.sent, exchange.received
    path = "/" + sent.url.partition("://")[2].partition("/")[2]
    lines = [f"{sent.method} {path}", *_headers(sent.headers), "", _text(sent.body)]
    if exchange.name == "pushed":
        return Shown(exchange.name, _clean(_text(sent.body)), "HTTP 200")
    if received is None:
        return Shown(exchange.name, _clean("\n".join(lines)), "no answer")
    said = [f"HTTP {received.status}", *_headers(received.headers), "", _text(received.body)]
    return Shown(exchange.name, _clean("\n".join(lines)), _clean("\n".join(said)))


def _headers(headers: object) -> list[str]:
    pairs = dict(headers) if isinstance(headers, dict) else {}
    return [f"{name}: {'(hidden)' if name.lower() in HIDDEN_HEADERS else value}" for name, value in pairs.items()]


def _text(body: bytes) -> str:
    text = body.decode("utf-8", "backslashreplace")
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} … {len(body)} bytes"


def reasons(result: Result) -> tuple[str, ...]:
    """What is wrong, as people may see it."""
    return tuple(map(_clean, result.reasons))


def _clean(text: str) -> str:
    """Without session keys, and without what no XML document may hold."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", _SESSION.sub(r'\1(hidden)"', text)).rstrip()


def as_json(results: Sequence[Result]) -> bytes:
    rows = [
        {
            "id": result.case.id,
            "operation": result.case.operation,
            "title": result.case.title,
            "section": result.case.section,
            "evidence": result.case.grade.value,
            "verdict": result.verdict.value,
            "reasons": reasons(result),
        }
        for result in results
    ]
    return msgspec.json.format(msgspec.json.encode({"summary": summary(results), "cases": rows}))


def as_junit(results: Sequence[Result]) -> bytes:
    counted = Counter(result.verdict for result in results)
    suite = ElementTree.Element(
        "testsuite",
        name="mkondo conformance",
        tests=str(len(results)),
        failures=str(counted[Verdict.FAILED]),
        skipped=str(counted[Verdict.NOT_APPLICABLE]),
    )
    for result in results:
        row = ElementTree.SubElement(
            suite, "testcase", classname=f"conformance.{result.case.operation}", name=result.case.id
        )
        said = "; ".join(reasons(result))
        if result.verdict is Verdict.NOT_APPLICABLE:
            ElementTree.SubElement(row, "skipped", message=said)
        if result.verdict is Verdict.FAILED:
            failure = ElementTree.SubElement(row, "failure", message=said)
            failure.text = "\n\n".join(f"{each.request}\n\n{each.answer}" for each in map(shown, result.exchanges))
    written: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return written
