"""The client's own book against the ledger's: what faults tests end with. Read next: mkondo/testing/load.py."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from mkondo.adapters.postgres.store import connect_store
from mkondo.contracts import codec
from mkondo.domain.account import JournalEntryPosted
from mkondo.domain.decider import Event
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.testing.load import NEVER_SENT, Told

PAGE = 10_000
Ending = PaymentCompleted | PaymentFailed


class Ledger(msgspec.Struct, frozen=True):
    """By ThirdPartyConversationID: how often each payment was admitted and posted, and how it ended."""

    admitted: Counter[str]
    posted: Counter[str]
    endings: dict[str, list[Ending]]


async def read_ledger(dsn: str, environment: str = "sandbox") -> Ledger:
    """Every event of an environment, from its database and past the platform."""
    store = await connect_store(dsn, environment)
    try:
        events = []
        positions = {str(state.partition): 0 for state in await store.states()}
        while page := await store.read_journals(positions, PAGE):
            events += [codec.decode(row.type, row.version, row.data) for row in page]
            positions |= {row.source: row.sequence for row in page}
        return _ledger(events)
    finally:
        await store.close()


def _ledger(events: Iterable[Event]) -> Ledger:
    ledger, names, posted = Ledger(Counter(), Counter(), defaultdict(list)), dict[str, str](), list[str]()
    for event in events:
        match event:
            case PaymentAdmitted(payment=payment):
                ledger.admitted[payment.third_party_conversation_id] += 1
                names[payment.payment_id] = payment.third_party_conversation_id
            case PaymentCompleted(payment=payment) | PaymentFailed(payment=payment):
                ledger.endings[payment.third_party_conversation_id].append(event)
            case JournalEntryPosted() if event.payment_id:
                posted.append(event.payment_id)
            case _:
                continue
    ledger.posted.update(names[payment_id] for payment_id in posted)
    return ledger


def check(book: Sequence[Told], ledger: Ledger) -> None:
    """Each acknowledged payment once in the ledger, as answered; each refused one nowhere; each other one has one
    final word, and the query said it."""
    wrong = [f"{what}: {told}" for told in book if (what := _wrong(told, ledger))]
    assert not wrong, f"{len(wrong)} of {len(book)} payments, first {wrong[:3]}"
    strangers = set(ledger.admitted) - {told.name for told in book}
    assert not strangers, f"{len(strangers)} payments that nobody made"


def _wrong(told: Told, ledger: Ledger) -> str:
    """What is wrong with one payment; empty when nothing is."""
    posted, endings = ledger.posted[told.name], ledger.endings.get(told.name, [])
    if ledger.admitted[told.name] > 1 or posted > 1 or len(endings) > 1:
        return "it happened more than once"
    completed = bool(endings) and isinstance(endings[0], PaymentCompleted)
    if completed != (posted == 1):
        return "outcome and posting disagree"
    if ledger.admitted[told.name] and not endings:
        return "admitted, and never ended"
    if told.acknowledged:
        right = completed and endings[0].payment.transaction_id == told.transaction_id
        return "" if right else "acknowledged, and not in the ledger"
    if told.code == "INS-10":
        return "a duplicate of a request that was never sent"
    if told.refused_for_good:
        return "refused, and posted" if posted else ""
    if told.status == NEVER_SENT and (endings or told.finally_is != "unknown"):
        return "told that nothing was sent, and known"
    return _wrong_word(told, endings, completed)


def _wrong_word(told: Told, endings: Sequence[Ending], completed: bool) -> str:
    if not endings:
        return "" if told.finally_is == "unknown" else "the query knows what the ledger does not"
    if (told.finally_is == "Completed") != completed or told.finally_is in ("", "unknown"):
        return "the query disagrees with the ledger"
    return ""
