"""What the sandbox's fault switches do to results that are pushed. Pure. Read next: faults.py, deliveries.py."""

from collections.abc import Sequence

from msgspec.structs import replace

from mkondo.domain.decider import Event
from mkondo.domain.delivery import SECOND_MS, CallbackAbandoned, CallbackQueued, Delivery, Receipt, about
from mkondo.domain.faults import CALLBACK_LATE, CALLBACK_NEVER, CALLBACK_OUT_OF_ORDER, CALLBACK_TWICE
from mkondo.domain.ids import Instant

HELD_BACK_MS = {CALLBACK_LATE: 30 * SECOND_MS, CALLBACK_OUT_OF_ORDER: 5 * SECOND_MS}
"""By the environment's clock, so that moving it sends them. Where both hit, the longer one counts."""

WITHHELD = "withheld by the sandbox's fault switch"


def with_faults(queued: CallbackQueued, now: Instant) -> Sequence[Event]:
    """Whether its first attempt is made now, as ever, or later, or never. What is replayed is sent as it should be."""
    delivery = queued.delivery
    faults = () if delivery.replay else about(delivery.result).faults
    if CALLBACK_NEVER in faults:
        untried = replace(queued, delivery=replace(delivery, attempt=0), held_back=CALLBACK_NEVER)
        return (untried, CallbackAbandoned(delivery.delivery, delivery.application, 0, Receipt(False), WITHHELD))
    found = [fault for fault in HELD_BACK_MS if fault in faults]
    if not found:
        return (queued,)
    later = replace(delivery, next_at=Instant(now + HELD_BACK_MS[found[0]]))
    return (replace(queued, delivery=later, held_back=found[0]),)


def is_sent_again(delivery: Delivery) -> bool:
    """Whether it is sent once more although it has just arrived. One that failed before has been repeated anyway."""
    return delivery.attempt == 1 and not delivery.replay and CALLBACK_TWICE in about(delivery.result).faults
