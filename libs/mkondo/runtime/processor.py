"""The processor: take a batch, decide, commit, pass on. One per decider and process, for all partitions it owns.

Nothing leaves before the transaction has committed (architecture rule 3). Any doubt about what the store holds is
settled by dropping memory and taking the partition's row again (rule 4). Read next: ownership.py, relay.py.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from mkondo.contracts import codec
from mkondo.contracts.journal import Partition, PartitionState, partitions_of
from mkondo.contracts.records import PARKED, decode_record
from mkondo.domain.decider import Decider, Event, TimerDue
from mkondo.domain.ids import Instant, RecordKey
from mkondo.ports.back_off import back_off
from mkondo.ports.clock import Clock
from mkondo.ports.errors import CommitUnknown, Fenced, TryLater
from mkondo.ports.ids import Ids
from mkondo.ports.log import COMMANDS, Log, Received
from mkondo.ports.store import Store
from mkondo.runtime import metrics
from mkondo.runtime.batch import BatchWriter, Decided
from mkondo.runtime.inbox import PartitionInbox
from mkondo.runtime.parking import ParkedMessages, records_needed
from mkondo.runtime.partition import Dropped, OwnedPartition, Timers, direct_commands
from mkondo.runtime.relay import Relay

log = logging.getLogger(__name__)

TIMER = "timer"
TIMER_AGAIN_MS = 1_000
"""How long a timer that could not be decided is left alone: it must neither be lost nor keep the loop busy."""


Heard = Callable[[Event], None]
"""Told of each event once it is committed, for effects outside: it must neither wait nor raise, and may be told twice
or, when the process dies, never."""


class ProcessorSettings(msgspec.Struct, frozen=True):
    """How much a processor takes at once and keeps. Seconds are real time."""

    batch_messages_max: int = 500
    inbox_messages_max: int = 4_000
    page_rows: int = 500
    records_kept_max: int = 200_000
    idle_seconds: float = 0.25
    look_seconds: float = 1.0
    """How often the ends of all channels are compared with what has come: a loss is noticed within two looks."""


class Processor:
    """Owns partitions of one decider. `run` until `stop`; `wanted` says which partitions it should own."""

    def __init__(
        self,
        environment: str,
        name: str,
        decider: Decider,
        sources: Collection[str],
        store: Store,
        carrier: Log,
        relay: Relay,
        clock: Clock,
        ids: Ids,
        member: str,
        settings: ProcessorSettings | None = None,
        heard: Heard | None = None,
    ) -> None:
        self.name = name
        self.wanted: frozenset[Partition] = frozenset()
        self.failures = 0
        """Attempts to reach the store or the log that failed in a row: 0 means healthy."""
        self._decider = decider
        self._sources = [str(partition) for partition in partitions_of(*sources)]
        self._store, self._log, self._relay, self._clock, self._ids = store, carrier, relay, clock, ids
        self._member = member
        self._settings = settings or ProcessorSettings()
        self._heard = heard
        self._owned: dict[Partition, OwnedPartition] = {}
        self._dropped: dict[Partition, Dropped] = {}
        """Partitions whose memory was dropped, until they are taken again or somebody else has them."""
        self._wake = asyncio.Event()
        self._stopping = False
        self._in_turn = False
        self._timers_in_hand = False
        """Whether the turn that is under way decides timers: they are out of the heap and not committed yet."""
        self._turns = 0
        self._next_look = 0.0
        self._labels = (environment, name)
        self._owned_now, self._parked_now = (gauge.labels(*self._labels) for gauge in (metrics.OWNED, metrics.PARKED))
        self._batch_seconds = metrics.BATCH_SECONDS.labels(*self._labels)
        self._batches = metrics.BATCHES.labels(*self._labels)
        self._messages = metrics.MESSAGES.labels(*self._labels)
        self._events = metrics.EVENTS.labels(*self._labels)

    # The loop -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until `stop`, and then until what was taken in is done with."""
        while not (self._stopping and self._idle()):
            try:
                await self._settle_ownership()
                await self._look_for_loss()
                await self._catch_up()
                if not await self._turn():
                    await self._rest()
                self.failures = 0
            except TryLater as trouble:
                self.failures += 1
                log.warning("store or log out of reach", extra={"decider": self.name, "trouble": str(trouble)})
                await back_off(self._clock, self._ids, self.failures)
        await self._let_go(self._owned.keys())

    def stop(self) -> None:
        """Take no new commands, finish what is in hand, then `run` returns."""
        self._stopping = True
        self._wake.set()

    def wake(self) -> None:
        """Something may have changed: ownership, or the clock was moved."""
        self._wake.set()

    def owned(self) -> Collection[Partition]:
        return self._owned.keys()

    def has_done_what_is_due(self) -> bool:
        """Whether every timer that has fallen due is decided and committed. Of a partition that is wanted and not in
        memory (not taken yet, or dropped in some trouble) nobody knows, so: no."""
        if self._timers_in_hand or not self.wanted <= self._owned.keys():
            return False
        return not any(owned.timers.is_due(self._clock.now()) for owned in self._owned.values())

    def has_nothing_in_hand(self) -> bool:
        """Whether everything that was handed over is committed and passed on, as far as it can be now."""
        return not self._in_turn and self._idle()

    def _idle(self) -> bool:
        return self.failures > 0 or not (self._dropped or any(len(owned.inbox) for owned in self._owned.values()))

    async def _rest(self) -> None:
        self._wake.clear()
        if self._has_work():
            return
        try:
            async with asyncio.timeout(self._seconds_to_next_timer()):
                await self._wake.wait()
        except TimeoutError:
            return

    def _has_work(self) -> bool:
        return self._stopping or any(len(owned.inbox) or owned.inbox.behind for owned in self._owned.values())

    def _seconds_to_next_timer(self) -> float:
        """The sandbox clock may be moved at any time, so even a far timer is looked at again soon."""
        instants = [instant for owned in self._owned.values() if (instant := owned.timers.next()) is not None]
        if not instants:
            return self._settings.idle_seconds
        return min(
            max((min(instants) - self._clock.now()) / 1000, 0.0),
            self._settings.idle_seconds,
        )

    # Ownership ----------------------------------------------------------------------------------------------------

    async def _settle_ownership(self) -> None:
        await self._let_go([partition for partition in self._owned if partition not in self.wanted])
        for partition in self._dropped.keys() - self.wanted:
            del self._dropped[partition]
        for partition in sorted(self.wanted - self._owned.keys()):
            await self._own(partition)
        self._owned_now.set(len(self._owned))
        self._parked_now.set(sum(len(owned.parked) for owned in self._owned.values()))

    async def _own(self, partition: Partition) -> None:
        """Raise the epoch first, load afterwards (rule 4); listen before reading, so that nothing falls in between."""
        state = await self._store.acquire(partition, self._member)
        inbox = PartitionInbox(state.positions, self._sources, self._settings.inbox_messages_max, self._wake.set)
        timers = Timers(await self._store.due(partition))
        parked = ParkedMessages(partition, await self._store.load_kind(partition, PARKED))
        await self._relay.resume(state)
        inbox.put_back(await self._still_asked(partition, state))
        await self._log.attach(partition, inbox)
        self._dropped.pop(partition, None)
        self._owned[partition] = OwnedPartition(state, inbox, timers, parked, self._settings.records_kept_max)

    async def _still_asked(self, partition: Partition, state: PartitionState) -> list[Received]:
        """The direct commands to decide again. A batch whose COMMIT answer was lost and that is in the store after all
        only has to be passed on."""
        dropped = self._dropped.get(partition)
        if dropped is None:
            return []
        if dropped.unknown is not None and await self._is_stored(dropped.unknown, state):
            await self._pass_on(dropped.unknown)
            return dropped.waiting
        return dropped.batch + dropped.waiting

    async def _is_stored(self, decided: Decided, state: PartitionState) -> bool:
        last = decided.batch.after.last_sequence
        if not decided.batch.rows or state.last_sequence < last:
            return False
        rows = await self._store.read_journal(str(state.partition), last - 1, 1)
        return bool(rows) and rows[0].seal == decided.batch.after.head

    async def _let_go(self, partitions: Iterable[Partition]) -> None:
        for partition in list(partitions):
            await self._log.detach(partition)
            await self._relay.release(partition)
            self._owned.pop(partition).inbox.close()

    async def _drop(
        self,
        taken: Mapping[Partition, list[Received]],
        unknown: Collection[Decided] = (),
    ) -> None:
        """The memory of these partitions can't be trusted any more."""
        batches = {decided.batch.before.partition: decided for decided in unknown}
        for partition, batch in taken.items():
            waiting = self._owned.pop(partition).inbox.close()
            self._dropped[partition] = Dropped(direct_commands(batch), direct_commands(waiting), batches.get(partition))
        for partition in taken:
            await self._log.detach(partition)
            await self._relay.release(partition)

    # One turn -----------------------------------------------------------------------------------------------------

    async def _catch_up(self) -> None:
        """Read from the journals what was not offered, or was offered out of turn (rule 6). Each source's row says
        whether there is anything: a journal that sent nothing here is not searched from end to end."""
        behind = [(partition, source) for partition, owned in self._owned.items() for source in owned.inbox.behind]
        if not behind:
            return
        sent = {str(state.partition): state.sent for state in await self._store.states()}
        for partition, source in sorted(behind):
            inbox = self._owned[partition].inbox
            if sent.get(source, {}).get(str(partition), 0) <= inbox.position(source):
                inbox.catch_up(source, (), more=False)
            elif inbox.has_room():
                await self._read_on(partition, inbox, source)

    async def _look_for_loss(self) -> None:
        """A lost message is noticed by the next one on its channel (rule 6); the last one of a channel has none."""
        loop = asyncio.get_running_loop()
        if not self._owned or loop.time() < self._next_look:
            return
        states = await self._store.states()
        self._next_look = loop.time() + self._settings.look_seconds
        sent = [(str(state.partition), state.sent) for state in states]
        for partition, owned in self._owned.items():
            destination = str(partition)
            for source, sequences in sent:
                owned.inbox.was_sent(source, sequences.get(destination, 0))

    async def _read_on(self, partition: Partition, inbox: PartitionInbox, source: str) -> None:
        destination, limit = str(partition), self._settings.page_rows
        rows = await self._store.read_journal(source, inbox.position(source), limit, destination)
        received = []
        for row in rows:
            previous = next(route.previous for route in row.routes if route.destination == destination)
            message = codec.decode(row.type, row.version, row.data)
            received.append(Received(source, row.sequence, previous, message))
        inbox.catch_up(source, received, more=len(rows) == limit)

    async def _turn(self) -> bool:
        """One transaction over all owned partitions that have something to do. False: there was nothing."""
        taken = self._take()
        if not taken:
            return False
        self._in_turn = True
        self._timers_in_hand = any(batch[0].source == TIMER for batch in taken.values())  # they come first
        try:
            await self._carry_out(taken)
        finally:
            self._timers_in_hand = self._in_turn = False
        return True

    async def _carry_out(self, taken: Mapping[Partition, list[Received]]) -> None:
        decided: list[Decided] = []
        started = time.perf_counter()
        try:
            loaded = await self._load(taken)
            decided = [self._decide(partition, batch) for partition, batch in taken.items()]
            await self._store.commit([one.batch for one in decided])
        except CommitUnknown:
            await self._recover("commit unknown", taken, decided)
            return
        except Fenced:
            await self._recover("fenced", taken)
            return
        except TryLater:
            await self._recover("out of reach", taken)
            raise
        self._batch_seconds.observe(time.perf_counter() - started)
        await self._committed(taken, loaded, decided)

    async def _recover(
        self,
        cause: str,
        taken: Mapping[Partition, list[Received]],
        unknown: Collection[Decided] = (),
    ) -> None:
        metrics.RECOVERIES.labels(*self._labels, cause).inc()
        log.warning("memory dropped", extra={"decider": self.name, "cause": cause, "partitions": len(taken)})
        await self._drop(taken, unknown)

    def _take(self) -> dict[Partition, list[Received]]:
        """Timers that are due, and whatever waits, up to the ceiling; another partition is first every time."""
        taken: dict[Partition, list[Received]] = {}
        room = self._settings.batch_messages_max
        self._turns += 1
        first = self._turns % max(len(self._owned), 1)
        everyone = list(self._owned.items())
        for partition, owned in everyone[first:] + everyone[:first]:
            now = Instant(max(self._clock.now(), owned.state.time))
            batch = [Received(TIMER, 0, 0, TimerDue(key)) for key in owned.timers.take(now, room)]
            batch += owned.inbox.take(room - len(batch))
            if batch:
                taken[partition] = batch
                room -= len(batch)
            if room <= 0:
                break
        return taken

    async def _load(self, taken: Mapping[Partition, list[Received]]) -> Mapping[Partition, Collection[RecordKey]]:
        """The records that the batch reads and that are not in memory, in one query. Returns which those were."""
        wanted: dict[Partition, Collection[RecordKey]] = {}
        for partition, batch in taken.items():
            known, parked = self._owned[partition].records, self._owned[partition].parked
            needed = (records_needed(self._decider, parked, received.message) for received in batch)
            missing = dict.fromkeys(key for keys in needed for key in keys if key not in known)  # in order of arrival
            if missing:
                wanted[partition] = missing.keys()
        if not wanted:
            return wanted
        found = await self._store.load(wanted)
        for partition, keys in wanted.items():
            records = self._owned[partition].records
            for key in keys:
                data = found.get(key)
                if data is not None:
                    records[key] = decode_record(key, data)
        return wanted

    def _decide(self, partition: Partition, batch: list[Received]) -> Decided:
        owned = self._owned[partition]
        writer = BatchWriter(self._decider, owned.state, owned.records, owned.parked, self._clock.now())
        for received in batch:
            writer.take(received)
        return writer.finish()

    async def _committed(
        self,
        taken: Mapping[Partition, list[Received]],
        loaded: Mapping[Partition, Collection[RecordKey]],
        decided: Collection[Decided],
    ) -> None:
        for one in decided:
            partition = one.batch.before.partition
            owned = self._owned[partition]
            owned.state = one.batch.after
            owned.inbox.committed(owned.state.positions.get(COMMANDS, 0))
            for key, due in one.touched.items():
                owned.timers.set(key, due)
            self._put_off(owned, taken[partition], one.touched)
            owned.forget_references(loaded.get(partition, ()))
            owned.trim()
        self._messages.inc(sum(map(len, taken.values())))
        self._events.inc(sum(len(one.events) for one in decided))
        self._batches.inc()
        for one in decided:
            await self._pass_on(one)

    def _put_off(self, owned: OwnedPartition, batch: Iterable[Received], touched: Collection[RecordKey]) -> None:
        """A timer that changed nothing (it is poison, or waits for a parked message) fires again in a while."""
        for received in batch:
            if isinstance(received.message, TimerDue) and received.message.record not in touched:
                key = received.message.record
                record = owned.records.get(key)
                due = None if record is None else self._decider.due(record)
                if due is not None:
                    owned.timers.set(key, Instant(max(due, owned.state.time + TIMER_AGAIN_MS)))

    async def _pass_on(self, decided: Decided) -> None:
        """Rows to whoever must hear of them; replies to whoever asked. Replies are hints: a lost one is no loss."""
        if decided.events:
            await self._relay.publish(decided.batch.rows, decided.events)
        if self._heard is not None:
            for event in decided.events:
                self._heard(event)
        if decided.replies:
            try:
                await self._log.send_replies(decided.replies)
            except TryLater as trouble:
                log.warning("replies not sent", extra={"decider": self.name, "trouble": str(trouble)})
