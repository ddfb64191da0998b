"""The view `endpoints`: addresses that were disabled, and whether they still are, by `APPLICATION/HASH`."""

import msgspec
from msgspec.structs import replace

from mkondo.domain.endpoint import EndpointDisabled, EndpointEnabled, endpoint_name
from mkondo.domain.ids import Instant
from mkondo.domain.views.view import Change, Recorded, View


class EndpointRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One address. `disabled`: why nothing is pushed there, in words; empty since somebody enabled it."""

    url: str
    disabled: str = ""
    disabled_at: Instant = Instant(0)
    enabled_at: Instant = Instant(0)
    enabled_by: str = ""


def endpoint_row_key(application: str, url: str) -> str:
    return f"{application}/{endpoint_name(application, url)}"


def _key(event: EndpointDisabled | EndpointEnabled, at: Recorded) -> str:
    return endpoint_row_key(event.application, event.url)


def _disabled(row: EndpointRow | None, event: EndpointDisabled, at: Recorded) -> EndpointRow:
    return EndpointRow(event.url, event.reason, at.time)


def _enabled(row: EndpointRow | None, event: EndpointEnabled, at: Recorded) -> EndpointRow:
    before = row or EndpointRow(event.url)
    return replace(before, disabled="", enabled_at=at.time, enabled_by=event.by)


ENDPOINTS = View(
    "endpoints",
    EndpointRow,
    {EndpointDisabled: Change(_key, _disabled), EndpointEnabled: Change(_key, _enabled)},
    lambda row: False,
)
