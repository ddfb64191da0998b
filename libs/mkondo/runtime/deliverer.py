"""Makes the attempts that the callbacks decider asks for, and tells it what came of each.

An effect beside the processor, after its commit: an attempt whose process dies is made again when its lease has run
out, so at least once (G8). One slow target holds up nobody else: each has a few places of its own (places.py).
Read next: queues.py, domain/deliveries.py, ports/callback_sender.py.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress

from mkondo.contracts.journal import Partition
from mkondo.contracts.signature import Secret
from mkondo.domain import deliveries
from mkondo.domain.decider import Event
from mkondo.domain.delivery import (
    JITTER_PERMILLE,
    CallbackDue,
    CallbackQueued,
    Delivery,
    GiveAttemptBack,
    Receipt,
    RecordAttempt,
)
from mkondo.domain.endpoint import EndpointDisabled
from mkondo.domain.ids import ApplicationId, PaymentId, partition_of
from mkondo.openapi.callbacks import callback_body, operation_of_result
from mkondo.ports.back_off import back_off
from mkondo.ports.callback_sender import Callback, CallbackSender
from mkondo.ports.clock import Clock
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.ports.ids import Ids
from mkondo.ports.log import Log
from mkondo.ports.sealing import CannotOpen
from mkondo.runtime import metrics
from mkondo.runtime.places import REST_SECONDS
from mkondo.runtime.queues import Begun, Queues, Spared, Target, target_of

log = logging.getLogger(__name__)

TELL_ATTEMPTS = 10
FINISH_SECONDS_MAX = 3.0
"""How long a stop waits for the merchants that are being told something."""
SPARE_SECONDS = 0.05
"""Between a few attempts that are not made and the next few."""
_LOOK_SECONDS = 0.01

SecretsOf = Callable[[ApplicationId], Awaitable[Sequence[Secret]]]
"""The secrets with which an application's results are signed now: none, or several while one replaces another."""

_Attempt = tuple[PaymentId, str, int]


async def no_secrets(application: ApplicationId) -> Sequence[Secret]:
    """Nothing is signed."""
    return ()


class _Unsent(Exception):
    """An attempt that failed for a reason of our own, which the text says: its target is not judged by it."""


class Deliverer:
    """Hears the decider's committed events. `heard` never waits and never raises."""

    def __init__(
        self, sender: CallbackSender, carrier: Log, clock: Clock, ids: Ids, secrets_of: SecretsOf = no_secrets
    ) -> None:
        self._sender, self._log, self._clock, self._ids = sender, carrier, clock, ids
        self._secrets_of = secrets_of
        self._tasks: set[asyncio.Task[None]] = set()
        self._queues = Queues()
        self._in_hand: dict[_Attempt, Delivery] = {}
        self._sparing: set[Target] = set()
        self._stopping = False

    def heard(self, event: Event) -> None:
        """Make the attempt that a committed event asks for. Call it in the running event loop."""
        if isinstance(event, EndpointDisabled):
            log.warning(
                "nothing is pushed to an endpoint any more, until somebody enables it",
                extra={
                    "application": event.application,
                    "address": target_of(event.url).address,  # a query may hold a secret
                    "reason": event.reason,
                },
            )
        if not isinstance(event, CallbackQueued | CallbackDue) or self._stopping or not event.delivery.attempt:
            return
        if isinstance(event, CallbackQueued) and event.held_back:
            return  # its timer asks for it, if anything does
        delivery = event.delivery
        attempt, target = _attempt_of(delivery), target_of(delivery.url)
        if attempt in self._in_hand:
            return  # its lease ran out while it waits here, or for the merchant
        if not self._queues.wait(target, delivery):
            metrics.CALLBACKS.labels("put off").inc()
            return
        self._in_hand[attempt] = delivery
        self._go_on(target)

    def _go_on(self, target: Target) -> None:
        for begun in self._queues.begin(target):
            self._begin(begun)
        if target not in self._sparing and (spared := self._queues.spare(target)):
            self._sparing.add(target)
            self._beside(self._spare(target, spared))

    async def _spare(self, target: Target, spared: Spared) -> None:
        """A few at a time, until few enough wait."""
        try:
            while spared:
                for delivery, receipt in spared:
                    self._about(delivery, self._record(delivery, receipt, "not tried", unsent=True))
                await self._clock.wait(SPARE_SECONDS)
                spared = self._queues.spare(target)
        finally:
            self._sparing.discard(target)

    def _begin(self, begun: Begun) -> None:
        task = self._about(begun.delivery, self._attempt(begun))
        task.add_done_callback(lambda _: self._end(begun))

    def _end(self, begun: Begun) -> None:
        if self._stopping:
            return
        if self._queues.rest(begun.target):
            self._beside(self._rest(begun.target))
        for target in self._queues.end(begun):
            self._go_on(target)

    async def _rest(self, target: Target) -> None:
        try:
            await self._clock.wait(REST_SECONDS)
        finally:
            self._queues.rested(target)
        self._go_on(target)

    def _beside(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (trouble := task.exception()) is not None:
            log.error("a callback, or what came of it, is in doubt until its lease runs out: a bug", exc_info=trouble)

    def _about(self, delivery: Delivery, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = self._beside(work)
        task.add_done_callback(lambda _: self._told(delivery))
        return task

    def _told(self, delivery: Delivery) -> None:
        self._in_hand.pop(_attempt_of(delivery), None)
        target = target_of(delivery.url)
        if not self._stopping and self._queues.told(target, delivery):
            self._go_on(target)

    async def _attempt(self, begun: Begun) -> None:
        try:
            receipt = await self._send(begun.delivery)
        except _Unsent as trouble:
            await self._record(begun.delivery, Receipt(False, reason=str(trouble)), "not sent", unsent=True)
            return
        self._queues.learn(begun.target, receipt)
        await self._record(begun.delivery, receipt, "delivered" if receipt.delivered else "failed")

    async def _record(self, delivery: Delivery, receipt: Receipt, outcome: str, *, unsent: bool = False) -> None:
        metrics.CALLBACKS.labels(outcome).inc()
        jitter = int(self._ids.jitter() * JITTER_PERMILLE)
        told = (delivery.delivery, delivery.application, delivery.attempt, receipt)
        await self._tell(RecordAttempt(*told, jitter, delivery.url, delivery.replay, unsent))

    async def _send(self, delivery: Delivery) -> Receipt:
        """A boundary: a bug here is an attempt that failed, or it would be made again every minute for ever."""
        try:
            return await self._sender.send(await self._callback(delivery))
        except CannotOpen as trouble:  # it is promised signed: it waits until its secret can be read, or is replaced
            log.error("callback not sent: %s", trouble, extra={"application": delivery.application})
            raise _Unsent(
                "not sent: the webhook secret can't be read; give the application a new one, without an overlap"
            ) from None
        except TryLater:
            raise _Unsent("not sent: the application's settings could not be read") from None
        except Exception:
            log.exception("callback not sent: a bug", extra={"delivery": delivery.delivery})
            raise _Unsent("not sent: a bug") from None

    async def _callback(self, delivery: Delivery) -> Callback:
        ack_code = operation_of_result(delivery.result).ack_code
        secrets = tuple(await self._secrets_of(delivery.application))
        return Callback(delivery.delivery, delivery.url, callback_body(delivery.result), ack_code, secrets)

    async def _tell(self, command: RecordAttempt) -> None:
        """Perhaps sent is sent again, since the second changes nothing; what is never sent is tried again by lease."""
        owner = Partition(deliveries.NAME, partition_of(command.application))
        for attempt in range(1, TELL_ATTEMPTS + 1):
            try:
                return await self._log.send_command(owner, command)
            except (TryLater, CommitUnknown):
                await back_off(self._clock, self._ids, attempt)
        log.warning("what came of a callback could not be told", extra={"delivery": command.delivery})

    async def finish(self, nothing_comes: Callable[[], bool], seconds_max: float = FINISH_SECONDS_MAX) -> None:
        """Let what is in hand come to its end, while its owner still hears what came of it. Then begin nothing new, and
        give back what takes longer: it is made again right after the next start, and not when its lease has run out.

        `nothing_comes`: whether the owner has passed on all it will."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds_max):
                while self._in_hand or not nothing_comes():
                    await asyncio.sleep(_LOOK_SECONDS)
        left = list(self._in_hand.values())
        await self._give_up()
        for delivery in left:
            owner = Partition(deliveries.NAME, partition_of(delivery.application))
            with suppress(TryLater, CommitUnknown):  # the lease is there for whatever can't be told
                back = GiveAttemptBack(delivery.delivery, delivery.application, delivery.attempt, delivery.replay)
                await self._log.send_command(owner, back)

    async def stop(self) -> None:
        """Begin nothing new, and give what is on its way up: it is made again when its lease has run out."""
        await self._give_up()
        await self._sender.close()

    async def _give_up(self) -> None:
        self._stopping = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _attempt_of(delivery: Delivery) -> _Attempt:
    return delivery.delivery, delivery.replay, delivery.attempt
