"""The view `mandates`: every direct debit and how it stands, by `SCOPE/MANDATE_ID`.

All its events are of the mandate's own partition.
"""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from mkondo.domain.ids import Instant
from mkondo.domain.mandate import Mandate, Status
from mkondo.domain.mandates import (
    CollectionAdmitted,
    CollectionReturned,
    MandateApproved,
    MandateCancelled,
    MandateCreated,
    MandateExpired,
)
from mkondo.domain.views.view import Change, Recorded, View

_Told = MandateApproved | MandateCancelled | MandateExpired | CollectionAdmitted | CollectionReturned


class MandateRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One mandate. Dates are YYYYMMDD, as on the wire. `collections` counts those admitted, less those that failed."""

    mandate_id: str
    scope: str = ""
    reference: str = ""
    customer: str = ""
    token: str = ""
    market: str = ""
    shortcode: str = ""
    frequency: str = ""
    first_payment_date: str = ""
    start_day: str = ""
    end_day: str = ""
    expiry_date: str = ""
    status: str = ""
    reason: str = ""
    created_at: Instant = Instant(0)
    changed_at: Instant = Instant(0)
    collections: int = 0


def row_of(mandate: Mandate) -> MandateRow:
    """The mandate as it was made: what the view says first, and who can't wait for the view may say for it."""
    terms = mandate.terms
    return MandateRow(
        mandate.mandate_id,
        mandate.key.scope,
        mandate.key.reference,
        mandate.key.customer,
        mandate.token,
        mandate.key.market,
        mandate.shortcode,
        terms.frequency,
        terms.first_payment_date,
        terms.start_day,
        terms.end_day,
        terms.expiry_date,
        mandate.status.value,
        created_at=mandate.created_at,
        changed_at=mandate.created_at,
    )


def _created(row: MandateRow | None, event: MandateCreated, at: Recorded) -> MandateRow:
    return replace(row_of(event.mandate), changed_at=at.time)


def _now(status: Status) -> Callable[[MandateRow | None, _Told, Recorded], MandateRow]:
    def evolve(row: MandateRow | None, event: _Told, at: Recorded) -> MandateRow:
        reason = event.reason if isinstance(event, MandateCancelled) else ""
        return replace(row or MandateRow(event.mandate_id), status=status.value, reason=reason, changed_at=at.time)

    return evolve


def _counted(number: int) -> Callable[[MandateRow | None, _Told, Recorded], MandateRow]:
    def evolve(row: MandateRow | None, event: _Told, at: Recorded) -> MandateRow:
        known = row or MandateRow(event.mandate_id)
        return replace(known, collections=known.collections + number, changed_at=at.time)

    return evolve


def row_key(scope: str, mandate_id: str) -> str:
    return f"{scope}/{mandate_id}"


def _of_told(event: _Told, at: Recorded) -> str:
    return row_key(event.key.scope, event.mandate_id)


MANDATES = View(
    "mandates",
    MandateRow,
    {
        MandateCreated: Change(lambda event, at: row_key(event.mandate.key.scope, event.mandate.mandate_id), _created),
        MandateApproved: Change(_of_told, _now(Status.ACTIVE)),
        MandateCancelled: Change(_of_told, _now(Status.CANCELLED)),
        MandateExpired: Change(_of_told, _now(Status.EXPIRED)),
        CollectionAdmitted: Change(_of_told, _counted(1)),
        CollectionReturned: Change(_of_told, _counted(-1)),
    },
    lambda row: False,
)
