"""The front of the house: a thin ASGI application that serves the payment routes itself and hands on everything else.

Framework routing costs more than a whole payment may (architecture section 9), so the thirteen operations are found by
one look-up in openapi/routing.py. Every answer has a body of the contract (section 12, "Transport"), whatever came in
and whatever went wrong. Read next: intake.py, addresses.py, respond.py, protocol.py; then callers.py.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import perf_counter
from typing import Any

import msgspec

from mkondo.adapters.http.addresses import Addresses
from mkondo.adapters.http.intake import Receive, Unreadable, read_body, read_head
from mkondo.adapters.http.rates import TooMany
from mkondo.adapters.http.request import Handler, Request
from mkondo.adapters.http.respond import CLOSE, HANG_UP, RETRY_AFTER, Header, Send, allow, cross_origin, respond
from mkondo.domain import reasons
from mkondo.openapi import render
from mkondo.openapi.codes import TOO_MANY
from mkondo.openapi.operations import Operation
from mkondo.openapi.parse import third_party_conversation_id
from mkondo.openapi.render import Answer
from mkondo.openapi.routing import ENVIRONMENTS, Match, Miss, match
from mkondo.ports.errors import TryLater
from mkondo.ports.ids import Ids

Scope = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]
"""Any ASGI application; frameworks disagree about the types of its three arguments."""
Observe = Callable[[str, int, float], None]
"""Told of every operation answered: its name, the HTTP status, the seconds it took."""

Reply = tuple[Answer, tuple[Header, ...]]

log = logging.getLogger("mkondo.edge")


class Limits(msgspec.Struct, frozen=True):
    """What one process takes at once: past `requests_max` callers are told 503."""

    requests_max: int = 2_000


class Front:
    """Serves `handlers[environment][operation]`; a path that is no operation's is the business of `pages`.

    The environment is empty for paths that do not say it: those handlers find out."""

    def __init__(
        self,
        handlers: Mapping[str, Mapping[str, Handler]],
        pages: App,
        ids: Ids,
        limits: Limits | None = None,
        observe: Observe | None = None,
        addresses: Addresses | None = None,
    ) -> None:
        self._handlers = handlers
        self._pages = pages
        self._ids = ids
        self._limits = limits or Limits()
        self._observe = observe
        self._addresses = addresses or Addresses()
        self._active = 0
        self._draining = False
        self._idle = asyncio.Event()

    @property
    def in_hand(self) -> int:
        """How many callers wait for the answer to an operation."""
        return self._active

    async def drain(self, seconds_max: float) -> None:
        """Take no more operations: their callers are told 503, and certainly nothing was sent. Pages are served on.

        Returns when everybody in hand has an answer, or after that time."""
        self._draining = True
        if self._active:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds_max):
                    await self._idle.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        found = match(scope["method"], scope["path"])
        if isinstance(found, Match):
            began = perf_counter()
            answer, extra = await self._operation(found, scope, receive)
            if answer.lost:
                scope["extensions"][HANG_UP]()
            else:
                await respond(send, answer, extra)
            if self._observe is not None:
                self._observe(found.operation.name, answer.status, perf_counter() - began)
        elif found.operation is not None or _is_payment_path(scope["path"]):
            await read_body(read_head(scope["headers"]), receive)  # so that the connection can go on
            await respond(send, *self._missed(found))
        else:
            await self._page(scope, receive, send)

    async def _operation(self, found: Match, scope: Scope, receive: Receive) -> Reply:
        head = read_head(scope["headers"])
        body = await read_body(head, receive)
        if isinstance(body, Unreadable):
            extra = (CLOSE,) if body.close else ()
            return self._refusal(body.status, reasons.UNREADABLE, found.operation), extra
        handler = self._handlers.get(found.environment, {}).get(found.operation.name)
        if handler is None:
            return self._missed(Miss(404))
        address = self._addresses.of(scope, head.forwarded_for)
        request = Request(found, scope["query_string"], body, head.authorization, head.origin, address, head.host)
        return await self._handled(request, handler)

    async def _handled(self, request: Request, handler: Handler) -> Reply:
        if self._draining or self._active >= self._limits.requests_max:
            return self._busy(request)
        self._active += 1
        try:
            self._addresses.take(request.address)
            answer = await handler(request)
        except TooMany as refused:
            return self._too_many(request, refused)
        except TryLater:
            return self._busy(request)
        except asyncio.CancelledError:  # the server is stopping and has waited long enough: nobody knows, query
            return self._refusal(408, reasons.TIMED_OUT, request.match.operation, _echo(request)), (CLOSE,)
        except Exception:
            log.exception("a bug in the handler of %s", request.match.operation.name)
            return self._broken(request), ()
        finally:
            self._done()
        return self._missed(answer) if isinstance(answer, Miss) else (answer, ())

    def _done(self) -> None:
        self._active -= 1
        if self._draining and not self._active:
            self._idle.set()

    def _busy(self, request: Request) -> Reply:
        extra = (RETRY_AFTER, CLOSE) if self._draining else (RETRY_AFTER,)
        return self._refusal(503, reasons.INTERNAL, request.match.operation, _echo(request)), extra

    def _too_many(self, request: Request, refused: TooMany) -> Reply:
        operation, text = request.match.operation, TOO_MANY[refused.of]
        return self._refusal(429, reasons.INTERNAL, operation, _echo(request), text), (RETRY_AFTER,)

    def _broken(self, request: Request) -> Answer:
        """INS-1 with the status of contract section 5: it may have been sent, so "try again" would be a lie."""
        return render.refusal(
            request.match.operation,
            reasons.INTERNAL,
            conversation_id=self._ids.payment_id(),
            third_party_conversation_id=_echo(request),
        )

    def _missed(self, miss: Miss) -> Reply:
        if miss.status == 204:
            return Answer(204, b""), cross_origin(miss.allow)
        extra = (allow(miss.allow),) if miss.allow else ()
        return self._refusal(miss.status, reasons.UNREADABLE, miss.operation), extra

    def _refusal(
        self, status: int, code: str, operation: Operation | None, echo: str | None = None, text: str | None = None
    ) -> Answer:
        return render.transport_refusal(
            status, code, self._ids.payment_id(), text=text, operation=operation, third_party_conversation_id=echo
        )

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Everything that is no payment route, with the same promise: no answer of the framework's own making."""
        started = False

        async def watched(message: dict[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._pages(scope, receive, watched)
        except Exception:
            log.exception("a bug in a page")
            if started:
                raise
            await respond(send, self._refusal(400, reasons.INTERNAL, None))


def _is_payment_path(path: str) -> bool:
    """Whether the first part of a path names an environment."""
    return path.lstrip("/").partition("/")[0] in ENVIRONMENTS


def _echo(request: Request) -> str | None:
    return third_party_conversation_id(request.values(), request.match.operation.id_field)
