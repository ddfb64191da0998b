"""Immutable facts, as services read them: events instead of rows.

Read next: domain/facts.py for their names, ports/store.py for what is promised of them.
"""

from mkondo.contracts.records import decode_event
from mkondo.domain.decider import Event
from mkondo.ports.store import Facts


async def read_fact(facts: Facts, name: str) -> Event | None:
    """The event of that name. May raise TryLater."""
    stored = await facts.outcome(name)
    return decode_event(stored.data) if stored is not None else None
