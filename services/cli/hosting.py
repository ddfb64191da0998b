"""One environment in this process: its processors, relay and projector, and the order in which they start and stop.

Read next: platform.py.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any

import msgspec

from mkondo.adapters.system.clock import SystemClock
from mkondo.domain import deliveries
from mkondo.ports.callback_sender import CallbackSender
from mkondo.ports.handset import Handset
from mkondo.runtime.clock_follower import ClockFollower
from mkondo.runtime.ownership import Ownership
from mkondo.runtime.parts import Parts
from mkondo.runtime.processor import Processor
from mkondo.runtime.relay import WatermarkRelay
from services.admission.root import processor as admission_processor
from services.callbacks.root import deliverer
from services.callbacks.root import processor as callbacks_processor
from services.ledger.root import approvals
from services.ledger.root import processor as ledger_processor
from services.mandates.root import processor as mandates_processor
from services.projector.root import digest_closer, projector
from services.reversals.root import processor as reversals_processor


class Outside(msgspec.Struct, frozen=True):
    """What one environment's services reach outside: its customers' handsets, its merchants' addresses."""

    handset: Handset
    sender: CallbackSender


STOPPING_ORDER = ("admission", "mandates", "reversals", "ledger", "callbacks")
"""Each one hands on to those behind it."""


class Hosted:
    """Runs the services of one environment that this process hosts. A service that dies takes the process with it."""

    def __init__(self, parts: Parts, services: Collection[str], outside: Outside) -> None:
        self.parts = parts
        self._approvals = approvals(parts, outside.handset)
        self._deliverer = deliverer(parts, outside.sender)
        make: dict[str, Callable[[], Processor]] = {
            "admission": lambda: admission_processor(parts),
            "mandates": lambda: mandates_processor(parts),
            "reversals": lambda: reversals_processor(parts),
            "ledger": lambda: ledger_processor(parts, self._approvals),
            "callbacks": lambda: callbacks_processor(parts, self._deliverer),
        }
        self._processors = [make[name]() for name in STOPPING_ORDER if name in services]
        self._ownership = Ownership(parts.store, parts.member, self._processors, parts.clock)
        self._projector = projector(parts) if "projector" in services else None
        self._closer = digest_closer(parts) if self._projector is not None else None
        self._follower = _follower(parts, self._processors, self._moved)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Returns when the processors own partitions, if there are any to own."""
        if self._follower is not None:
            await self._follower.join()
        if self._processors:
            await self._ownership.claim()
        for processor in self._processors:
            self._run(processor.name, processor.run())
        if self._processors:
            self._run("ownership", self._ownership.run())
        if isinstance(self.parts.relay, WatermarkRelay):
            self._run("relay", self.parts.relay.run())
        if self._projector is not None:
            self._run("projector", self._projector.run())
        if self._closer is not None:
            self._run("digests", self._closer.run())
        if self._follower is not None:
            self._run("clock follower", self._follower.run())

    def _moved(self) -> None:
        """The clock was, and what fell due is done: who looks by itself now and then may look at once."""
        if self._projector is not None:
            self._projector.wake()
        if self._closer is not None:
            self._closer.wake()

    def _run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks[name] = asyncio.create_task(work, name=f"{self.parts.environment} {name}")

    def tasks(self) -> Collection[asyncio.Task[None]]:
        """None of them ends by itself before `stop`: one that does has failed."""
        return self._tasks.values()

    def ready(self) -> bool:
        """Whether payments can be taken: every partition wanted is owned, and store and log are in reach."""
        return all(
            processor.wanted and processor.wanted <= set(processor.owned()) and not processor.failures
            for processor in self._processors
        )

    async def stop(self) -> None:
        """Drain in the order of the flow, then say goodbye. What `start` never reached has nothing to finish."""
        if self._follower is not None:
            self._follower.stop()
            await self._finish("clock follower")
        await self._approvals.stop()
        for processor in self._processors:
            if processor.name == deliveries.NAME:  # it hears what comes of the attempts, and of those given back
                await self._deliverer.finish(processor.has_nothing_in_hand)
            processor.stop()
            await self._finish(processor.name)
        await self._deliverer.stop()
        if isinstance(self.parts.relay, WatermarkRelay):
            self.parts.relay.stop()
            await self._finish("relay")
        if self._projector is not None:
            self._projector.stop()
            await self._finish("projector")
        if self._closer is not None:
            self._closer.stop()
            await self._finish("digests")
        if self._processors:
            await self._ownership.stop()
            await self._finish("ownership")

    async def _finish(self, name: str) -> None:
        if name in self._tasks:
            await self._tasks[name]


def _follower(parts: Parts, processors: Sequence[Processor], moved: Callable[[], None]) -> ClockFollower | None:
    """Only the sandbox's clock can be moved."""
    if parts.clock_setting is None or not isinstance(parts.clock, SystemClock):
        return None
    return ClockFollower(parts.member, parts.clock_setting, parts.clock, processors, moved)
