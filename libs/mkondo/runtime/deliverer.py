"""Makes the attempts that the callbacks decider asks for, and tells it what came of each.

An effect beside the processor, after its commit: an attempt whose process dies is made again when its lease has run
out, so at least once (G8). One slow endpoint holds up nobody else: each host has a few places of its own.
Read next: domain/deliveries.py, ports/callback_sender.py.
"""

import asyncio
import logging
from collections import Counter
from urllib.parse import urlsplit

from mkondo.contracts.journal import Partition
from mkondo.domain import deliveries
from mkondo.domain.decider import Event
from mkondo.domain.delivery import JITTER_PERMILLE, CallbackDue, CallbackQueued, Delivery, Receipt, RecordAttempt
from mkondo.domain.ids import partition_of
from mkondo.openapi.callbacks import callback_body, operation_of_result
from mkondo.ports.back_off import back_off
from mkondo.ports.callback_sender import Callback, CallbackSender
from mkondo.ports.clock import Clock
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.ports.ids import Ids
from mkondo.ports.log import Log
from mkondo.runtime import metrics

log = logging.getLogger(__name__)

AT_ONCE_MAX = 1_000
AT_ONCE_TO_ONE_HOST = 16
"""What finds no place waits for its lease to run out: it is not forgotten."""
TELL_ATTEMPTS = 10


class Deliverer:
    """Hears the decider's committed events. `heard` never waits and never raises."""

    def __init__(self, sender: CallbackSender, carrier: Log, clock: Clock, ids: Ids) -> None:
        self._sender, self._log, self._clock, self._ids = sender, carrier, clock, ids
        self._tasks: set[asyncio.Task[None]] = set()
        self._hosts: Counter[str] = Counter()
        self._stopping = False

    def heard(self, event: Event) -> None:
        """Make the attempt that a committed event asks for. Call it in the running event loop."""
        if not isinstance(event, CallbackQueued | CallbackDue) or self._stopping:
            return
        host = _host(event.delivery.url)
        if len(self._tasks) >= AT_ONCE_MAX or self._hosts[host] >= AT_ONCE_TO_ONE_HOST:
            metrics.CALLBACKS.labels("put off").inc()
            return
        self._hosts[host] += 1
        task = asyncio.create_task(self._attempt(event.delivery))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(host, done))

    def _done(self, host: str, task: asyncio.Task[None]) -> None:
        """An attempt that raises has a bug, which ends nothing but itself: the lease makes it again."""
        self._tasks.discard(task)
        self._hosts[host] -= 1
        if not task.cancelled() and (trouble := task.exception()) is not None:
            log.error("callback not sent: a bug", exc_info=trouble)

    async def _attempt(self, delivery: Delivery) -> None:
        receipt = await self._send(delivery)
        metrics.CALLBACKS.labels("delivered" if receipt.delivered else "failed").inc()
        jitter = int(self._ids.jitter() * JITTER_PERMILLE)
        await self._tell(RecordAttempt(delivery.delivery, delivery.application, delivery.attempt, receipt, jitter))

    async def _send(self, delivery: Delivery) -> Receipt:
        if not delivery.url:
            return Receipt(False, reason="there is no address to send it to")
        ack_code = operation_of_result(delivery.result).ack_code
        callback = Callback(delivery.delivery, delivery.url, callback_body(delivery.result), ack_code)
        return await self._sender.send(callback)

    async def _tell(self, command: RecordAttempt) -> None:
        """Perhaps sent is sent again, since the second changes nothing; what is never sent is tried again by lease."""
        owner = Partition(deliveries.NAME, partition_of(command.application))
        for attempt in range(1, TELL_ATTEMPTS + 1):
            try:
                return await self._log.send_command(owner, command)
            except (TryLater, CommitUnknown):
                await back_off(self._clock, self._ids, attempt)
        log.warning("what came of a callback could not be told", extra={"delivery": command.delivery})

    async def stop(self) -> None:
        """Begin nothing new, and give what is on its way up: it is made again after the next start."""
        self._stopping = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._sender.close()


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
