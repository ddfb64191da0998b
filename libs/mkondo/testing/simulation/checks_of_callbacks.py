"""What must be true of results that are pushed: each is queued once, says what the outcome says, is not forgotten."""

from collections import Counter
from collections.abc import Iterator

from mkondo.domain import admission
from mkondo.domain.delivery import CallbackQueued, Delivery, Result, about
from mkondo.domain.faults import CALLBACK_NEVER
from mkondo.domain.payment import PaymentCompleted, PaymentFailed, PaymentReserved
from mkondo.domain.request import RequestAnswered
from mkondo.openapi.callbacks import callback_body
from mkondo.testing.simulation.audit import Journals
from mkondo.testing.simulation.life import now
from mkondo.testing.simulation.rested import Rested, is_late


def every(world: Rested, journals: Journals) -> Iterator[str]:
    """G8: at least once, but for what is withheld on purpose. At rest a result has arrived, or there is a timer that
    will have it sent, and nobody has passed over."""
    results = _promised(journals)
    queued = Counter(str(event.delivery.delivery) for event in journals.of(CallbackQueued))
    for name in sorted(queued.keys() | results.keys()):
        if queued[name] != 1 or name not in results:
            yield f"G8: the result of {name} was queued {queued[name]} times, promised: {name in results}"
    owed = {name for name, result in results.items() if CALLBACK_NEVER not in about(result).faults}
    arrived = {push.callback.id for push in world.pushes if push.arrived}
    on_their_way = journals.stored(Delivery)
    for name in sorted(owed - arrived - {record.delivery for record in on_their_way}):
        yield f"G8: the result of {name} has not arrived, and nobody will send it"
    for record in on_their_way:
        if is_late(now(), record.next_at, world.calm_at):
            yield f"G8: attempt {record.attempt} of {record.delivery} was due {now() - record.next_at} ms ago"
    for callback in (push.callback for push in world.pushes):
        result = results.get(callback.id)
        if result is None or callback_body(result) != callback.body:
            yield f"G5: {callback.id} was pushed {callback.body!r}, its result is {result}"


def _promised(journals: Journals) -> dict[str, Result]:
    """What admission refuses is answered at once; whatever else ends an asynchronous request is pushed."""
    found: dict[str, Result] = {}
    kinds: tuple[type[Result], ...] = (PaymentCompleted, PaymentFailed, PaymentReserved, RequestAnswered)
    for kind in kinds:
        for row, result in journals.rows_of(kind):
            asked = about(result)
            if asked.asynchronous and not row.source.startswith(f"{admission.NAME}/"):
                found[asked.conversation_id] = result
    return found
