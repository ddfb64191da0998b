"""A payment request as the handlers of the services see it: bytes that were read, and who sent them.

Read next: front.py, which makes it.
"""

from collections.abc import Awaitable, Callable

import msgspec

from mkondo.openapi.parse import decode_body, decode_query
from mkondo.openapi.render import Answer
from mkondo.openapi.routing import Match, Miss


class Request(msgspec.Struct, frozen=True):
    """One request for an operation. `address` is the client's IP; `authorization` and `origin` are empty when
    absent."""

    match: Match
    query: bytes = b""
    body: bytes = b""
    authorization: bytes = b""
    origin: str = ""
    address: str = ""
    host: str = ""
    """The host that was called, with its port: where a path says no environment, its name may (contract section 9)."""

    def values(self) -> dict[str, object] | None:
        """The parameters, or None when they can't be read.

        Reads take the query string, or a JSON body if it is empty (contract section 10.1); writes take a JSON body.
        """
        if self.match.operation.method != "GET":
            return decode_body(self.body)
        if self.query:
            texts = decode_query(self.query)
            return None if texts is None else {**texts}
        return decode_body(self.body) if self.body else {}


Handler = Callable[[Request], Awaitable[Answer | Miss]]
"""Answers one operation in one environment. A Miss is for a way in that this caller does not have. May raise TryLater:
certainly nothing was sent."""
