"""Customers whose handsets the platform asks by itself: the registered test numbers of the sandbox.

The real runtime asks them (runtime/approvals.py), beside the ledger's processor and after its commit, as services do.
What it has in hand is lost with its process: then nobody is asked, and the payment ends at its deadline.
Read next: process.py.
"""

from collections.abc import Sequence

from mkondo.adapters.memory.handset import VirtualHandset
from mkondo.contracts.journal import JournalRow, Partition, PartitionState
from mkondo.domain.approval import ApprovalAsked
from mkondo.domain.decider import Event
from mkondo.ports.handset import Answer, Prompt
from mkondo.runtime.approvals import Approvals
from mkondo.runtime.relay import Relay
from mkondo.testing.simulation.life import Life


class Handsets:
    """The sandbox's handset, and the time that its customer takes, which may be too long."""

    def __init__(self, life: Life) -> None:
        self._virtual, self._life = VirtualHandset(life), life

    async def ask(self, prompt: Prompt) -> Answer | None:
        if not prompt.script:
            return None  # somebody else brings this customer's answer
        left = (prompt.expires_at - self._life.now()) / 1_000
        await self._life.wait(max(left, 0.0) * 0.9 * self._life.weather.random.random())
        return await self._virtual.ask(prompt)


class Attentive:
    """A relay beside which customers are asked."""

    def __init__(self, inner: Relay, approvals: Approvals) -> None:
        self._inner, self._approvals = inner, approvals

    async def resume(self, state: PartitionState) -> None:
        await self._inner.resume(state)

    async def publish(self, rows: Sequence[JournalRow], events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, ApprovalAsked):
                self._approvals.asked(event)
        await self._inner.publish(rows, events)

    async def release(self, partition: Partition) -> None:
        await self._inner.release(partition)
