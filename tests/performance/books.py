"""Afterwards: is each acknowledged payment in the ledger once, and does the audit pass? Read next: bench.py."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from mkondo.adapters.postgres.audit import connect_audit
from mkondo.adapters.postgres.store import connect_store
from mkondo.contracts import codec
from mkondo.domain.account import JournalEntryPosted
from mkondo.domain.payment import PaymentCompleted
from mkondo.runtime.audit import Report as Audited
from mkondo.runtime.audit import verify_store

_PAGE = 5_000


class Books(msgspec.Struct, frozen=True):
    """What an environment's journals say. `completed` counts by conversation id, `entries` by payment id."""

    completed: Counter[str]
    payment_of: dict[str, str]
    entries: Counter[str]
    unbalanced: int
    events: int

    def missing(self, acknowledged: Iterable[str]) -> list[str]:
        """Those that are not completed exactly once by exactly one journal entry."""
        return [
            name
            for name in acknowledged
            if self.completed[name] != 1 or self.entries[self.payment_of.get(name, "")] != 1
        ]


async def read_books(dsn: str, environment: str) -> Books:
    """Every event, past the platform."""
    store = await connect_store(dsn, environment)
    books, unbalanced, events = Books(Counter(), {}, Counter(), 0, 0), 0, 0
    try:
        positions = {str(state.partition): 0 for state in await store.states()}
        while page := await store.read_journals(positions, _PAGE):
            positions |= {row.source: row.sequence for row in page}
            events += len(page)
            for row in page:
                if row.type not in ("PaymentCompleted", "JournalEntryPosted"):
                    continue
                event = codec.decode(row.type, row.version, row.data)
                if isinstance(event, PaymentCompleted):
                    conversation = event.payment.third_party_conversation_id
                    books.completed[conversation] += 1
                    books.payment_of[conversation] = event.payment.payment_id
                elif isinstance(event, JournalEntryPosted):
                    books.entries[event.payment_id] += 1
                    unbalanced += event.debit.minor != event.credit.minor
    finally:
        await store.close()
    return msgspec.structs.replace(books, unbalanced=unbalanced, events=events)


async def audit(dsn: str, environment: str) -> Audited:
    """What `mkondo verify` does: sequences, seals, entries, balances, outcomes, and the views against a replay."""
    auditor = await connect_audit(dsn, environment)
    try:
        return await verify_store(auditor)
    finally:
        await auditor.close()
