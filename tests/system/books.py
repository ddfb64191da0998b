"""What the ledger says, read from its journal past everything that a merchant is told."""

from collections import Counter, defaultdict

import msgspec

from mkondo.contracts import codec
from mkondo.domain.account import CreditApplied, CreditSuspended, JournalEntryPosted
from mkondo.domain.decider import Event
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.testing.platform import RunningPlatform


class Books(msgspec.Struct, frozen=True):
    """By ThirdPartyConversationID: how often each payment was admitted and posted, its entry, where its credit
    went, and how its event says it ended."""

    admitted: Counter[str]
    posted: Counter[str]
    endings: dict[str, list[PaymentCompleted | PaymentFailed]]
    entries: dict[str, JournalEntryPosted]
    credited: set[str]
    suspended: set[str]
    sums: dict[str, int]
    """Debits less credits of all postings, per currency."""


async def read_books(platform: RunningPlatform, environment: str = "sandbox") -> Books:
    """Everything so far. Every book balances, or this fails."""
    books = Books(Counter(), Counter(), defaultdict(list), {}, set(), set(), defaultdict(int))
    names: dict[str, str] = {}
    credited: set[str] = set()
    suspended: set[str] = set()
    entries: list[JournalEntryPosted] = []
    for row in await platform.journal(environment):
        event: Event = codec.decode(row.type, row.version, row.data)
        match event:
            case PaymentAdmitted(payment=payment):
                books.admitted[payment.third_party_conversation_id] += 1
                names[payment.payment_id] = payment.third_party_conversation_id
            case PaymentCompleted(payment=payment) | PaymentFailed(payment=payment):
                books.endings[payment.third_party_conversation_id].append(event)
            case JournalEntryPosted():
                entries.append(event)
            case CreditApplied():
                credited.add(event.payment_id)
            case CreditSuspended():
                suspended.add(event.payment_id)
            case _:
                continue
    for entry in entries:
        if entry.payment_id:
            books.posted[names[entry.payment_id]] += 1
            books.entries[names[entry.payment_id]] = entry
        for posting in entry.postings:
            books.sums[entry.currency] += posting.minor if posting.side == "debit" else -posting.minor
    books.credited.update(names[payment] for payment in credited & names.keys())
    books.suspended.update(names[payment] for payment in suspended & names.keys())
    assert not any(books.sums.values()), f"postings do not sum to zero: {books.sums}"
    return books
