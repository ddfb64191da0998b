"""What must be true of two-step payments, direct debits and reversals, however their requests have met.

Read from the journals alone, in their order: each hold, mandate and reversed payment has one partition.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from mkondo.contracts.journal import JournalRow
from mkondo.domain import mandates
from mkondo.domain.account import Hold, HoldCaptured, HoldExpired, HoldPlaced, HoldReleased
from mkondo.domain.facts import reversal_of
from mkondo.domain.mandate import Mandate
from mkondo.domain.mandates import (
    CollectionAdmitted,
    CollectionReturned,
    MandateCancelled,
    MandateCreated,
    MandateExpired,
)
from mkondo.domain.payment import PaymentCompleted
from mkondo.domain.request import DecideReservation, RequestAnswered
from mkondo.domain.reversal import ReversalOf, Reversals
from mkondo.domain.reversals import PaymentReversed
from mkondo.testing.simulation.audit import Journals
from mkondo.testing.simulation.queries import fact
from mkondo.testing.simulation.rested import Rested, is_late


def every(world: Rested, journals: Journals) -> Iterator[str]:
    yield from _holds_end_once(journals)
    yield from _holds_end_in_time(world, journals)
    yield from _vouchers(journals)
    yield from _periods(journals)
    yield from _periods_given_back(journals)
    yield from _failed_collections_are_returned(journals)
    yield from _only_live_mandates(journals)
    yield from _reversed(world, journals)


# Two-step payments ----------------------------------------------------------------------------------------------------


def _holds_end_once(journals: Journals) -> Iterator[str]:
    """G2: a hold is placed once and ended once, by whatever ends it; none is left at rest. G3: nor captured beyond."""
    placed = Counter(event.hold.hold for event in journals.of(HoldPlaced))
    ended = Counter(event.hold for event in journals.of(HoldCaptured))
    ended.update(event.hold for event in journals.of(HoldReleased))
    ended.update(event.hold for event in journals.of(HoldExpired))
    for hold in placed | ended:
        if placed[hold] != 1 or ended[hold] != 1:
            yield f"G2: {hold} was placed {placed[hold]} times and ended {ended[hold]} times"
    for captured in journals.of(HoldCaptured):
        if not 0 < captured.minor <= captured.held:
            yield f"G3: {captured.minor} were captured of {captured.hold}, which held {captured.held}"
    for left in journals.stored(Hold):
        yield f"G2: {left.hold} is still open at rest"


def _holds_end_in_time(world: Rested, journals: Journals) -> Iterator[str]:
    """A hold can be decided until its expiry, ends soon after it, and not before it by time."""
    expiries = {event.hold.hold: event.hold.expires_at for event in journals.of(HoldPlaced)}
    decisions: list[tuple[JournalRow, HoldCaptured | HoldReleased]] = [
        *journals.rows_of(HoldCaptured),
        *journals.rows_of(HoldReleased),
    ]
    for row, decided in decisions:
        late = row.time - expiries.get(decided.hold, row.time + 1)
        if late >= 0:
            yield f"G5: {decided.hold} was decided {late} ms after its expiry"
    for row, expired in journals.rows_of(HoldExpired):
        due = expiries.get(expired.hold, row.time)
        if row.time < due or is_late(row.time, due, world.calm_at):
            yield f"G5: {expired.hold} expired {row.time - due} ms after its time"


def _vouchers(journals: Journals) -> Iterator[str]:
    """Of all decisions of one reservation at most one succeeds, and it shows the reservation's own voucher."""
    vouchers = {event.hold.hold: event.hold.voucher_code for event in journals.of(HoldPlaced)}
    succeeded = Counter[str]()
    for answered in journals.of(RequestAnswered):
        order = answered.request.order
        if not isinstance(order, DecideReservation) or not answered.succeeded:
            continue
        succeeded[order.payment_id] += 1
        if order.voucher_code != vouchers.get(order.payment_id):
            yield f"G5: {order.payment_id} was decided under the voucher {order.voucher_code}"
    for payment_id, count in succeeded.items():
        if count > 1:
            yield f"G2: {count} decisions of {payment_id} succeeded"


# Direct debits --------------------------------------------------------------------------------------------------------


def _completed(journals: Journals) -> set[str]:
    return {event.payment.payment_id for event in journals.of(PaymentCompleted)}


def _periods(journals: Journals) -> Iterator[str]:
    """G4: per mandate and period at most one collection completes."""
    completed = _completed(journals)
    collected = Counter(
        (event.mandate_id, event.period)
        for event in journals.of(CollectionAdmitted)
        if event.period and event.admitted.payment.payment_id in completed
    )
    for (mandate_id, period), count in collected.items():
        if count > 1:
            yield f"G4: mandate {mandate_id} was collected {count} times for {period!r}"


def _periods_given_back(journals: Journals) -> Iterator[str]:
    """At rest a period is used up by a collection that has completed, and by no other."""
    completed = _completed(journals)
    for mandate in journals.stored(Mandate):
        if mandate.taken_by and mandate.taken_by not in completed:
            yield f"G4: mandate {mandate.mandate_id} has {mandate.taken!r} used up by {mandate.taken_by}, which failed"


def _failed_collections_are_returned(journals: Journals) -> Iterator[str]:
    """Once, and to the mandate that it was collected under: so a mandate's view counts what was really collected."""
    completed = _completed(journals)
    failed = Counter(
        (event.mandate_id, event.admitted.payment.payment_id)
        for event in journals.of(CollectionAdmitted)
        if event.admitted.payment.payment_id not in completed
    )
    returned = Counter((event.mandate_id, event.payment_id) for event in journals.of(CollectionReturned))
    for (mandate_id, payment_id), count in ((failed - returned) + (returned - failed)).items():
        yield f"G2: mandate {mandate_id} counts {payment_id} wrongly: returned {count} times too few or too many"


def _only_live_mandates(journals: Journals) -> Iterator[str]:
    """Under one key one mandate lives at a time, and none is collected before it was made or after its end."""
    for source in journals.rows:
        if not source.startswith(f"{mandates.NAME}/"):
            continue
        alive: dict[str, str] = {}
        for event in journals.events_of(source):
            match event:
                case MandateCreated(mandate=made):
                    if mandates.mandate_key(made.key) in alive:
                        yield f"G2: mandate {made.mandate_id} was made beside one that lives"
                    alive[mandates.mandate_key(made.key)] = made.mandate_id
                case MandateCancelled() | MandateExpired():
                    if alive.pop(mandates.mandate_key(event.key), None) != event.mandate_id:
                        yield f"G2: mandate {event.mandate_id} ended and did not live"
                case CollectionAdmitted():
                    if alive.get(mandates.mandate_key(event.key)) != event.mandate_id:
                        yield f"G4: mandate {event.mandate_id} was collected and did not live"
                case _:
                    pass


# Reversals ------------------------------------------------------------------------------------------------------------


def _reversed(world: Rested, journals: Journals) -> Iterator[str]:
    """G3: reversed <= original. At rest nothing is on its way back, and what the owner of the reversals has counted is
    what the ledger has moved; when nothing remains, a query says so."""
    completed = {str(event.payment.payment_id): event for event in journals.of(PaymentCompleted)}
    moved: defaultdict[str, int] = defaultdict(int)
    for event in completed.values():
        if isinstance(event.purpose, ReversalOf):
            moved[event.purpose.original.payment_id] += event.payment.amount.minor
    told = Counter[str]()
    for event_of in journals.of(PaymentReversed):
        told[event_of.original] += event_of.minor
    stored = {record.original: record for record in journals.stored(Reversals)}
    for original, minor in moved.items():
        paid = completed.get(original)
        whole = paid.payment.amount.minor if paid is not None else 0
        if minor > whole:
            yield f"G3: {minor} of {original} were given back, which moved {whole}"
        if told[original] != minor or told[original] > whole:
            yield f"G3: {minor} of {original} were given back, {told[original]} of {whole} were told"
        if (minor == whole) != (fact(world.store, reversal_of(original)) is not None):
            yield f"G10: {minor} of {whole} of {original} were given back, a query says otherwise"
    for record in stored.values():
        if record.open:
            yield f"G3: {record.open} of {record.original} are still on their way back at rest"
        if record.reversed != moved[record.original]:
            yield f"G3: {record.reversed} of {record.original} count as given back, {moved[record.original]} were"
