"""Applications: list, look, change, remove. Read next: changes.py; making.py for new ones and new API keys."""

from fastapi import APIRouter
from msgspec.structs import replace
from pydantic import BaseModel

from mkondo.contracts.journal import partitions_of
from mkondo.contracts.records import decode_record
from mkondo.domain import admission
from mkondo.domain.application import Application
from mkondo.domain.ids import ApplicationId, partition_of
from mkondo.runtime.parts import Parts
from services.portal.api.access import Environment, Granted, Managed, Own, Reader, sees
from services.portal.api.application_view import ApplicationView, Edited, Removed, view_of
from services.portal.api.changes import ApplicationChange, apply
from services.portal.api.configuring import application_of, change_application
from services.portal.api.paging import LOOKED_AT_MAX, Limit, Next, chosen
from services.portal.api.rooms import used_up

router = APIRouter(tags=["applications"])


class Applications(BaseModel):
    """A page of them, which may hold few, and none, while there is a `next`: those of others are passed over."""

    applications: list[ApplicationView]
    next: Next


@router.get("/{environment}/applications")
async def list_applications(
    parts: Environment,
    grant: Reader,
    after: str = "",
    limit: Limit = LOOKED_AT_MAX,
) -> Applications:
    """The applications of the environment that the bearer may see, but for those that were removed; behind the one
    whose id is `after`, in an order of the platform's own."""
    looked_at = await _behind(parts, ApplicationId(after))
    found, behind = chosen(
        [(one.application, one) for one in looked_at],
        limit,
        lambda one: sees(grant, one) and not one.configuration.removed,
        is_all=len(looked_at) < LOOKED_AT_MAX,
    )
    return Applications(applications=[ApplicationView(**view_of(one)) for one in found], next=behind)


async def _behind(parts: Parts, after: ApplicationId) -> list[Application]:
    """LOOKED_AT_MAX of them at most, partition by partition and by their ids in each: an id tells its partition."""
    partitions = partitions_of(admission.NAME)
    start, found = admission.application_key(after), list[Application]()
    for partition in partitions[partition_of(after) if after else 0 :]:
        rows = await parts.store.page(partition, "application", start, LOOKED_AT_MAX - len(found))
        found += [one for key, data in rows if isinstance(one := decode_record(key, data), Application)]
        if len(found) == LOOKED_AT_MAX:
            break
        start = admission.application_key(ApplicationId(""))
    return found


@router.get("/{environment}/applications/{application}")
async def show_application(parts: Environment, application: Own) -> ApplicationView:
    """One application."""
    return ApplicationView(**view_of(await application_of(parts, application)))


@router.patch("/{environment}/applications/{application}", response_model_exclude_unset=True)
async def edit_application(parts: Environment, application: Own, change: ApplicationChange, grant: Granted) -> Edited:
    """Change what the request names and nothing else. The answer is in force within a second, at every edge.

    A limit below what is already used is taken: nothing is left under it then, which `warnings` says."""
    changed = await change_application(
        parts, application, lambda now: apply(now, change, parts.environment), change.expected, by=grant.name
    )
    warnings = await used_up(parts, changed, list(change.limits)) if change.limits else []
    fields = view_of(changed)
    return Edited(**fields, warnings=warnings) if warnings else Edited(**fields)


@router.delete("/{environment}/applications/{application}")
async def remove_application(parts: Environment, application: Managed, grant: Granted) -> Removed:
    """End it, with its API keys and sessions. Its id and history stay its own; what it moved stays in the books."""
    removed = await change_application(parts, application, lambda now: replace(now, removed=True), by=grant.name)
    return Removed(id=application, version=removed.version)
