"""One run: a world is put together from a seed, goes through its storm, comes to rest, and is checked.

Even seeds are embedded (one process, journals read directly), odd ones Kafka-like (several members, a log between).
Read next: checks.py.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mkondo.adapters.keys.ed25519 import Ed25519Signer
from mkondo.adapters.memory.views import MemoryViews
from mkondo.contracts.digest import StoredDigest, body_of, id_of
from mkondo.contracts.journal import Partition
from mkondo.domain import admission, ledger, reversals
from mkondo.domain.decider import Decider
from mkondo.domain.facts import outcome_of
from mkondo.domain.ids import ApplicationId, partition_of
from mkondo.domain.payment import Payment, PaymentCompleted
from mkondo.ports.log import COMMANDS
from mkondo.ports.signing import Signer
from mkondo.runtime.digests import LOOK_SECONDS
from mkondo.testing.simulation import audit
from mkondo.testing.simulation.carrier import Carrier
from mkondo.testing.simulation.checks import check
from mkondo.testing.simulation.clients import Clients
from mkondo.testing.simulation.ingress import ANSWERED, SPOILED, Attempt
from mkondo.testing.simulation.life import Life, TrueClock, now
from mkondo.testing.simulation.loop import at_once, run_virtually
from mkondo.testing.simulation.merchants import Merchants
from mkondo.testing.simulation.orders import APPLICATIONS, Order, draw_faults, orders
from mkondo.testing.simulation.outside import Push
from mkondo.testing.simulation.process import Blueprint, Process, Slot
from mkondo.testing.simulation.stories import direct_debits, two_steps
from mkondo.testing.simulation.stories import reversals as reversals_of
from mkondo.testing.simulation.weather import MIDNIGHT_UTC, START, SimulatedIds, Weather
from mkondo.testing.simulation.witness import Witness
from mkondo.topology import DECIDERS

CRASHES = 11
DIGESTS_ASKED = (0, 1, 3, 4)
"""How often somebody asks for a digest beside the one that a day has, or several people at once do."""
EVERYTHING = tuple(DECIDERS)
REST_SECONDS = 16.0
"""Long enough for every deadline, lease and lost message."""


@dataclass(frozen=True)
class Run:
    """What came of a seed."""

    seed: int
    failures: list[str]
    digest: str
    payments: int
    crashes: int
    told: dict[str, int]
    events: dict[str, int]
    """How often each kind of event has happened."""
    codes: dict[str, int]
    """How often each reason code was answered."""
    faults: dict[str, int]
    """How often each fault switch has hit an answer, or a result that is pushed."""


class World:
    """Everything of one run."""

    def __init__(self, seed: int, blueprint: Blueprint) -> None:
        self.seed = seed
        self.blueprint = replace(blueprint, deciders={**blueprint.deciders, admission.NAME: self._witnessed(blueprint)})
        self.weather = Weather(seed)
        self.ids = SimulatedIds(self.weather.random)
        self.faults = draw_faults(self.weather)
        self.store = blueprint.store(TrueClock())
        self.views = MemoryViews()
        self.digests = blueprint.digests(self.store)
        self.signer: Signer = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(self.weather.random.randbytes(32)))
        self.carrier = Carrier(self.weather) if seed % 2 else None
        self.rejected: set[str] = set()
        """Payments that admission has rejected, which leaves no trace but an answer, and that may be lost."""
        self.attempts: list[Attempt] = []
        self.digests_shown: list[StoredDigest] = []
        self.pushes: list[Push] = []
        self.failures: list[str] = []
        self.crashes = 0
        self.calm_at = START
        self._living: dict[str, Process] = {}
        self._slots = self._cast()
        self._clients = Clients(self)
        self._merchants = Merchants(self._clients, self.weather, self.ids)

    def _witnessed(self, blueprint: Blueprint) -> Decider:
        return Witness(blueprint.deciders[admission.NAME], lambda payment_id: self.rejected.add(payment_id))

    def _cast(self) -> list[Slot]:
        if self.carrier is None:
            return [Slot("all", EVERYTHING, ingress=True, projects=True)]
        pick = self.weather.random.choice
        return [
            Slot("a", EVERYTHING, ingress=False, projects=True),
            Slot("b", (ledger.NAME, reversals.NAME), ingress=False),
            Slot("c", pick((EVERYTHING, (admission.NAME,))), ingress=True),
            Slot("edge", (), ingress=True, projects=True),
        ]

    def report(self, trouble: str) -> None:
        if len(self.failures) < 20:
            self.failures.append(trouble)

    async def door(self) -> Process:
        while True:
            open_doors = [process for process in self._living.values() if process.accepting and not process.life.dead]
            if open_doors:
                return self.weather.random.choice(open_doors)
            await asyncio.sleep(0.05)

    # Processes ----------------------------------------------------------------------------------------------------

    async def _start(self, slot: Slot) -> None:
        life = Life(slot.name, self.weather, self.report)
        process = Process(slot, life, self.blueprint, self)
        await process.start()
        self._living[slot.name] = process

    async def _crash(self, slot: Slot, down: float) -> None:
        process = self._living.pop(slot.name, None)
        if process is None:
            return
        self.crashes += 1
        self.weather.note(f"crash {slot.name}\n")
        process.life.crash()
        await asyncio.sleep(down)
        await self._start(slot)

    async def _leave(self, slot: Slot) -> None:
        """A graceful restart, cut short when it takes too long."""
        process = self._living.pop(slot.name, None)
        if process is None:
            return
        await asyncio.wait({process.life.spawn(process.stop())}, timeout=3.0)
        process.life.crash()
        await self._start(slot)

    async def _storm(self, span: float) -> None:
        """Crashes, pauses, restarts and deleted commands, one after the other."""
        chance = self.weather.random
        kinds = ["crash"] * CRASHES + ["pause"] * 4 + ["leave"] * 2
        chance.shuffle(kinds)
        async with asyncio.TaskGroup() as group:
            if self.carrier is not None and chance.random() < 0.3:
                group.create_task(_at(span / 2, self._delete_commands(self.carrier, span / 2)))
            for kind in kinds:
                await asyncio.sleep(span / len(kinds) * 2 * chance.random())
                slot = await self._somebody()
                if kind == "pause":
                    self._living[slot.name].life.pause(chance.choice((0.3, 1.0, 2.5, 4.0)))
                elif kind == "leave":
                    group.create_task(self._leave(slot))
                else:
                    group.create_task(self._crash(slot, 1.5 * chance.random()))

    async def _somebody(self) -> Slot:
        """One of those that live now."""
        while not self._living:
            await asyncio.sleep(0.1)
        return self.weather.random.choice([slot for slot in self._slots if slot.name in self._living])

    async def _delete_commands(self, carrier: Carrier, seconds: float) -> None:
        """As soon as some wait for an owner, delete one partition's commands. Late in the storm: it stops for good."""
        for _ in range(round(seconds / 0.05)):
            for application in APPLICATIONS:
                partition = Partition(admission.NAME, partition_of(application))
                if len(carrier.commands[partition].messages) > self._taken(partition) + 2:
                    carrier.truncate(partition)
                    return
            await asyncio.sleep(0.05)

    # The run ------------------------------------------------------------------------------------------------------

    async def run(self) -> Run:
        for slot in self._slots:
            await self._start(slot)
        span = 50.0 if self.carrier is None else 16.0
        async with asyncio.TaskGroup() as group:
            group.create_task(self._storm(span))
            await asyncio.gather(*(self._clients.set_up(application) for application in APPLICATIONS))
            for at, work in self._business(span):
                group.create_task(_at(at, work))
            for at in self._closings(span):
                group.create_task(_at(at, self._clients.close_digest()))
            group.create_task(_at(span / 3, self._clients.change_key(APPLICATIONS[-1])))
            group.create_task(_at(span / 2, self._clients.open_session(APPLICATIONS[-1])))
        await self._rest()
        events = await check(self)
        told: dict[str, int] = {}
        codes = dict(Counter(str(getattr(attempt.answer, "code", "")) for attempt in self.attempts))
        for attempt in self.attempts:
            name = type(attempt.answer).__name__ if attempt.told == ANSWERED else attempt.told
            told[name] = told.get(name, 0) + 1
        for row in await self.store.states():
            self.weather.note(f"{row.partition} {row.last_sequence} {row.head.hex()}\n")
        for digest in await self.digests.page(0, audit.EVERYTHING):
            self.weather.note(f"digest {digest.number} {id_of(digest.body)}\n")
        return Run(
            self.seed,
            self.failures,
            self.weather.digest(),
            self._payments(),
            self.crashes,
            told,
            events,
            codes,
            self._faults_that_hit(),
        )

    def _business(self, span: float) -> Iterator[tuple[float, Coroutine[Any, Any, object]]]:
        """What the merchants have before them, and when they begin with it."""
        merchants, made = self._merchants, orders(self.weather, span)
        given_back = reversals_of(self.weather, made)
        for number, order in enumerate(made):
            story = given_back.get(number)
            yield order.at, merchants.pay(order) if story is None else merchants.pay_and_give_back(story)
        for two_step in two_steps(self.weather, span):
            yield two_step.order.at, merchants.reserve(two_step)
        for direct_debit in direct_debits(self.weather, span):
            yield direct_debit.at, merchants.direct_debit(direct_debit)

    def _closings(self, span: float) -> Iterator[float]:
        chance = self.weather.random
        for _ in range(chance.choice(DIGESTS_ASKED)):
            at = span * chance.random()
            yield from [at] * chance.choice((1, 1, 2, 3))

    async def _rest(self) -> None:
        self.weather.calm()
        self.calm_at = now()
        for slot in self._slots:
            if slot.name not in self._living:
                await self._start(slot)
        await asyncio.sleep(REST_SECONDS)
        await self._see_it_close()
        for application in APPLICATIONS:
            await self._see_it_work(application)
        await asyncio.sleep(REST_SECONDS)
        await self._everybody_has_heard()

    async def _everybody_has_heard(self) -> None:
        """Rest is never complete: a result may be sent again at any time. Judge when nobody is behind the last one."""
        for _ in range(10):
            positions, states = await self.views.positions(), await self.store.states()
            if all(self._heard(str(state.partition), positions) >= state.last_sequence for state in states):
                return
            await asyncio.sleep(0.5)

    def _heard(self, source: str, positions: Mapping[str, int]) -> int:
        """How far the views, and the public topics where there are any, have followed a source."""
        seen = positions.get(source, 0)
        return seen if self.carrier is None else min(seen, max(self.carrier.published[source], default=0))

    async def _see_it_work(self, application: ApplicationId) -> None:
        """When the storm is over, a payment goes through; unless its partition had to be stopped."""
        if self.is_stopped(application):
            return
        await self._clients.open_session(application)
        order = Order(0.0, application, f"25579{self.ids.payment_id()[:6]}", 100, f"canary-{application}", 4_000)
        attempt = await self._merchants.pay(order)
        paid = self._clients.known(application, order.reference)
        outcome = self._clients.fact(outcome_of(paid.conversation_id)) if paid is not None else None
        if not isinstance(outcome, PaymentCompleted):  # whether or not a fault switch has left an answer
            self.report(f"recovery: in calm weather {application} was told {attempt.told} {attempt.answer}")

    async def _see_it_close(self) -> None:
        """When the storm is over, the day that has ended has a digest, be it after one more look; and whoever asks gets
        one of whatever was committed when it was asked for."""
        if not self._day_is_closed():
            await asyncio.sleep(LOOK_SECONDS)
        if not self._day_is_closed():
            self.report("recovery: in calm weather nobody closes the day's digest")
        committed = {str(state.partition): state.last_sequence for state in await self.store.states()}
        digest = await self._clients.close_digest()
        until = {} if digest is None else body_of(digest).until
        if any(until.get(source, 0) < sequence for source, sequence in committed.items()):
            self.report(f"recovery: in calm weather a digest covers {until} of {committed}")

    def _day_is_closed(self) -> bool:
        last = at_once(self.digests.last())
        return last is not None and body_of(last).closed_at >= MIDNIGHT_UTC

    def _payments(self) -> int:
        return sum(isinstance(attempt.about, Payment) for attempt in self.attempts)

    def _faults_that_hit(self) -> dict[str, int]:
        hit = Counter(
            fault
            for attempt in self.attempts
            for fault in attempt.about.faults
            if (attempt.withheld is not None if fault in SPOILED else attempt.about.asynchronous)
        )
        return dict(hit)

    def is_stopped(self, application: ApplicationId) -> bool:
        """Whether commands were deleted that its partition had not taken: then it must do nothing any more."""
        partition = Partition(admission.NAME, partition_of(application))
        if self.carrier is None:
            return False
        return self._taken(partition) < self.carrier.commands[partition].start

    def _taken(self, partition: Partition) -> int:
        """How many of its commands are decided and committed."""
        states = at_once(self.store.states())
        return next((state.positions.get(COMMANDS, 0) for state in states if state.partition == partition), 0)


async def _at(seconds: float, work: Coroutine[Any, Any, object]) -> None:
    await asyncio.sleep(seconds)
    await work


def simulate(seed: int, blueprint: Blueprint | None = None) -> Run:
    """Run one seed. The runtime's warnings are what misfortune looks like from inside: here they are only noise."""
    quiet = logging.getLogger("mkondo.runtime")
    before = quiet.level
    quiet.setLevel(logging.CRITICAL)
    try:
        return run_virtually(World(seed, blueprint or Blueprint()).run())
    finally:
        quiet.setLevel(before)
