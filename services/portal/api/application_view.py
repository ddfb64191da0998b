"""An application as the management API shows it: the same names as a change has. Read next: changes.py."""

from typing import Any

from msgspec.structs import asdict
from pydantic import BaseModel

from mkondo.domain.application import Application, Configuration
from mkondo.domain.faults import NO_FAULTS
from services.portal.api.changes import MINUTE_MS, SECOND_MS, SWITCHES
from services.portal.api.limits import shown


class Settings(BaseModel):
    """What is configured. API keys are not in it."""

    name: str
    description: str
    release: str
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
    faults: dict[str, int]


class ApplicationView(Settings):
    """An application as it is configured now. Its API key and webhook secret are shown to nobody; `signs_results`: it
    has a webhook secret."""

    id: str
    version: int
    signs_results: bool = False


class Edited(ApplicationView):
    """What it is now, and what about it may surprise, if anything."""

    warnings: list[str] = []


class NewKey(ApplicationView):
    """With a new API key, which is shown this once. `old_key_until`: milliseconds since 1970, 0 when none works on."""

    api_key: str
    old_key_until: int = 0


class NewWebhookSecret(ApplicationView):
    """With a new webhook secret, which is shown this once. `old_secret_until`: milliseconds since 1970, 0 when none
    signs beside it."""

    webhook_secret: str
    old_secret_until: int = 0


class Removed(BaseModel):
    """It has ended, its API keys and sessions with it."""

    id: str
    version: int
    removed: bool = True


def settings_of(now: Configuration) -> dict[str, Any]:
    """The fields of Settings."""
    on = {name: scope for name, scope in now.products.items() if scope.on}
    return {
        "name": now.name,
        "description": now.description,
        "release": now.release,
        "organisation": now.organisation,
        "shortcodes": list(now.shortcodes),
        "products": list(on),
        "asynchronous": [name for name, scope in on.items() if scope.asynchronous],
        "limits": {name: found for name, scope in now.products.items() if (found := shown(scope))},
        "markets": list(now.markets),
        "trusted_sources": list(now.trusted_sources),
        "session_lifetime_minutes": now.session_lifetime_ms // MINUTE_MS,
        "activation_delay_seconds": now.activation_delay_ms // SECOND_MS,
        "response_url": now.response_url,
        "response_url_override": now.response_url_override,
        "switches": {name: now.switches.allows(name) for name in SWITCHES},
        "test_msisdns": dict(now.test_msisdns),
        "faults": asdict(now.faults) if now.faults != NO_FAULTS else {},
    }


def view_of(application: Application) -> dict[str, Any]:
    """The fields of ApplicationView."""
    return {
        "id": application.application,
        "version": application.version,
        "signs_results": bool(application.configuration.webhook_secret),
        **settings_of(application.configuration),
    }
