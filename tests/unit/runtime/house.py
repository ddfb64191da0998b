"""The real runtime on the memory adapters, with a store and a log that misbehave when told to. No sleeps.

`House` is one environment; `Member` is one process in it, which may stop or die. Tests wait for named moments by
`house.until`. Read next: test_recovery.py.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Literal

from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts import codec
from mkondo.contracts.journal import JournalRow, Partition, PartitionBatch, PartitionState
from mkondo.contracts.records import PARKED, decode_record
from mkondo.domain.account import Account, AccountOpened, CreditApplied, JournalEntryPosted
from mkondo.domain.decider import Decider, Event, Message, Record, Records
from mkondo.domain.ids import PARTITIONS, AccountId, Instant, RecordKey, partition_of
from mkondo.domain.ledger.keys import account_key
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.ports.log import COMMANDS, Inbox, Received
from mkondo.runtime.ownership import Ownership
from mkondo.runtime.processor import Processor, ProcessorSettings
from mkondo.runtime.relay import DirectRelay
from mkondo.runtime.replies import asker
from mkondo.testing.builders import NOW, SESSION, asking, configure, enabling, opening
from mkondo.topology import DECIDERS, sources_of

Trouble = Literal["fine", "fenced", "try later", "unknown, committed", "unknown, not committed"]


class HandClock:
    """Stands until it is moved. Waiting costs no time, it only lets others run."""

    def __init__(self) -> None:
        self._now = NOW

    def now(self) -> Instant:
        return self._now

    def advance(self, milliseconds: int) -> None:
        self._now = Instant(self._now + milliseconds)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(0)


class TroubledStore(MemoryStore):
    """`troubles[decider]` is what happens to its next commits, one after another."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__(clock)
        self.troubles: dict[str, deque[Trouble]] = {name: deque() for name in DECIDERS}
        self.gates: dict[str, asyncio.Event] = {}
        """By decider: its commits wait until this is set."""
        self.at_the_gate = 0
        self.may_be_taken = asyncio.Event()
        """Partitions, by their next owners."""
        self.may_be_taken.set()
        self.written: Counter[tuple[str, str]] = Counter()
        self.parked: set[RecordKey] = set()
        self.claims_fail = False
        self.claims_refused = 0

    async def claim(self, member: str, deciders: Collection[str], lease_seconds: float) -> Collection[Partition]:
        if self.claims_fail:
            self.claims_refused += 1
            raise TryLater("the store is out of reach")
        return await super().claim(member, deciders, lease_seconds)

    async def acquire(self, partition: Partition, member: str) -> PartitionState:
        await self.may_be_taken.wait()
        return await super().acquire(partition, member)

    async def commit(self, batches: Sequence[PartitionBatch]) -> None:
        decider = batches[0].before.partition.decider
        if decider in self.gates:
            self.at_the_gate += 1
            await self.gates[decider].wait()
        troubles = self.troubles[decider]
        trouble = troubles.popleft() if troubles else "fine"
        if trouble == "try later":
            raise TryLater("the store is out of reach")
        if trouble == "unknown, not committed":
            raise CommitUnknown
        if trouble == "fenced":
            await super().acquire(batches[0].before.partition, "somebody else")
        await super().commit(batches)
        for batch in batches:
            parkings = {key: record for key, record in batch.records.items() if key.startswith(f"{PARKED}/")}
            self.parked.update(key for key, record in parkings.items() if record is not None)
            self.parked.difference_update(key for key, record in parkings.items() if record is None)
        self.written.update((batch.before.partition.decider, row.type) for batch in batches for row in batch.rows)
        if trouble == "unknown, committed":
            raise CommitUnknown


class LossyLog(MemoryLog):
    """Loses the next `lose` publications, and publishes everything twice when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.lose = 0
        self.twice = False

    async def publish(self, rows: Sequence[JournalRow], messages: Sequence[Message]) -> None:
        if self.lose and any(row.routes for row in rows):
            self.lose -= 1
            return
        for _ in range(1 + self.twice):
            await super().publish(rows, messages)

    def inbox(self, partition: Partition) -> Inbox | None:
        return self._inboxes.get(str(partition))

    def offer_numbered(self, partition: Partition, number: int, command: Message) -> bool:
        """A command as a numbered channel would bring it."""
        return self._inboxes[str(partition)].offer(Received(COMMANDS, number, number - 1, command))


class MembersLog:
    """The house's log as one process sees it: it lets go of its own inboxes only."""

    def __init__(self, log: LossyLog) -> None:
        self._log = log
        self._mine: dict[Partition, Inbox] = {}
        self.publish, self.send_command, self.send_replies = log.publish, log.send_command, log.send_replies
        self.listen, self.close = log.listen, log.close

    async def attach(self, partition: Partition, inbox: Inbox) -> None:
        self._mine[partition] = inbox
        await self._log.attach(partition, inbox)

    async def detach(self, partition: Partition) -> None:
        mine = self._mine.pop(partition, None)
        if mine is not None and self._log.inbox(partition) is mine:
            await self._log.detach(partition)


class Poisoned:
    """A decider that raises on some messages while `bad` says so."""

    def __init__(self, decider: Decider, bad: Callable[[Message], bool]) -> None:
        self.bad = bad
        self.tried: Counter[str] = Counter()
        self._decider = decider
        self.key, self.reads, self.evolve = decider.key, decider.reads, decider.evolve
        self.react, self.due, self.give_up = decider.react, decider.due, decider.give_up

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        if self.bad(message):
            self.tried[type(message).__name__] += 1
            raise RuntimeError("poison")
        return self._decider.decide(message, records, now)


class Member:
    """One process: a processor for each decider, and its leases."""

    def __init__(self, house: "House", name: str, settings: ProcessorSettings) -> None:
        self.settings = settings
        self._log = MembersLog(house.log)
        relay = DirectRelay(self._log)
        self.processors = {
            decider: Processor(
                "sandbox", decider, code, sources_of(decider), house.store, self._log, relay,
                house.clock, SystemIds(), name, settings,
            )
            for decider, code in house.deciders.items()
        }  # fmt: skip
        self.ownership = Ownership(house.store, name, list(self.processors.values()), house.clock)
        self._tasks = [asyncio.create_task(processor.run()) for processor in self.processors.values()]

    def owned(self) -> set[Partition]:
        return {partition for processor in self.processors.values() for partition in processor.owned()}

    async def stop(self) -> None:
        """As SIGTERM: finish what is in hand, then say goodbye."""
        for processor in self.processors.values():
            processor.stop()
        await asyncio.gather(*self._tasks)
        await self.ownership.stop()

    async def die(self) -> None:
        """As SIGKILL: memory and inboxes are gone at once, leases stay until they run out."""
        for partition in self.owned():
            await self._log.detach(partition)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def crashed(self) -> bool:
        return any(task.done() for task in self._tasks)


class House:
    """One environment: its store, log, clock, and what was answered to whom."""

    def __init__(self, **deciders: Decider) -> None:
        self.clock = HandClock()
        self.store = TroubledStore(self.clock)
        self.log = LossyLog()
        self.deciders: dict[str, Decider] = {**DECIDERS, **deciders}
        self.answers: list[tuple[str, Message]] = []
        self.members: list[Member] = []

    async def listen(self) -> None:
        assert await self.log.listen(self._hear) == asking("").partition

    def _hear(self, incarnation: str, message: Message) -> None:
        reply_to = asker(message)
        assert reply_to is not None and incarnation == reply_to.incarnation
        self.answers.append((reply_to.asked, message))

    def answered(self, asked: str) -> list[Message]:
        return [message for name, message in self.answers if name == asked]

    async def member(self, name: str = "m1", settings: ProcessorSettings | None = None) -> Member:
        """A process that owns its share once this returns."""
        member = Member(self, name, settings or ProcessorSettings(idle_seconds=0.01))
        self.members.append(member)
        await member.ownership.claim()
        await self.until(lambda: self._settled(member), f"{name} owns its share")
        return member

    @staticmethod
    def _settled(member: Member) -> bool:
        wanted = {partition for processor in member.processors.values() for partition in processor.wanted}
        return member.owned() == wanted

    async def until(self, moment: Callable[[], bool], name: str) -> None:
        """Let everybody run until a moment has come."""
        try:
            async with asyncio.timeout(5):
                while not moment():
                    await asyncio.sleep(0)
                    for member in self.members:
                        assert not member.crashed() or moment(), f"a processor crashed before: {name}"
        except TimeoutError:
            raise AssertionError(f"never came: {name}") from None

    async def send(self, decider: str, *commands: Message) -> None:
        """To the owners; one that has no room, or is not there yet, is asked again."""
        for command in commands:
            partition = Partition(decider, partition_of(self.deciders[decider].key(command)))
            async with asyncio.timeout(5):
                while not await self._sent(partition, command):
                    await asyncio.sleep(0)

    async def _sent(self, partition: Partition, command: Message) -> bool:
        try:
            await self.log.send_command(partition, command)
        except TryLater:
            return False
        return True

    async def open_for_business(self) -> None:
        """The application and its session, so that payments can be asked for."""
        await self.send("admission", enabling(), configure(), opening())
        await self.until(lambda: bool(self.answered(SESSION)), "the session is open")

    async def ask(self, decider: str, *commands: Message, names: Sequence[str]) -> None:
        """Send, and wait until each of the names was answered."""
        await self.send(decider, *commands)
        await self.until(lambda: all(self.answered(name) for name in names), f"answers to {names}")

    async def send_to(self, partition: Partition, *commands: Message) -> None:
        """An operator's word to one partition."""
        for command in commands:
            await self.log.send_command(partition, command)

    # What has happened, from the journals.

    async def events(self, decider: str) -> list[Event]:
        rows = [row for n in range(PARTITIONS) for row in await self.store.read_journal(f"{decider}/{n}", 0, 100_000)]
        return [codec.decode(row.type, row.version, row.data) for row in rows]

    def happened(self, decider: str, kind: type[Event]) -> int:
        """How many events of a kind are in the journals now."""
        return self.store.written[decider, kind.__name__]

    async def record(self, key: RecordKey) -> Record | None:
        data = await self.store.record(key)
        return None if data is None else decode_record(key, data)

    async def balance(self, account: AccountId) -> int | None:
        record = await self.record(account_key(account))
        return record.posted if isinstance(record, Account) else None

    async def check_books(self) -> None:
        """Every entry posted once and credited once; balances are the sum of their postings; journals are gapless."""
        events = await self.events("ledger")
        entries = [event for event in events if isinstance(event, JournalEntryPosted)]
        credits = [event for event in events if isinstance(event, CreditApplied)]
        assert max(Counter(entry.entry for entry in entries).values(), default=1) == 1, "an entry was posted twice"
        assert max(Counter(credit.entry for credit in credits).values(), default=1) == 1, "a credit was applied twice"
        assert {credit.entry for credit in credits} == {entry.entry for entry in entries}, "a credit was lost"
        expected: Counter[AccountId] = Counter()
        for entry in entries:
            expected[entry.debit.account] -= entry.debit.minor
            expected[entry.credit.account] += entry.credit.minor
        opened = {event.account for event in events if isinstance(event, AccountOpened)} | expected.keys()
        assert {account: await self.balance(account) for account in opened} == {a: expected[a] for a in opened}


@asynccontextmanager
async def house(**deciders: Decider) -> AsyncIterator[House]:
    """An environment whose processes are all gone when it is left."""
    made = House(**deciders)
    await made.listen()
    try:
        yield made
    finally:
        for member in made.members:
            await member.die()
