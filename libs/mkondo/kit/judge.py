"""Compares what came back with what had to: a list of sentences, empty when all is as the contract says.

Pure. Read next: run.py.
"""

import json
import re
from collections.abc import Iterator, Mapping

from mkondo.adapters.client.wire import Received
from mkondo.kit.case import Answer, Call, Pushed
from mkondo.kit.fill import Words, fill
from mkondo.kit.phrases import CODE, ECHO, NO_ID, PUSHED_ABOUT, PUSHED_ECHO, TEXT
from mkondo.openapi.outputs import output

FRAMING = {
    "content-type": r"application/json",
    "access-control-allow-origin": r"\*",
    "x-frame-options": r"SAMEORIGIN",
    "x-robots-tag": r"none",
    "x-content-type-options": r"nosniff",
    "x-xss-protection": r"1; mode=block",
    "strict-transport-security": r"max-age=16005600; includeSubDomains",
    "vary": r"(?i).*accept-encoding.*",
}
"""As captured (contract section 1)."""

QUOTES = "'\""
Body = Mapping[str, object]


def faults(call: Call, answer: Answer, received: Received, words: Words, sent_id: object) -> list[str]:
    """What is wrong with an answer. `sent_id` is the request's ThirdPartyConversationID."""
    found = list(_of_status(call, answer, received))
    found += _of_headers(answer, received)
    if not answer.keys:
        return found
    members = read_members(received.body)
    if members is None:
        return [*found, f"the body is no JSON object: {received.body[:200]!r}"]
    body = dict(members)
    found += _of_keys(answer, tuple(name for name, _ in members))
    found += _of_code(answer, body)
    found += _of_values(answer, body, words, sent_id)
    if answer.framing and received.body != _compact(members):
        found.append("the body is not compact JSON")
    return found


def pushed_faults(pushed: Pushed, body: bytes, conversation_id: str, sent_id: object) -> list[str]:
    """What is wrong with a result that was pushed."""
    members = read_members(body)
    if members is None:
        return [f"what was pushed is no JSON object: {body[:200]!r}"]
    said, keys = dict(members), tuple(name for name, _ in members)
    if keys != pushed.keys:
        return [f"pushed keys {', '.join(keys)} instead of {', '.join(pushed.keys)}"]
    wanted = {PUSHED_ABOUT: conversation_id, PUSHED_ECHO: sent_id, **pushed.values}
    found = [
        f"pushed {name} {said[name]!r} instead of {value!r}" for name, value in wanted.items() if said[name] != value
    ]
    succeeded = "INS-0" in pushed.values.values()
    rest = [name for name in keys if name not in wanted and not _fits(name, said[name], failed=not succeeded)]
    return found + [f"pushed {name} {said[name]!r} is not what this key holds" for name in rest]


def read_members(body: bytes) -> list[tuple[str, object]] | None:
    """The members of a JSON object in their order, repeated ones too. None: no object, or nested without end."""
    try:
        value = json.loads(body, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) and body.lstrip()[:1] == b"{" else None


def _compact(members: list[tuple[str, object]]) -> bytes:
    return json.dumps(dict(members), separators=(",", ":"), ensure_ascii=False).encode()


def _of_status(call: Call, answer: Answer, received: Received) -> Iterator[str]:
    if received.status == answer.status:
        return
    yield f"HTTP {received.status} instead of {answer.status}"
    if received.status == 404 and not call.path:
        yield f"the operation {call.operation} is not served at its documented path"


def _of_headers(answer: Answer, received: Received) -> Iterator[str]:
    for name, pattern in {**(FRAMING if answer.framing else {}), **answer.headers}.items():
        value = received.headers.get(name)
        if value is None:
            yield f"no header {name}"
        elif not re.fullmatch(pattern, value):
            yield f"header {name} is {value!r}"
    if not answer.framing:
        return
    if received.headers.get("content-length") != str(len(received.body)):
        yield "content-length is not the length of the body"
    for name, value in received.headers.items():
        if name in ("etag", "set-cookie"):
            yield f"a header {name}"
        if any(quote in value for quote in QUOTES):
            yield f"a quote character in header {name}"


def _of_keys(answer: Answer, keys: tuple[str, ...]) -> Iterator[str]:
    if keys != answer.keys:
        yield f"keys {', '.join(keys)} instead of {', '.join(answer.keys)}"


def _of_code(answer: Answer, body: Body) -> Iterator[str]:
    if body.get(CODE) != answer.code:
        yield f"{CODE} {body.get(CODE)!r} instead of {answer.code!r}"
    if body.get(TEXT) != answer.text:
        yield f"{TEXT} {body.get(TEXT)!r} instead of {answer.text!r}"


def _of_values(answer: Answer, body: Body, words: Words, sent_id: object) -> Iterator[str]:
    for name in answer.keys:
        if name in (CODE, TEXT) or name not in body:
            continue
        value = body[name]
        if name in answer.values:
            wanted = answer.values[name]
            wanted = fill(wanted, words) if isinstance(wanted, str) else wanted
            if value != wanted or type(value) is not type(wanted):
                yield f"{name} {value!r} instead of {wanted!r}"
        elif name in answer.patterns:
            if not isinstance(value, str) or not re.fullmatch(answer.patterns[name], value):
                yield f"{name} {value!r} does not match {answer.patterns[name]}"
        elif name == ECHO:
            if value != sent_id:
                yield f"{name} {value!r} instead of {sent_id!r}"
        elif not _fits(name, value, failed=answer.status >= 400):
            yield f"{name} {_said(name, value)} is not what this key holds"


def _said(name: str, value: object) -> str:
    """A session key is nobody's to see."""
    return "(hidden)" if name == "output_SessionID" else repr(value)


def _fits(name: str, value: object, *, failed: bool) -> bool:
    """Whether a value fits its key's grammar. What failed may have N/A for an identifier, or the one it has."""
    row = output(name)
    if value == NO_ID and (failed or not row.named):
        return True
    if name.endswith("_SufficientBalance"):
        return isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if row.values:
        return value in row.values
    return re.fullmatch(row.grammar, value) is not None if row.grammar else value != ""
