"""New applications, new versions of one, new API keys and webhook secrets: what shows one, this once and never again.

When the answer of a request here is lost, so is what it showed: give the application another one.
Read next: configuring.py.
"""

import re
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter
from msgspec.structs import replace
from pydantic import AfterValidator, Field

from mkondo.adapters.http.bearer import hash_of
from mkondo.domain.application import STRICT, Application, Configuration, ProductScope, Switches
from mkondo.domain.environments import LIVE
from mkondo.domain.ids import ApplicationId, is_name
from mkondo.runtime.parts import Parts
from mkondo.runtime.webhook_secrets import sealed_about
from services.portal.api.access import Environment, Granted, Managed, Manager
from services.portal.api.application_view import NewKey, NewWebhookSecret, view_of
from services.portal.api.bodies import Asked
from services.portal.api.changes import NAME, PRODUCTS, SECOND_MS, ApplicationChange, apply, readable
from services.portal.api.configuring import application_of, change_application, create_application
from services.portal.api.errors import Refused
from services.portal.api.grants import Grant

router = APIRouter(tags=["applications"])

OVERLAP_SECONDS_MAX = 30 * 86_400
NAMES_TRIED = 9
_NO_NAME = "Send letters, digits, . _ and -, at most 64, beginning with a letter or digit."


class NewApplication(ApplicationChange):
    """What a change may say, and what stays. Nothing about products: all are switched on, and the organisation's
    apply."""

    id: str = Field("", description="Made from the name if it is left out.")
    organisation: str = Field("", description="The bearer's own if it is left out.")
    shortcodes: list[str] = Field([], max_length=100, description="Live only: the organisation's.")
    name: Annotated[str, AfterValidator(readable)] = Field(max_length=100, json_schema_extra={"pattern": NAME})
    expected: None = Field(None, description="There is no version yet.")


class Duplicate(Asked):
    """The id of the copy, and what its developer calls it. Without an id one is made."""

    id: str = ""
    release: str | None = Field(None, max_length=40, pattern=r"^\P{Cc}*$")


class KeyWish(Asked):
    """How long the API key or secret before it works beside the new one; 0: it ends at once, and a key's sessions with
    it."""

    overlap_seconds: int = Field(ge=0, le=OVERLAP_SECONDS_MAX)
    expected: int | None = Field(None, ge=1)


@router.post("/{environment}/applications", status_code=201)
async def make_application(parts: Environment, grant: Manager, wanted: NewApplication) -> NewKey:
    """Make an application. Its API key stands in this answer and nowhere else."""
    live = parts.environment == LIVE
    bare = Configuration(
        wanted.name,
        "",
        {name: ProductScope() for name in PRODUCTS},
        _organisation(grant, wanted.organisation),
        tuple(_named(code, "shortcode") for code in wanted.shortcodes),
        switches=STRICT if live else Switches(),
    )
    configuration = apply(bare, wanted, parts.environment)
    return await _make(parts, wanted.id, wanted.name, configuration, grant)


@router.post("/{environment}/applications/{application}/duplicate", status_code=201)
async def duplicate_application(parts: Environment, application: Managed, wanted: Duplicate, grant: Granted) -> NewKey:
    """Another version of it that lives beside it: the same settings, limits and test numbers, but a key, sessions, room
    and history of its own."""
    source = (await application_of(parts, application)).configuration
    bare = replace(source, webhook_secret="")  # a secret of its own, or none
    copy = bare if wanted.release is None else replace(bare, release=wanted.release)
    return await _make(parts, wanted.id, f"{application}-{wanted.release or 'copy'}", copy, grant)


@router.post("/{environment}/applications/{application}/keys", status_code=201)
async def give_new_key(parts: Environment, application: Managed, wish: KeyWish, grant: Granted) -> NewKey:
    """A new API key, which stands in this answer and nowhere else; the one before it may work on for a while."""
    api_key = parts.ids.api_key()
    old = ""

    def change(now: Configuration) -> Configuration:
        nonlocal old
        old = now.api_key_hash
        return replace(now, api_key_hash=hash_of(api_key))

    changed = await change_application(
        parts, application, change, wish.expected, by=grant.name, overlap_ms=wish.overlap_seconds * SECOND_MS
    )
    return NewKey(**view_of(changed), api_key=api_key, old_key_until=changed.overlaps.get(old, 0))


@router.post("/{environment}/applications/{application}/webhook-secret", status_code=201)
async def give_new_webhook_secret(
    parts: Environment, application: Managed, wish: KeyWish, grant: Granted
) -> NewWebhookSecret:
    """A new secret with which results are signed, which stands in this answer and nowhere else; the one before it may
    sign beside it for a while."""
    if parts.sealing is None:
        raise Refused(503, "there is no key here to seal a secret with", "Ask another process of the portal.")
    secret = parts.ids.webhook_secret()
    sealed, old = parts.sealing.seal(secret, sealed_about(parts.environment, application)), ""

    def change(now: Configuration) -> Configuration:
        nonlocal old
        old = now.webhook_secret
        return replace(now, webhook_secret=sealed)

    changed = await change_application(
        parts, application, change, wish.expected, by=grant.name, overlap_ms=wish.overlap_seconds * SECOND_MS
    )
    until = changed.webhook_overlaps.get(old, 0)
    return NewWebhookSecret(**view_of(changed), webhook_secret=secret, old_secret_until=until)


async def _make(parts: Parts, named: str, like: str, configuration: Configuration, grant: Grant) -> NewKey:
    api_key = parts.ids.api_key()
    made = replace(configuration, api_key_hash=hash_of(api_key))
    if named:
        created = await create_application(parts, ApplicationId(_named(named, "id")), made, grant.name)
    else:
        created = await _make_with_any_name(parts, like, made, grant)
    return NewKey(**view_of(created), api_key=api_key)


async def _make_with_any_name(parts: Parts, like: str, made: Configuration, grant: Grant) -> Application:
    for name in names_like(like):
        try:
            return await create_application(parts, name, made, grant.name)
        except Refused as no:
            if no.status != 409:
                raise
    raise Refused(409, f"there are many applications called like {like[:80]!r}", "Send an id.")


def names_like(text: str) -> Iterator[ApplicationId]:
    """Ids that can be told from a name: `Duka la Asha` is duka-la-asha, else duka-la-asha-2 and so on."""
    plain = re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:60].strip("-.") or "application"
    yield ApplicationId(plain)
    yield from (ApplicationId(f"{plain}-{number}") for number in range(2, NAMES_TRIED + 1))


def _named(text: str, what: str) -> str:
    if not is_name(text):
        raise Refused(422, f"{text[:80]!r} is no {what}", _NO_NAME)
    return text


def _organisation(grant: Grant, asked: str) -> str:
    """Whose application it will be: anybody's for an operator, else the bearer's own."""
    if not grant.operates and asked not in ("", grant.organisation):
        raise Refused(403, "another organisation's", "Leave organisation out, or use an operator's token.")
    organisation = asked or grant.organisation
    return _named(organisation, "organisation") if organisation else ""
