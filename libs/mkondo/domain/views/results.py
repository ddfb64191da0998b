"""The view `results`: every result that was queued for a merchant, replays too, by `APPLICATION/SEQUENCE`.

The sequence is the event's own in the partition of its application, so the order of the keys is the order of the queue:
a later one is never there before an earlier one, since one source is applied in its order (G7). It is the cursor of
whoever fetches results. The body is rendered from `result`, as every attempt's is.
Read next: services/portal/api/results.py.
"""

import msgspec

from mkondo.domain.delivery import CallbackQueued, Result
from mkondo.domain.ids import ApplicationId, Instant, PaymentId
from mkondo.domain.views.view import Change, Recorded, View


class ResultRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One result, as it was queued. `by`: who had it replayed; empty the first time."""

    sequence: int
    delivery: PaymentId
    application: ApplicationId
    url: str
    queued_at: Instant
    result: Result
    by: str = ""


def result_key(application: str, sequence: int) -> str:
    """Sorts by application, then in the order of the queue."""
    return f"{application}/{sequence:020d}"


def _queued(row: ResultRow | None, event: CallbackQueued, at: Recorded) -> ResultRow:
    delivery = event.delivery
    return ResultRow(
        at.sequence, delivery.delivery, delivery.application, delivery.url, at.time, delivery.result, event.by
    )


RESULTS = View(
    "results",
    ResultRow,
    {CallbackQueued: Change(lambda event, at: result_key(event.delivery.application, at.sequence), _queued)},
    lambda row: True,
    written_once=True,
)
