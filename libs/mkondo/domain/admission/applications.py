"""Applications and organisations: what they may do, changed as a whole and by one writer at a time."""

from collections.abc import Mapping, Sequence

from mkondo.domain import reasons
from mkondo.domain.admission.keys import application_key
from mkondo.domain.application import (
    CONFLICT,
    INVALID,
    ApiKey,
    ApiKeyEnded,
    Application,
    ApplicationChanged,
    ConfigurationRejected,
    ConfigurationUnchanged,
    ConfigureApplication,
)
from mkondo.domain.decider import Event, Records, record_key
from mkondo.domain.ids import Instant, RecordKey, is_name
from mkondo.domain.organisation import (
    ConfigureOrganisation,
    Organisation,
    OrganisationChanged,
    OrganisationUnchanged,
)

OVERLAPS_MAX = 5
"""API keys of one application that were replaced and still work; webhook secrets too."""
_TOO_MANY = f"{OVERLAPS_MAX} replaced {{}} still work: wait until one ends, or end them with an overlap of 0"


def configure(command: ConfigureApplication, records: Records, now: Instant) -> Sequence[Event]:
    current = records.get(application_key(command.application))
    before = current if isinstance(current, Application) else None
    version = before.version if before is not None else 0
    if before is not None and before.configuration == command.configuration:
        return (ConfigurationUnchanged(command.reply_to, reasons.OK, "nothing to change", version),)
    if not all(is_name(name) for name in _names(command)):
        return (ConfigurationRejected(command.reply_to, INVALID, "a name holds what no name may hold", version),)
    if command.expected is not None and command.expected != version:
        return (ConfigurationRejected(command.reply_to, CONFLICT, "the application was changed meanwhile", version),)
    overlaps = _overlaps(command, before, now)
    webhook_overlaps = _webhook_overlaps(command, before, now)
    if command.configuration.api_key_hash in overlaps:
        return (ConfigurationRejected(command.reply_to, INVALID, "that API key was replaced", version),)
    if len(overlaps) > OVERLAPS_MAX:
        return (ConfigurationRejected(command.reply_to, INVALID, _TOO_MANY.format("API keys"), version),)
    if len(webhook_overlaps) > OVERLAPS_MAX:
        return (ConfigurationRejected(command.reply_to, INVALID, _TOO_MANY.format("webhook secrets"), version),)
    return (
        ApplicationChanged(
            command.application,
            version + 1,
            command.configuration,
            command.reply_to,
            before.configuration if before is not None else None,
            command.by,
            overlaps,
            webhook_overlaps,
        ),
    )


def _overlaps(command: ConfigureApplication, before: Application | None, now: Instant) -> dict[str, Instant]:
    """The API keys that work beside the new one."""
    if before is None or command.configuration.removed:
        return {}
    replaced, wanted = before.configuration.api_key_hash, command.configuration.api_key_hash
    return _beside(before.overlaps, replaced, wanted, command.overlap_ms, now)


def _webhook_overlaps(command: ConfigureApplication, before: Application | None, now: Instant) -> dict[str, Instant]:
    """The webhook secrets that sign beside the new one."""
    if before is None or not command.configuration.webhook_secret:
        return {}
    replaced, wanted = before.configuration.webhook_secret, command.configuration.webhook_secret
    return _beside(before.webhook_overlaps, replaced, wanted, command.overlap_ms, now)


def _beside(
    overlaps: Mapping[str, Instant], replaced: str, wanted: str, overlap_ms: int, now: Instant
) -> dict[str, Instant]:
    """The one that is replaced, and those that still worked. None of them works longer than the overlap asked for now:
    with none, whoever knows an older one is shut out at once."""
    live = {name: until for name, until in overlaps.items() if now < until}
    if wanted == replaced:
        return live
    if not overlap_ms:
        return {}
    last = Instant(now + overlap_ms)
    shortened = {name: min(until, last) for name, until in live.items()}
    return shortened | {replaced: last} if replaced else shortened


def _names(command: ConfigureApplication) -> Sequence[str]:
    """What of it becomes part of keys: of references, wallets and tills."""
    configuration = command.configuration
    organisation = (configuration.organisation,) if configuration.organisation else ()
    return (command.application, *organisation, *configuration.shortcodes)


def end_api_key(key: RecordKey, record: ApiKey, now: Instant) -> Sequence[Event]:
    """The overlap is over: the key and its sessions end."""
    if not record.until or now < record.until:
        return ()
    return (ApiKeyEnded(record.application, key.partition("/")[2]),)


def change_organisation(command: ConfigureOrganisation, records: Records) -> Sequence[Event]:
    record = records.get(record_key("organisation", command.key))
    before = record.grants if isinstance(record, Organisation) else None
    if before == command.grants:
        return (OrganisationUnchanged(command.reply_to, reasons.OK, "nothing to change"),)
    return (OrganisationChanged(command.key, command.grants, before, command.by, command.reply_to),)
