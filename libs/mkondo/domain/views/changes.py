"""The view `changes`: what was changed of each application, by whom and when, by `APPLICATION/VERSION`.

Written once: the event of a version tells what it was before. No API key's hash and no webhook
secret is in a row: only that it changed.
"""

import msgspec
from msgspec.structs import replace

from mkondo.domain.application import ApplicationChanged, Configuration
from mkondo.domain.ids import Instant
from mkondo.domain.views.view import Change, Recorded, View


class ChangeRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version. `before` None: it was made. `new_key`: it got another API key; the one before it works until
    `old_key_until`, 0: it ended at once."""

    application: str
    version: int
    at: Instant
    by: str
    after: Configuration
    before: Configuration | None = None
    new_key: bool = False
    old_key_until: Instant = Instant(0)
    new_webhook_secret: bool = False
    old_webhook_secret_until: Instant = Instant(0)


def line_key(application: str, version: int) -> str:
    """Sorts by application, then by version."""
    return f"{application}/{version:020d}"


def _changed(row: ChangeRow | None, event: ApplicationChanged, at: Recorded) -> ChangeRow:
    before, after = event.before, event.configuration
    old_key = before.api_key_hash if before is not None else ""
    old_secret = before.webhook_secret if before is not None else ""
    return ChangeRow(
        event.application,
        event.version,
        at.time,
        event.by,
        _without_secrets(after),
        _without_secrets(before) if before is not None else None,
        after.api_key_hash != old_key,
        event.overlaps.get(old_key, Instant(0)),
        after.webhook_secret != old_secret,
        event.webhook_overlaps.get(old_secret, Instant(0)),
    )


def _without_secrets(configuration: Configuration) -> Configuration:
    return replace(configuration, api_key_hash="", webhook_secret="")


CHANGES = View(
    "changes",
    ChangeRow,
    {ApplicationChanged: Change(lambda event, at: line_key(event.application, event.version), _changed)},
    lambda row: True,
    written_once=True,
)
