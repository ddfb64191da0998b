"""Everything over HTTP that is no payment route: probes, metrics and the documents, served by FastAPI.

Unknown paths and wrong methods get the contract's body here too (section 12, "Transport"). The management API and the
portal are mounted here. Read next: front.py.
"""

from collections.abc import Awaitable, Callable, Mapping

import msgspec
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException

from mkondo.openapi import render
from mkondo.ports.ids import Ids

Ready = Callable[[], Awaitable[Mapping[str, str]]]
"""What is not ready and why, by name; empty when the process can take a payment."""


class Document(msgspec.Struct, frozen=True):
    """A page that never changes while the process lives."""

    media_type: str
    body: bytes


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


def _serve(document: Document) -> Callable[[], Awaitable[Response]]:
    async def serve() -> Response:
        return Response(document.body, media_type=document.media_type)

    return serve


def _contract_shape(ids: Ids) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def refuse(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 400
        headers = error.headers if isinstance(error, HTTPException) else None
        answer = render.transport_refusal(status, "INS-21", ids.payment_id())
        framing = {name.decode(): value.decode() for name, value in render.HEADERS}
        return Response(answer.body, answer.status, headers={**framing, **(headers or {})})

    return refuse
