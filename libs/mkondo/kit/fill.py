"""From a call as it is written to the request as it is sent: fields filled in, encoded, addressed and signed.

Pure but for what it is given. Read next: run.py.
"""

import gzip
import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import msgspec

from mkondo.adapters.client.wire import Sent
from mkondo.kit.case import ABSENT, Bearer, Call, Fields
from mkondo.kit.contract import OPERATIONS, SESSION
from mkondo.kit.phrases import valid_fields
from mkondo.kit.target import Target

_WORD = re.compile(r"<([a-z]+(?:\.\w+)?)>")
FILLER = " " * 70_000
"""More than a body may have (section 12: 64 KiB), and as JSON nothing at all."""

Words = Mapping[str, str]
"""What the `<words>` of a case stand for: `customer`, `id`, or `paid.output_TransactionID`."""


class Unfilled(Exception):
    """A word that nothing said anything about: an earlier step's answer lacks that key."""


class Request(msgspec.Struct, frozen=True):
    """A request ready to go, and its fields as they were filled in."""

    sent: Sent
    fields: Fields


Secret = Callable[[Bearer], str | None]
"""The Authorization header for a kind of bearer."""


def request(call: Call, target: Target, words: Words, secret: Secret) -> Request:
    """The one request that a call means."""
    row = OPERATIONS[call.operation]
    method = call.method or row.method
    filled = _fields(call, words)
    side, market = target.side(call), call.market or target.market
    root = f"{side.environment}/ipg/v2/{market}"
    path = fill(call.path, {"root": root}) if call.path else f"/{root}/{row.path}"
    query, body = _content(call, row.method, filled, words)
    headers = _headers(call, target, body, secret)
    url = f"{target.base_url}{path}{'?' if query else ''}{query}"
    return Request(Sent(method, url, headers, gzip.compress(body) if call.compressed else body), filled)


def fill(text: str, words: Words) -> str:
    """The text with every `<word>` replaced."""

    def said(found: re.Match[str]) -> str:
        if found[1] not in words:
            raise Unfilled(f"nothing said {found[1]}")
        return words[found[1]]

    return _WORD.sub(said, text)


def _fields(call: Call, words: Words) -> dict[str, object]:
    values = {**valid_fields(call.operation), **call.fields}
    return {
        name: fill(value, words) if isinstance(value, str) else value
        for name, value in values.items()
        if value is not ABSENT
    }


def _content(call: Call, method: str, filled: Mapping[str, object], words: Words) -> tuple[str, bytes]:
    """The query string and the body."""
    encoded = {
        "members": json.dumps(filled)[1:-1],
        "query": urlencode(filled) if call.operation != SESSION else "",
        "filler": FILLER,
        **words,
    }
    query, body = call.query, call.body
    if query is None and body is None:
        query, body = (encoded["query"], None) if method == "GET" else (None, "{<members>}")
    return (
        fill(query or "", encoded),
        fill(body or "", encoded).encode("utf-8", "surrogateescape"),
    )


def _headers(call: Call, target: Target, body: bytes, secret: Secret) -> dict[str, str]:
    headers: dict[str, str | None] = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Origin": target.origin,
        "Authorization": secret(call.bearer),
        "Content-Encoding": "gzip" if call.compressed else None,
        **call.headers,
    }
    return {name: value for name, value in headers.items() if value is not None}
