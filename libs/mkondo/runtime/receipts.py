"""Finds the event that ended a payment, and makes its receipt. Read next: contracts/receipt.py.

The view says in which journal and at which instant the payment ended; instants never go back in a journal, so a binary
search finds the row by the journal's own key. What the view has not taken yet is looked through. What the receipt says
comes from the journal, never from the view.
"""

from collections.abc import Mapping

from mkondo.contracts import codec
from mkondo.contracts.digest import StoredDigest, body_of
from mkondo.contracts.journal import JournalRow, partitions_of
from mkondo.contracts.receipt import Ended, make_receipt
from mkondo.contracts.views import decode_row
from mkondo.domain.ids import Instant
from mkondo.domain.views.payments import PaymentRow
from mkondo.ports.digests import Digests
from mkondo.ports.errors import TryLater
from mkondo.ports.store import Store
from mkondo.ports.views import Views
from mkondo.runtime.digests import RecentSeals
from mkondo.topology import TOPOLOGY

PAGE = 100
"""Events of one source that one read brings."""
PAGES_MAX = 100
"""Reads of what the views have not taken yet, before it is said that they are far behind."""

ENDS = ("PaymentCompleted", "PaymentFailed")
ENDING = tuple(str(of) for row in TOPOLOGY if not set(ENDS).isdisjoint(row.emits) for of in partitions_of(row.decider))
"""The journals in which payments end."""


class NoReceipt(Exception):
    """There is none (yet). The text says why."""


class NotEnded(NoReceipt):
    """The payment is on its way: nothing has been decided that could be proven."""


class NotClosed(NoReceipt):
    """It has ended at this instant, and no digest covers it yet."""

    def __init__(self, ended_at: Instant) -> None:
        super().__init__("no digest covers this payment yet")
        self.ended_at = ended_at


async def receipt_of(payment_id: str, store: Store, views: Views, digests: Digests, recent: RecentSeals) -> bytes:
    """The receipt of a payment that is known to be one, as text. Raises NotEnded, NotClosed, NotWhole when its digest
    is damaged, LookupError when the journal does not hold what the view says, TryLater."""
    row = await _row_of(payment_id, store, views)
    digest, covered = await _digest_of(row, digests)
    body = body_of(digest)
    seals = await recent.read(digests, row.source, covered, body.until[row.source])
    number = next(place for place, (end, _) in enumerate(seals) if end >= row.sequence)
    start = seals[number - 1][0] if number else covered
    batch = await store.read_journal(row.source, start, seals[number][0] - start)
    before = seals[number - 1][1] if number else await _seal_at(row.source, covered, digests)
    return make_receipt(batch, row.sequence - start - 1, before, [seal for _, seal in seals], number, digest)


async def _row_of(payment_id: str, store: Store, views: Views) -> JournalRow:
    """Positions first: whatever the view does not tell then lies behind them."""
    positions = await views.positions()
    found = (await views.read("payments", [payment_id])).get(payment_id)
    seen = None if found is None else decode_row("payments", found)
    if not isinstance(seen, PaymentRow) or not seen.ended_at:
        return await _unseen(payment_id, positions, store)
    after = await _last_before(seen.ended_by, seen.ended_at, store)
    while page := await store.read_journal(seen.ended_by, after, PAGE):
        for row in page:
            if _ends(row, payment_id):
                return row
        if page[-1].time > seen.ended_at:
            break
        after = page[-1].sequence
    raise LookupError(f"{seen.ended_by} does not hold the end of {payment_id}: see `mkondo verify`")


async def _unseen(payment_id: str, positions: Mapping[str, int], store: Store) -> JournalRow:
    """Among the events that the views have not taken yet: whoever has the payment's answer may ask at once (G10)."""
    places = {source: positions.get(source, 0) for source in ENDING}
    for _ in range(PAGES_MAX):
        rows = await store.read_journals(places, PAGE)
        if not rows:
            raise NotEnded("this payment has not ended yet")
        for row in rows:
            if _ends(row, payment_id):
                return row
        places |= {row.source: row.sequence for row in rows}
    raise TryLater("the views are far behind: whether this payment has ended is not known yet")


async def _last_before(source: str, instant: Instant, store: Store) -> int:
    """The last sequence of a source whose row is older than that."""
    low, high = 0, await _length(source, store)
    while low < high:
        middle = (low + high) // 2
        (row,) = await store.read_journal(source, middle, 1)
        low, high = (middle + 1, high) if row.time < instant else (low, middle)
    return low


async def _length(source: str, store: Store) -> int:
    return next((state.last_sequence for state in await store.states() if str(state.partition) == source), 0)


def _ends(row: JournalRow, payment_id: str) -> bool:
    if row.type not in ENDS:
        return False
    event = codec.decode(row.type, row.version, row.data)
    return isinstance(event, Ended) and event.payment.payment_id == payment_id


async def _digest_of(row: JournalRow, digests: Digests) -> tuple[StoredDigest, int]:
    """The digest that covers a row, and up to which sequence of its source the one before does. By halves, too."""
    last = await digests.last()
    if last is None or _until(last, row.source) < row.sequence:
        raise NotClosed(row.time)
    low, high, found = 1, last.number, last
    while low < high:
        middle = (low + high) // 2
        digest = await _numbered(middle, digests)
        if _until(digest, row.source) < row.sequence:
            low = middle + 1
        else:
            high, found = middle, digest
    return found, _until(await _numbered(low - 1, digests), row.source) if low > 1 else 0


async def _numbered(number: int, digests: Digests) -> StoredDigest:
    digest = await digests.get(number)
    if digest is None:
        raise LookupError(f"digest {number} is gone: see `mkondo verify`")
    return digest


def _until(digest: StoredDigest, source: str) -> int:
    return body_of(digest).until.get(source, 0)


async def _seal_at(source: str, sequence: int, digests: Digests) -> bytes:
    """The head of the chain after the batch that ends there; none before the first."""
    if not sequence:
        return b""
    ((_, seal),) = await digests.seals(source, sequence - 1, sequence)
    return seal
