"""A server that is wrong in one way: it asks the right one, and spoils the answer. Read next: test_conformance.py."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from mkondo.adapters.client.wire import Received, Sent, Wire
from mkondo.testing.serving import serving

Body = dict[str, Any]
Spoil = Callable[[Received], Received]
HOP = frozenset({"date", "content-length", "connection", "host"})


def body_wise(change: Callable[[Body], Body]) -> Spoil:
    """Spoil what has a body, and say its new length."""

    def spoil(answer: Received) -> Received:
        if not answer.body:
            return answer
        raw = json.dumps(change(json.loads(answer.body)), separators=(",", ":"), ensure_ascii=False).encode()
        return Received(answer.status, answer.headers, raw)

    return spoil


def header_wise(change: Mapping[str, str | None]) -> Spoil:
    """None takes a header away."""

    def spoil(answer: Received) -> Received:
        headers = {**answer.headers, **change}
        kept = {name: value for name, value in headers.items() if value is not None}
        return Received(answer.status, kept, answer.body)

    return spoil


def status_wise(change: Callable[[int], int]) -> Spoil:
    return lambda answer: Received(change(answer.status), answer.headers, answer.body)


def said(name: str, was: str | bool, becomes: Any) -> Spoil:
    """Another value where an answer says this one."""

    def change(body: Body) -> Body:
        return {key: becomes if key == f"output_{name}" and value == was else value for key, value in body.items()}

    return body_wise(change)


def always(name: str, becomes: Any) -> Spoil:
    return body_wise(lambda body: {key: becomes if key == f"output_{name}" else value for key, value in body.items()})


def without(name: str) -> Spoil:
    return body_wise(lambda body: {key: value for key, value in body.items() if key != f"output_{name}"})


def spoiling(address: str, wire: Wire, spoil: Spoil) -> AbstractAsyncContextManager[str]:
    """Serves the platform of `address`, spoilt."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        url = f"{address}{scope['raw_path'].decode()}{'?' if query else ''}{query}"
        kept = {name: value for name, value in headers.items() if name not in HOP}
        answer = spoil(await wire.send(Sent(scope["method"], url, kept, await _body(receive))))
        fields = [(name, value) for name, value in answer.headers.items() if name not in HOP]
        length = [("content-length", str(len(answer.body)))] if answer.status != 204 else []
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [(name.encode(), value.encode("latin-1")) for name, value in (*fields, *length)],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})

    return serving(app)


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body
