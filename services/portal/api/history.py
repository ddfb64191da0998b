"""What was changed of an application, when and by whom. Read next: domain/views/changes.py."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from mkondo.domain.views.changes import ChangeRow, line_key
from services.portal.api.access import Environment, Own
from services.portal.api.application_view import settings_of
from services.portal.api.errors import Refused
from services.portal.api.paging import LOOKED_AT_MAX, Limit, Next, Number, page_of_view

router = APIRouter(tags=["applications"])


class ChangedField(BaseModel):
    """One setting, before and after. Of an API key or webhook secret only what has become of it is said."""

    field: str
    before: Any
    after: Any


class ChangeView(BaseModel):
    """One version: `at` in milliseconds since 1970, `by` as the token's subject says."""

    version: int
    at: int
    by: str
    changes: list[ChangedField]


class History(BaseModel):
    """A page of it."""

    history: list[ChangeView]
    next: Next


@router.get("/{environment}/applications/{application}/history")
async def show_history(
    parts: Environment,
    application: Own,
    after: Number = "",
    limit: Limit = LOOKED_AT_MAX,
) -> History:
    """Each change of it, the oldest first, behind version `after`; of one that was removed too."""
    version = int(after or 0)
    start = line_key(application, version)
    rows, behind = await page_of_view(parts.views, "changes", f"{application}/", start, limit)
    if not rows and not version:
        raise Refused(404, f"no history of {application!r}", "List the applications with GET …/applications.")
    return History(history=[_view(row) for row in rows], next=behind.lstrip("0"))


def _view(row: ChangeRow) -> ChangeView:
    return ChangeView(version=row.version, at=row.at, by=row.by, changes=changed_fields(row))


def changed_fields(row: ChangeRow) -> list[ChangedField]:
    """What differs from the version before; everything, of the first."""
    before = settings_of(row.before) if row.before is not None else {}
    after = settings_of(row.after)
    fields = [
        ChangedField(field=name, before=before.get(name), after=value)
        for name, value in after.items()
        if name not in before or before[name] != value
    ]
    if row.new_key:
        fields.append(ChangedField(field="api_key", before=_old_key(row), after="a new one"))
    if row.new_webhook_secret:
        fields.append(ChangedField(field="webhook_secret", before=_old_secret(row), after="a new one"))
    if row.after.removed:
        fields.append(ChangedField(field="removed", before=False, after=True))
    return fields


def _old_key(row: ChangeRow) -> str | None:
    return None if row.before is None else _ends(row.old_key_until, "ended at once")


def _old_secret(row: ChangeRow) -> str | None:
    return None if row.before is None else _ends(row.old_webhook_secret_until, "none any more")


def _ends(until: int, ended: str) -> str:
    if not until:
        return ended
    return f"works until {datetime.fromtimestamp(until / 1_000, UTC).isoformat(timespec='seconds')}"
