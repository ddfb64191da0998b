"""Applications: list, look, change, remove. Read next: changes.py; making.py for new ones and new API keys."""

from fastapi import APIRouter
from msgspec.structs import replace

from mkondo.contracts.journal import partitions_of
from mkondo.contracts.records import decode_record
from mkondo.domain import admission
from mkondo.domain.application import Application
from services.portal.api.access import Environment, Granted, Managed, Own, Reader, sees
from services.portal.api.application_view import ApplicationView, Edited, Removed, view_of
from services.portal.api.changes import ApplicationChange, apply
from services.portal.api.configuring import application_of, change_application
from services.portal.api.rooms import used_up

router = APIRouter(tags=["applications"])


@router.get("/{environment}/applications")
async def list_applications(parts: Environment, grant: Reader) -> list[ApplicationView]:
    """The applications of the environment that the bearer may see, but for those that were removed."""
    found = []
    for partition in partitions_of(admission.NAME):
        stored = await parts.store.load_kind(partition, "application")
        records = [decode_record(key, record.data) for key, record in sorted(stored.items())]
        applications = [record for record in records if isinstance(record, Application) and sees(grant, record)]
        found += [ApplicationView(**view_of(one)) for one in applications if not one.configuration.removed]
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
