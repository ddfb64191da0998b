"""Whom the platform asks and tells by itself: customers with registered handsets, and merchants' endpoints.

The real runtime does it (runtime/approvals.py, runtime/deliverer.py), beside the processors and after their commit, as
services do. What it has in hand is lost with its process: then a payment ends at its deadline, and a result is sent
again when its lease has run out. Read next: process.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mkondo.adapters.memory.handset import VirtualHandset
from mkondo.domain import deliveries, ledger
from mkondo.domain.approval import ApprovalAsked
from mkondo.domain.decider import Event
from mkondo.domain.delivery import Receipt
from mkondo.domain.ids import Instant
from mkondo.ports.callback_sender import Callback
from mkondo.ports.handset import Answer, Prompt
from mkondo.ports.log import Log
from mkondo.runtime.approvals import Approvals
from mkondo.runtime.deliverer import Deliverer
from mkondo.runtime.processor import Heard
from mkondo.testing.simulation.life import Life, now
from mkondo.testing.simulation.weather import SimulatedIds


@dataclass(frozen=True)
class Push:
    """One attempt, when it came to a merchant's door, and whether it was taken in."""

    callback: Callback
    at: Instant
    arrived: bool


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


class Endpoints:
    """Merchants that take results in, are out of reach, or take one in without anybody hearing of it."""

    def __init__(self, life: Life, pushes: list[Push]) -> None:
        self._life, self._pushes = life, pushes

    async def send(self, callback: Callback) -> Receipt:
        weather = self._life.weather
        await self._life.wait(0.3 * weather.random.random())
        self._life.check()
        arrived = not weather.happens(0.2)
        self._pushes.append(Push(callback, now(), arrived))
        weather.note(f"push {callback.id} {arrived}\n")
        if not arrived:
            return Receipt(False, reason="nobody there")
        return Receipt(False, reason="no answer") if weather.happens(0.2) else Receipt(True, 200)

    async def close(self) -> None:
        """Nothing is kept open."""


def hearing(
    life: Life, log: Log, ids: SimulatedIds, pushes: list[Push], deliverers: type[Deliverer]
) -> Mapping[str, Heard]:
    """Who hears of a decider's committed events, by its name."""
    approvals = Approvals(Handsets(life), log, life, ids)
    deliverer = deliverers(Endpoints(life, pushes), log, life, ids)

    def asked(event: Event) -> None:
        if isinstance(event, ApprovalAsked):
            approvals.asked(event)

    return {ledger.NAME: asked, deliveries.NAME: deliverer.heard}
