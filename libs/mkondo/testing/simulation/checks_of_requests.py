"""What must be true of every request, whatever it asks for: taken once, answered once, in time, and as it was told.

A request is a payment with one outcome, or a service request with one answer. Read next: checks_of_products.py.
"""

from collections import Counter
from collections.abc import Iterator

from mkondo.contracts.records import decode_event
from mkondo.domain.account import CreditApplied, CreditSuspended, JournalEntryPosted
from mkondo.domain.facts import names_of
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted
from mkondo.domain.request import Request, RequestAdmitted, RequestAnswered, RequestRejected
from mkondo.testing.simulation.audit import Journals
from mkondo.testing.simulation.loop import at_once
from mkondo.testing.simulation.queries import Answer, is_known
from mkondo.testing.simulation.rested import Rested, is_late


def every(world: Rested, journals: Journals) -> Iterator[str]:
    yield from _taken_once(journals)
    yield from _posted_once(journals)
    yield from _ended_once(journals)
    yield from _facts(world, journals)
    yield from _told(world, journals)
    yield from _in_time(world, journals)


def _taken_once(journals: Journals) -> Iterator[str]:
    """G2: admission takes a request once, and a ThirdPartyConversationID is used up by one."""
    taken: list[Payment | Request] = [event.payment for event in journals.of(PaymentAdmitted)]
    taken += [event.request for event in journals.of(RequestAdmitted)]
    for name, count in Counter(about.conversation_id for about in taken).items():
        if count != 1:
            yield f"G2: {name} was admitted {count} times"
    for reference, count in Counter((about.application, about.third_party_conversation_id) for about in taken).items():
        if count != 1:
            yield f"G2: {count} requests were admitted under the reference {reference}"


def _posted_once(journals: Journals) -> Iterator[str]:
    """G2: a completed payment has one entry, and every entry one credit."""
    completed = Counter(event.payment.payment_id for event in journals.of(PaymentCompleted))
    entries = Counter(event.entry for event in journals.of(JournalEntryPosted))
    credits = Counter(event.entry for event in journals.of(CreditApplied))
    credits.update(event.entry for event in journals.of(CreditSuspended))
    for payment_id, count in completed.items():
        if count != entries[payment_id]:
            yield f"G2: {payment_id} completed {count} times with {entries[payment_id]} entries"
    for entry in entries | credits:
        if entries[entry] != 1 or credits[entry] != 1:
            yield f"G2: entry {entry} was posted {entries[entry]} times and credited {credits[entry]} times"


def _ended_once(journals: Journals) -> Iterator[str]:
    """G1, G5: an admitted payment has one outcome, an admitted request one answer. Nothing is left open at rest."""
    ended = Counter(event.payment.payment_id for _, event in journals.endings())
    ended.update(event.request.request_id for event in journals.of(RequestAnswered))
    admitted = {event.payment.payment_id for event in journals.of(PaymentAdmitted)}
    admitted |= {event.request.request_id for event in journals.of(RequestAdmitted)}
    for name in sorted(admitted | ended.keys()):
        if ended[name] != 1:
            yield f"G5: {name} was admitted and has {ended[name]} outcomes"


def _facts(world: Rested, journals: Journals) -> Iterator[str]:
    """G5: whatever is a fact by name says the same in its row as in its event."""
    for event in journals.facts():
        for name in names_of(event):
            stored = at_once(world.store.outcome(name))
            if stored is None or decode_event(stored.data) != event:
                yield f"G5: the fact {name} is {event}, its row says {stored}"


def _told(world: Rested, journals: Journals) -> Iterator[str]:
    """G5: what a client was told, or would have been but for a fault switch, is what has become of it, and stays it."""
    known = journals.decided()
    for attempt in world.attempts:
        answer = attempt.decided
        if answer is None:
            continue
        if isinstance(answer, RequestRejected):
            if attempt.id in known:
                yield f"G5: {attempt.id} was rejected with {answer.code}, and was taken all the same"
        elif not isinstance(answer, Answer) or not is_known(world.store, answer):
            yield f"G5: {attempt.id} was told {answer}, and nothing in the store says so"


def _in_time(world: Rested, journals: Journals) -> Iterator[str]:
    """G5, rule 10: nothing is done after its deadline, and everything ends soon after it."""
    for row, event in journals.endings():
        payment = event.payment
        if isinstance(event, PaymentCompleted) and row.time >= payment.deadline:
            yield f"G5: {payment.payment_id} was posted {row.time - payment.deadline} ms after its deadline"
        if is_late(row.time, payment.deadline, world.calm_at):
            yield f"G5: {payment.payment_id} ended {row.time - payment.deadline} ms after its deadline"
    for row, answered in journals.rows_of(RequestAnswered):
        request = answered.request
        if answered.succeeded and row.time >= request.deadline:
            yield f"G5: {request.request_id} was carried out {row.time - request.deadline} ms after its deadline"
        if is_late(row.time, request.deadline, world.calm_at):
            yield f"G5: {request.request_id} was answered {row.time - request.deadline} ms after its deadline"
