"""Applications: list, look, change. Read next: changes.py."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from mkondo.contracts.journal import partitions_of
from mkondo.contracts.records import decode_record
from mkondo.domain import admission
from mkondo.domain.application import Application
from services.portal.api.access import Environment, Operator, Own
from services.portal.api.changes import MINUTE_MS, SECOND_MS, SWITCHES, ApplicationChange, apply
from services.portal.api.configuring import application_of, change_application
from services.portal.api.limits import shown

router = APIRouter(tags=["applications"])


class ApplicationView(BaseModel):
    """An application as it is configured now. Its API key is shown to nobody."""

    id: str
    version: int
    name: str
    organisation: str
    shortcodes: list[str]
    products: list[str]
    asynchronous: list[str]
    limits: dict[str, dict[str, Any]]
    markets: list[str]
    trusted_sources: list[str]
    session_lifetime_minutes: int
    activation_delay_seconds: int
    response_url: str
    response_url_override: bool
    switches: dict[str, bool]
    test_msisdns: dict[str, str]


@router.get("/{environment}/applications")
async def list_applications(parts: Environment, _: Operator) -> list[ApplicationView]:
    """Every application of the environment."""
    found = []
    for partition in partitions_of(admission.NAME):
        stored = await parts.store.load_kind(partition, "application")
        records = [decode_record(key, record.data) for key, record in sorted(stored.items())]
        applications = [record for record in records if isinstance(record, Application)]
        found += [_view(one) for one in applications if not one.configuration.removed]
    return found


@router.get("/{environment}/applications/{application}")
async def show_application(parts: Environment, application: Own) -> ApplicationView:
    """One application."""
    return _view(await application_of(parts, application))


@router.patch("/{environment}/applications/{application}")
async def edit_application(parts: Environment, application: Own, change: ApplicationChange) -> ApplicationView:
    """Change what the request names and nothing else. The answer is in force within a second, at every edge."""
    changed = await change_application(
        parts, application, lambda now: apply(now, change, parts.environment), change.expected
    )
    return _view(changed)


def _view(application: Application) -> ApplicationView:
    now = application.configuration
    return ApplicationView(
        id=application.application,
        version=application.version,
        name=now.name,
        organisation=now.organisation,
        shortcodes=list(now.shortcodes),
        products=[name for name, scope in now.products.items() if scope.on],
        asynchronous=[name for name, scope in now.products.items() if scope.on and scope.asynchronous],
        limits={name: found for name, scope in now.products.items() if (found := shown(scope))},
        markets=list(now.markets),
        trusted_sources=list(now.trusted_sources),
        session_lifetime_minutes=now.session_lifetime_ms // MINUTE_MS,
        activation_delay_seconds=now.activation_delay_ms // SECOND_MS,
        response_url=now.response_url,
        response_url_override=now.response_url_override,
        switches={name: now.switches.allows(name) for name in SWITCHES},
        test_msisdns=dict(now.test_msisdns),
    )
