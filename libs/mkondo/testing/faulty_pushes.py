"""Planted bugs around the sandbox's fault switches for results.

Of most of them the journals know nothing: only who stands at a merchant's door, and looks at the clock, can see them.
Read next: faults.py.
"""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from mkondo.domain.decider import Event, Message, Records
from mkondo.domain.delivery import CallbackDelivered, CallbackQueued, CallbackRetryScheduled, Delivery, Receipt
from mkondo.domain.faults import CALLBACK_NEVER
from mkondo.domain.ids import Instant, PaymentId
from mkondo.domain.payment import PaymentAdmitted
from mkondo.domain.request import RequestAdmitted
from mkondo.ports.callback_sender import Callback
from mkondo.runtime.deliverer import Deliverer
from mkondo.testing.faulty_deciders import Same


class DoesNotWait(Deliverer):
    """What is held back is sent at once all the same, and once more when its time has come."""

    def heard(self, event: Event) -> None:
        if isinstance(event, CallbackQueued) and event.held_back != CALLBACK_NEVER:
            event = replace(event, held_back="")
        super().heard(event)


class SendsTheWithheld(Deliverer):
    """What is never to be sent is sent; the decider, which has given it up, does not listen to what came of it."""

    def heard(self, event: Event) -> None:
        if isinstance(event, CallbackQueued) and event.held_back == CALLBACK_NEVER:
            event = replace(event, held_back="", delivery=replace(event.delivery, attempt=1))
        super().heard(event)


class NamesTheSecondAnew(Deliverer):
    """A result that has arrived comes again under another id: nobody can drop it as a repeat."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._taken_in: set[PaymentId] = set()

    async def _send(self, delivery: Delivery) -> Receipt:
        receipt = await super()._send(delivery)
        if receipt.delivered:
            self._taken_in.add(delivery.delivery)
        return receipt

    async def _callback(self, delivery: Delivery) -> Callback:
        callback = await super()._callback(delivery)
        return replace(callback, id=f"{callback.id}-again") if delivery.delivery in self._taken_in else callback


class SendsOnce(Same):
    """What has arrived is done with, whatever the switch says."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        events = super().decide(message, records, now)
        match events:
            case (CallbackRetryScheduled(receipt=receipt) as again,) if receipt.delivered:
                return (CallbackDelivered(again.delivery, again.application, again.attempt, receipt),)
            case _:
                return events


class ForgetsFaults(Same):
    """What is admitted does not say any more which faults were to hit it."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        return [_without_faults(event) for event in super().decide(message, records, now)]


def _without_faults(event: Event) -> Event:
    match event:
        case PaymentAdmitted(payment=payment):
            return replace(event, payment=replace(payment, faults=()))
        case RequestAdmitted(request=request):
            return replace(event, request=replace(request, faults=()))
        case _:
            return event
