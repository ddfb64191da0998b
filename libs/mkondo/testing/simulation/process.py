"""One simulated process: the real runtime and an ingress, composed over handles that die with it.

The blueprint says which parts are used, so that a planted bug (testing/faults.py) is a different part, never a flag in
production code. Read next: world.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mkondo.adapters.memory.digests import MemoryDigests
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.contracts.digest import StoredDigest
from mkondo.contracts.journal import Partition
from mkondo.domain.decider import Decider
from mkondo.domain.faults import Faults
from mkondo.domain.ids import PARTITIONS, ApplicationId, Instant
from mkondo.domain.views import VIEWS
from mkondo.domain.views.view import View
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.ports.log import Inbox, Log
from mkondo.ports.signing import Signer
from mkondo.ports.store import Store
from mkondo.runtime.deliverer import Deliverer
from mkondo.runtime.digests import DigestCloser, Proofs, close_digest
from mkondo.runtime.ownership import Ownership
from mkondo.runtime.processor import Processor, ProcessorSettings
from mkondo.runtime.projector import Projector, ProjectorSettings
from mkondo.runtime.relay import DirectRelay, Relay, WatermarkRelay
from mkondo.runtime.replies import ReplyDesk
from mkondo.testing.simulation.carrier import Attachment, Carrier, CarrierHandle
from mkondo.testing.simulation.handles import DigestsHandle, EmbeddedLog, StoreHandle, ViewsHandle
from mkondo.testing.simulation.ingress import Ingress
from mkondo.testing.simulation.life import Life
from mkondo.testing.simulation.outside import Push, hearing
from mkondo.testing.simulation.weather import AHEAD_OF_UTC_MS, SimulatedIds, Weather
from mkondo.topology import DECIDERS, sources_of

ENVIRONMENT = "sandbox"
JOURNALS = tuple(f"{decider}/{number}" for decider in DECIDERS for number in range(PARTITIONS))


@dataclass(frozen=True)
class Blueprint:
    """Which parts a world is made of. The defaults are the real ones."""

    store: type[MemoryStore] = MemoryStore
    deciders: Mapping[str, Decider] = field(default_factory=lambda: DECIDERS)
    digests: type[MemoryDigests] = MemoryDigests
    views: Mapping[str, View] = field(default_factory=lambda: VIEWS)
    processor: type[Processor] = Processor
    relay: type[WatermarkRelay] = WatermarkRelay
    deliverer: type[Deliverer] = Deliverer
    attachment: type[Attachment] = Attachment
    reach: Callable[[Store, Log, Life], Store] = lambda store, log, life: store
    """What stands between the runtime and its hands on the store."""
    open: Callable[[Inbox], Inbox] = lambda inbox: inbox
    """What stands between the log and an inbox."""


@dataclass(frozen=True)
class Slot:
    """A place where processes live one after the other, and what they do there."""

    name: str
    hosts: tuple[str, ...]
    ingress: bool
    projects: bool = False


class Durable(Protocol):
    """What outlives every process."""

    weather: Weather
    ids: SimulatedIds
    store: MemoryStore
    views: MemoryViews
    digests: MemoryDigests
    signer: Signer
    carrier: Carrier | None
    pushes: list[Push]
    faults: Mapping[ApplicationId, Faults]


class Process:
    """One life in a slot."""

    def __init__(self, slot: Slot, life: Life, blueprint: Blueprint, world: Durable) -> None:
        self.life = life
        self.slot = slot
        self.accepting = False
        self._ids = ids = world.ids
        self._faults = world.faults
        carrier = world.carrier
        self._facts = StoreHandle(world.store, life)
        self.log: Log = _Opened(
            EmbeddedLog(life) if carrier is None else CarrierHandle(carrier, life, blueprint.attachment), blueprint.open
        )
        self._store = blueprint.reach(self._facts, self.log, life)
        self._published = None if carrier is None else blueprint.relay(self._store, self.log, life, ids)
        self._relay: Relay = self._published or DirectRelay(self.log)
        heard = hearing(life, self.log, ids, world.pushes, blueprint.deliverer)
        member = f"{slot.name}.{ids.incarnation()}"
        settings = _settings(life)
        self._processors = [
            blueprint.processor(
                ENVIRONMENT,
                name,
                blueprint.deciders[name],
                sources_of(name),
                self._store,
                self.log,
                self._relay,
                life,
                ids,
                member,
                settings,
                heard.get(name),
            )
            for name in slot.hosts
        ]
        self._ownership = Ownership(self._store, member, self._processors, life)
        self._projector = Projector(
            ENVIRONMENT,
            JOURNALS,
            self._store,
            ViewsHandle(world.views, life),
            life,
            ids,
            ProjectorSettings(page_rows=life.weather.random.randrange(2, 60), gather_seconds=0.2, idle_seconds_max=1.0),
            blueprint.views,
        )
        self._proofs = Proofs(DigestsHandle(world.digests, life), world.signer)
        self._clock = _MarketDay(life)
        self._closer = DigestCloser(ENVIRONMENT, self._store, self._proofs, self._clock)

    async def start(self) -> None:
        desk = await ReplyDesk.listening(self.log, self._ids)
        self.ingress = Ingress(self.log, self._facts, desk, self.life, self._faults)
        if self._processors:
            self.life.spawn(self._ownership.run())
        if self._published is not None:
            self.life.spawn(self._published.run())
        self._running = [self.life.spawn(processor.run()) for processor in self._processors]
        if self.slot.projects:
            self.life.spawn(self._projector.run())
        self.life.spawn(self._closer.run())
        self.accepting = self.slot.ingress

    async def stop(self) -> None:
        """The graceful end, as services do it: nothing new, finish what is in hand, say goodbye."""
        self.accepting = False
        self._closer.stop()
        for processor in self._processors:
            processor.stop()
        for task in self._running:
            await task
        if self._published is not None:
            self._published.stop()
        await self._ownership.stop()

    async def close_digest(self) -> StoredDigest | None:
        """As an operator asks for it. None: nobody knows whether one was closed."""
        try:
            return await close_digest(ENVIRONMENT, self._store, self._proofs, self._clock.now())
        except (TryLater, CommitUnknown):
            return None


class _MarketDay:
    """A clock by which the UTC day, which digests go by, turns when the market's does: in the middle of every run."""

    def __init__(self, life: Life) -> None:
        self._life, self.wait = life, life.wait

    def now(self) -> Instant:
        return Instant(self._life.now() + AHEAD_OF_UTC_MS)


def _settings(life: Life) -> ProcessorSettings:
    """Small rooms, so that every ceiling is met."""
    pick = life.weather.random.randrange
    return ProcessorSettings(
        batch_messages_max=pick(1, 40),
        inbox_messages_max=pick(3, 80),
        page_rows=pick(2, 60),
        records_kept_max=life.weather.random.choice((1, 1, 10, 100)),
    )


class _Opened:
    """A log whose inboxes have something in front of them."""

    def __init__(self, inner: Log, opened: Callable[[Inbox], Inbox]) -> None:
        self._opened = opened
        self._inner = inner
        self.detach, self.publish, self.send_command = inner.detach, inner.publish, inner.send_command
        self.send_replies, self.listen, self.close = inner.send_replies, inner.listen, inner.close

    async def attach(self, partition: Partition, inbox: Inbox) -> None:
        await self._inner.attach(partition, self._opened(inbox))
