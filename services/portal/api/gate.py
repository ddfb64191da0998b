"""The gate of the management API: before any route is looked for, who asks, how often, and whether it can be read.

Default deny stands here, for unknown paths and routes to come too: FastAPI would read and parse a stranger's body
before it asked who that is. What passes is UTF-8 and JSON of bounded size and depth: text that can't be written down
would break whoever stores it. Read next: access.py.
"""

from typing import Any

import msgspec
from starlette.types import ASGIApp, Scope, Send

from mkondo.adapters.http.addresses import Addresses
from mkondo.adapters.http.intake import Head, Receive, Unreadable, read_body, read_head
from mkondo.adapters.http.rates import TooMany
from mkondo.adapters.keys.tokens import Tokens
from services.portal.api.errors import refusal
from services.portal.api.grants import Grant, grant_of

OPEN_TO_ALL = ("/openapi.json",)
_HOW_TO_ASK = "Send `Authorization: Bearer` and a token of demo.json, operator.token or `mkondo token`."
_UNREADABLE = {
    400: ("the request broke off", "Send it again."),
    413: ("the body is too large", "Send at most 64 KiB."),
    415: ("the body is compressed", "Send it as it is."),
}


class Gate:
    """ASGI middleware. Those who pass have a Grant in the request's state."""

    def __init__(self, app: ASGIApp, tokens: Tokens, addresses: Addresses) -> None:
        self._app = app
        self._tokens = tokens
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = read_head(scope["headers"])
        body = await read_body(head, receive)
        grant = grant_of(self._tokens, head.authorization.decode("latin-1"))
        if not self._may_ask(scope, head):
            answer = refusal(429, "too many requests from this address", "Wait as long as Retry-After says.")
        elif grant is None and scope["path"].removeprefix(scope.get("root_path", "")) not in OPEN_TO_ALL:
            answer = refusal(401, "no valid token", _HOW_TO_ASK)
            answer.headers["www-authenticate"] = "Bearer"
        elif isinstance(body, Unreadable):
            answer = refusal(body.status, *_UNREADABLE[body.status])
        elif "\0" in scope["path"] or b"%00" in scope["query_string"]:
            answer = refusal(422, "the address holds a NUL", "No name has one: leave it out.")
        elif trouble := _trouble_with(body):
            answer = refusal(422, f"the body is no JSON: {trouble}", "Compare with /api/v1/openapi.json.")
        else:
            await self._let_in(grant, body, scope, receive, send)
            return
        if isinstance(body, Unreadable) and body.close:
            answer.headers["connection"] = "close"
        await answer(scope, receive, send)

    def _may_ask(self, scope: Scope, head: Head) -> bool:
        try:
            self._addresses.take(self._addresses.of(scope, head.forwarded_for))
        except TooMany:
            return False
        return True

    async def _let_in(self, grant: Grant | None, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["grant"] = grant
        told = False

        async def again() -> dict[str, Any]:
            """The body that was read, once; then whatever else happens to the connection."""
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


def _trouble_with(body: bytes) -> str:
    """Why this can't be read, or nothing. Half a surrogate pair is text to Python's own decoder, and to nobody else."""
    try:
        if body:
            msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as trouble:
        return str(trouble)
    except RecursionError:
        return "it is nested too deeply"
    return ""
