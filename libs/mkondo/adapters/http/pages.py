"""Everything over HTTP that is no payment route: probes, metrics and the documents, served by FastAPI.

Unknown paths and wrong methods get the contract's body here too (section 12, "Transport"). The management API and the
portal are mounted here. Read next: front.py.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import msgspec
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException

from mkondo.domain import reasons
from mkondo.openapi import render
from mkondo.ports.ids import Ids

Ready = Callable[[], Awaitable[Mapping[str, str]]]
"""What is not ready and why, by name; empty when the process can take a payment."""


class Document(msgspec.Struct, frozen=True):
    """What never changes while the process lives. `page` is the same for people: browsers get it instead."""

    media_type: str
    body: bytes
    security_policy: str = ""
    """Content-Security-Policy of a page."""
    page: "Document | None" = None


def pages(
    ids: Ids,
    ready: Ready,
    registry: CollectorRegistry,
    documents: Mapping[str, Document],
    mounted: Mapping[str, FastAPI] | None = None,
) -> FastAPI:
    """The application behind the front. `documents` are by path; `mounted` are applications by the path below which
    they answer."""
    app = FastAPI(title="Mkondo", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.add_exception_handler(HTTPException, _contract_shape(ids))

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready")
    async def is_ready() -> Response:
        missing = await ready()
        body = {"status": "not ready" if missing else "ready", **({"missing": dict(missing)} if missing else {})}
        return Response(msgspec.json.encode(body), 503 if missing else 200, media_type="application/json")

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    for path, document in documents.items():
        app.add_api_route(path, _serve(document), methods=["GET"], include_in_schema=False)
    for path, application in (mounted or {}).items():
        app.mount(path, application)
    return app


def _serve(document: Document) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        if document.page is None:
            return _response(document)
        wanted = document.page if prefers_page(request.headers.get("accept", "")) else document
        return _response(wanted, {"Vary": "Accept"})

    return serve


def _response(document: Document, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    policy = {"Content-Security-Policy": document.security_policy} if document.security_policy else {}
    sure = {"X-Content-Type-Options": "nosniff"}
    return Response(document.body, headers={**headers, **policy, **sure}, media_type=document.media_type)


def prefers_page(accept: str) -> bool:
    """Whether text/html is asked for by name, and not less than JSON is: so a browser, and no client of an API."""
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        media_type, *parameters = (piece.strip() for piece in part.split(";"))
        weights[media_type] = next((_weight(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
    page = weights.get("text/html", 0.0)
    return page > 0 and page >= weights.get("application/json", 0.0)


def _weight(text: str) -> float:
    """Of a malformed weight nothing is known, so the usual one counts."""
    return float(text) if re.fullmatch(r"[01](?:\.\d{0,3})?", text, re.ASCII) else 1.0


def _contract_shape(ids: Ids) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def refuse(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 400
        headers = error.headers if isinstance(error, HTTPException) else None
        answer = render.transport_refusal(status, reasons.UNREADABLE, ids.payment_id())
        framing = {name.decode(): value.decode() for name, value in render.HEADERS}
        return Response(answer.body, answer.status, headers={**framing, **(headers or {})})

    return refuse
