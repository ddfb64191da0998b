"""Addresses that were disabled because they are gone, or failed for long. Read next: domain/endpoint.py."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mkondo.domain import deliveries
from mkondo.domain.endpoint import EnableEndpoint, EndpointUnchanged
from mkondo.domain.views.endpoints import EndpointRow
from mkondo.runtime.questions import ask
from services.portal.api.access import Environment, Granted, Own
from services.portal.api.bodies import Asked
from services.portal.api.errors import Refused
from services.portal.api.paging import LOOKED_AT_MAX, Limit, Next, page_of_view

router = APIRouter(tags=["deliveries"])

URL_MAX = 2_048


class EndpointView(BaseModel):
    """One address. `disabled`: why nothing is pushed there; empty since `enabled_by` enabled it. Times are milliseconds
    since 1970."""

    url: str
    disabled: str
    disabled_at: int
    enabled_at: int
    enabled_by: str


class Endpoints(BaseModel):
    """A page of them."""

    endpoints: list[EndpointView]
    next: Next


class Enable(Asked):
    """Which one, exactly as it was named."""

    url: str = Field(min_length=1, max_length=URL_MAX)


class Enabled(BaseModel):
    """Results are pushed there again. What was given up meanwhile is not: replay it."""

    url: str
    enabled: bool = True


@router.get("/{environment}/endpoints")
async def list_endpoints(
    parts: Environment,
    application: Own,
    after: str = "",
    limit: Limit = LOOKED_AT_MAX,
) -> Endpoints:
    """The application's addresses that were ever disabled; any other works, or is still being tried."""
    rows, behind = await page_of_view(parts.views, "endpoints", f"{application}/", f"{application}/{after}", limit)
    return Endpoints(endpoints=[_view(row) for row in rows], next=behind)


@router.post("/{environment}/endpoints/enable")
async def enable_endpoint(parts: Environment, application: Own, wanted: Enable, grant: Granted) -> Enabled:
    """Push results to this address again."""
    answer = await ask(parts, deliveries.NAME, application, EnableEndpoint(application, wanted.url, grant.name))
    if isinstance(answer, EndpointUnchanged):
        raise Refused(409, "this endpoint is not disabled", "See which ones are with GET …/endpoints.")
    return Enabled(url=wanted.url)


def _view(row: EndpointRow) -> EndpointView:
    return EndpointView(
        url=row.url,
        disabled=row.disabled,
        disabled_at=row.disabled_at,
        enabled_at=row.enabled_at,
        enabled_by=row.enabled_by,
    )
