"""Asks customers: from the ledger's ApprovalAsked to the command with their answer.

An effect beside the ledger's processor, after its commit, of the process that decided. It may be lost (a crash, a
COMMIT whose answer was lost), and no later owner asks again: without an answer the ledger's timer ends the payment. The
answer may be sent twice, and only the first one counts. So nothing is kept here, and nothing here can hold a payment
up. Read next: ports/handset.py, domain/ledger/payments.py.
"""

import asyncio
import logging
from collections.abc import Collection

from mkondo.contracts.journal import Partition
from mkondo.domain import ledger
from mkondo.domain.approval import AnswerApproval, ApprovalAsked
from mkondo.domain.handset import command
from mkondo.domain.ids import Instant, PaymentId, partition_of
from mkondo.ports.back_off import back_off
from mkondo.ports.clock import Clock
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.ports.handset import Handset, prompt_of
from mkondo.ports.ids import Ids
from mkondo.ports.log import Log
from mkondo.runtime import metrics

log = logging.getLogger(__name__)

WAITING_MAX = 10_000
"""Customers that one process waits for. Beyond it nobody is asked: their payments end at their deadlines."""

TELLING_SECONDS_MAX = 2.0
"""How long a process that stops still waits for a busy log to take what customers have answered already."""


class Approvals:
    """Hands payments to a handset and its answers to the ledger. `asked` never waits and never raises."""

    def __init__(
        self,
        handset: Handset,
        carrier: Log,
        clock: Clock,
        ids: Ids,
        *,
        waiting_max: int = WAITING_MAX,
        telling_seconds_max: float = TELLING_SECONDS_MAX,
    ) -> None:
        self._handset, self._log, self._clock, self._ids = handset, carrier, clock, ids
        self._waiting_max, self._telling_seconds_max = waiting_max, telling_seconds_max
        self._asking: dict[PaymentId, asyncio.Task[None]] = {}
        self._telling: set[PaymentId] = set()
        """Those of them whose customer has answered."""
        self._stopping = False

    def asked(self, event: ApprovalAsked) -> None:
        """The ledger has committed this event. Call it in the running event loop; again is harmless."""
        payment_id = event.admitted.payment.payment_id
        if self._stopping or payment_id in self._asking:
            return
        if len(self._asking) >= self._waiting_max:
            metrics.APPROVALS.labels("not asked").inc()
            log.warning("customer not asked: too many are waited for", extra={"payment": payment_id})
            return
        task = asyncio.create_task(self._ask(event))
        self._asking[payment_id] = task
        task.add_done_callback(lambda done: self._done(payment_id, done))

    async def stop(self) -> None:
        """Ask nobody any more, and wait until all is quiet. Who has not answered yet is not heard; what was answered is
        still told, unless the log takes nothing for too long."""
        self._stopping = True
        telling = {self._asking[payment_id] for payment_id in self._telling}
        unanswered = set(self._asking.values()) - telling
        await _cancel(unanswered)
        if telling:
            _, untold = await asyncio.wait(telling, timeout=self._telling_seconds_max)
            for payment_id in self._telling:
                said = "the customer's answer came to nobody: stopped before the log took it"
                log.warning(said, extra={"payment": payment_id})
            await _cancel(untold)

    def _done(self, payment_id: PaymentId, task: asyncio.Task[None]) -> None:
        """A handset that raises has a bug, which ends nothing but this question."""
        del self._asking[payment_id]
        self._telling.discard(payment_id)
        if not task.cancelled() and (trouble := task.exception()) is not None:
            metrics.APPROVALS.labels("bug").inc()
            log.error("customer not asked: a bug", exc_info=trouble, extra={"payment": payment_id})

    async def _ask(self, event: ApprovalAsked) -> None:
        payment = event.admitted.payment
        answer = await self._handset.ask(prompt_of(event))
        metrics.APPROVALS.labels("none" if answer is None else answer.code).inc()
        if answer is not None:
            self._telling.add(payment.payment_id)
            await self._tell(command(payment.payment_id, payment.debited, answer), payment.deadline)

    async def _tell(self, answer: AnswerApproval, deadline: Instant) -> None:
        """Until it was certainly sent; perhaps sent (CommitUnknown) is sent again, since the second changes nothing."""
        owner, failures = Partition(ledger.NAME, partition_of(answer.debited)), 0
        while self._clock.now() < deadline:
            try:
                return await self._log.send_command(owner, answer)
            except (TryLater, CommitUnknown):
                failures += 1
                await back_off(self._clock, self._ids, failures)
        log.warning("the customer's answer came to nobody in time", extra={"payment": answer.payment_id})


async def _cancel(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
