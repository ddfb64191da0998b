"""What must be true of what goes wrong on purpose: the switches hit what the seed says, as docs/sandbox.md says.

Whether the right thing is pushed at all is judged in checks_of_callbacks.py, and a lost answer as any other is, in
checks_of_requests.py. Read next: domain/faults.py, domain/delivery_faults.py.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from mkondo.domain.delivery import (
    CallbackAbandoned,
    CallbackDelivered,
    CallbackQueued,
    CallbackRetryScheduled,
    Delivery,
    about,
)
from mkondo.domain.delivery_faults import HELD_BACK_MS
from mkondo.domain.faults import CALLBACK_NEVER, CALLBACK_TWICE, hits
from mkondo.domain.ids import Instant
from mkondo.domain.payment import Payment, PaymentAdmitted
from mkondo.domain.request import Request, RequestAdmitted, RequestAnswered
from mkondo.testing.simulation.audit import Journals
from mkondo.testing.simulation.life import SKEW_MS
from mkondo.testing.simulation.outside import Push
from mkondo.testing.simulation.rested import Rested


class Queued:
    """A result that is to be pushed, and what has become of it."""

    def __init__(self, world: Rested, event: CallbackQueued, at: Instant) -> None:
        asked = about(event.delivery.result)
        self.id, self.at, self.held_back = event.delivery.delivery, at, event.held_back
        self.faults = hits(world.faults[asked.application], asked.third_party_conversation_id)
        self.pushes: list[Push] = []
        self.never = CALLBACK_NEVER in self.faults
        self.twice = CALLBACK_TWICE in self.faults and not self.never
        self.late = next((fault for fault in HELD_BACK_MS if fault in self.faults and not self.never), "")


def every(world: Rested, journals: Journals) -> Iterator[str]:
    queued: Mapping[str, Queued] = {
        one.id: one for one in (Queued(world, event, row.time) for row, event in journals.rows_of(CallbackQueued))
    }
    for push in world.pushes:
        if push.callback.id in queued:  # what else arrives is judged in checks_of_callbacks.py
            queued[push.callback.id].pushes.append(push)
    yield from _named(world, journals)
    yield from _never(journals, queued)
    yield from _not_before(queued)
    yield from _twice(journals, queued)


def _named(world: Rested, journals: Journals) -> Iterator[str]:
    """Every event of a request names the faults that hit it at the door."""
    asked = {attempt.id: attempt.about.faults for attempt in world.attempts}
    found: list[Payment | Request] = [event.payment for event in journals.of(PaymentAdmitted)]
    found += [event.payment for _, event in journals.endings()]
    found += [event.request for event in journals.of(RequestAdmitted)]
    found += [event.request for event in journals.of(RequestAnswered)]
    for one in found:
        hit = asked.get(one.conversation_id)
        if one.faults != hit:
            yield f"fault: {one.conversation_id} was hit by {hit}, an event says {one.faults}"


def _never(journals: Journals, queued: Mapping[str, Queued]) -> Iterator[str]:
    """What is withheld is never sent and says so; and nothing else is given up: no merchant is gone for days."""
    given_up = {event.delivery for event in journals.of(CallbackAbandoned)}
    for one in queued.values():
        if one.never and one.pushes:
            yield f"fault: {one.id} is never sent, and was pushed {len(one.pushes)} times"
        if one.never != (one.id in given_up):
            yield f"fault: {one.id} was hit by {one.faults}, given up: {one.id in given_up}"


def _not_before(queued: Mapping[str, Queued]) -> Iterator[str]:
    """What comes late, or out of order, does not come before its time, whoever owned it meanwhile."""
    for one in queued.values():
        if one.held_back != (CALLBACK_NEVER if one.never else one.late):
            yield f"fault: {one.id} was hit by {one.faults}, and is held back by {one.held_back!r}"
        not_before = one.at + HELD_BACK_MS.get(one.late, 0) - SKEW_MS
        if one.pushes and one.pushes[0].at < not_before:
            yield f"fault: {one.id} was hit by {one.late}, and was pushed {not_before - one.pushes[0].at} ms too early"


def _twice(journals: Journals, queued: Mapping[str, Queued]) -> Iterator[str]:
    """What has arrived at the first attempt is sent once more, if the switch says so and only then; under the same id,
    by which it is looked up here. The second attempt may fail: nobody is promised a third."""
    again: defaultdict[str, list[int]] = defaultdict(list)
    for scheduled in journals.of(CallbackRetryScheduled):
        if scheduled.receipt.delivered:
            again[scheduled.delivery].append(scheduled.attempt)
    on_its_way = {record.delivery for record in journals.stored(Delivery)}
    delivered = {event.delivery: event for event in journals.of(CallbackDelivered)}
    for one in queued.values():
        if again[one.id] and (not one.twice or again[one.id] != [1]):
            yield f"fault: {one.id} was hit by {one.faults}, and was sent again after attempts {again[one.id]}"
        ended = delivered.get(one.id)
        if one.twice and ended is not None and ended.attempt == 1:
            yield f"fault: {one.id} arrives twice, and was done with after its first attempt"
        if again[one.id] and one.id not in on_its_way and len(one.pushes) < 2 and ended and ended.receipt.delivered:
            yield f"fault: {one.id} arrives twice, and was pushed {len(one.pushes)} times under its id"
