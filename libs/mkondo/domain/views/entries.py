"""The view `entries`: the journal, by entry id. One event makes the whole row, so it is written once and never read
back.

Whether the credit has arrived is not here: that is another source's news, and stands in the credited account's
statement.
"""

import msgspec

from mkondo.domain.account import JournalEntryPosted, Posting
from mkondo.domain.ids import Instant
from mkondo.domain.views.view import Change, Recorded, View


class EntryRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One journal entry: its postings in minor units, and where in the ledger it was posted."""

    entry: str
    currency: str
    postings: tuple[Posting, ...]
    posted_at: Instant
    source: str
    sequence: int
    payment_id: str = ""
    description: str = ""
    market: str = ""


def _posted(row: EntryRow | None, event: JournalEntryPosted, at: Recorded) -> EntryRow:
    return EntryRow(
        event.entry,
        event.currency,
        event.postings,
        at.time,
        at.source,
        at.sequence,
        event.payment_id,
        event.description,
        event.market,
    )


ENTRIES = View(
    "entries",
    EntryRow,
    {JournalEntryPosted: Change(lambda event, at: event.entry, _posted)},
    lambda row: True,
    written_once=True,
)
