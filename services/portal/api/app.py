"""The management API as one FastAPI application, mounted at /api/v1 by the process that hosts the portal.

Nothing is looked for without a grant (gate.py), and no route is entered without one (access.py). Read next: gate.py,
grants.py, applications.py, making.py, history.py, rooms.py, organisations.py, handsets.py, customers.py, mandates.py,
deliveries.py, replays.py, results.py, endpoints.py, events.py, proofs.py, clock.py.
"""

import asyncio
from collections.abc import Mapping

from fastapi import Depends, FastAPI

from mkondo.adapters.http.addresses import Addresses
from mkondo.adapters.keys.tokens import Tokens
from mkondo.runtime.parts import Parts
from services.portal.api import (
    applications,
    clock,
    customers,
    deliveries,
    endpoints,
    events,
    handsets,
    history,
    making,
    mandates,
    organisations,
    proofs,
    replays,
    results,
    rooms,
)
from services.portal.api.access import identify
from services.portal.api.errors import say_no_in_one_shape
from services.portal.api.gate import Gate
from services.portal.api.open_requests import OpenRequests

PREFIX = "/api/v1"
ROUTERS = (
    applications.router,
    making.router,
    history.router,
    rooms.router,
    organisations.router,
    handsets.router,
    customers.router,
    mandates.router,
    deliveries.router,
    proofs.router,
    events.router,
    replays.router,
    results.router,
    endpoints.router,
    clock.router,
)


def management_api(parts: Mapping[str, Parts], tokens: Tokens, addresses: Addresses | None = None) -> FastAPI:
    """The API over these environments. Without `addresses` everybody may ask as often as they like."""
    app = FastAPI(
        title="Mkondo management API",
        version="1",
        description="What the portal does, for scripts. Tokens: demo.json, and operator.token in the data directory.",
        dependencies=[Depends(identify)],
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    app.state.parts = dict(parts)
    app.state.streams = {}
    app.state.open_requests = OpenRequests()
    app.state.stopping = asyncio.Event()
    """Set when the process stops: streams end then, and their readers come again."""
    app.add_middleware(Gate, tokens=tokens, addresses=addresses or Addresses())
    say_no_in_one_shape(app)
    for router in ROUTERS:
        app.include_router(router)
    return app
