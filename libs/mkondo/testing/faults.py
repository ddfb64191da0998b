"""Planted bugs: each is a part of the system that is wrong in one way, put in by composition; production has no switch.

The simulation must find every one of them within 300 seeds (tests/simulation/test_planted_bugs.py): that is how we know
that it would find the same mistake in earnest. Read next: faulty_deciders.py, faulty_limits.py for those in the rules,
faulty_pushes.py for those in what merchants are told, faulty_digests.py for those in what is proven;
testing/simulation/process.py for how parts are put together.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from mkondo.adapters.memory.store import MemoryStore
from mkondo.contracts import codec
from mkondo.contracts.journal import Partition, PartitionBatch, PartitionState, StoredRecord
from mkondo.contracts.records import KINDS, PARKED, decode_record, encode_record
from mkondo.domain import admission, deliveries, ledger
from mkondo.domain.ids import Instant, RecordKey
from mkondo.domain.payment import PaymentAdmitted
from mkondo.domain.views import VIEWS
from mkondo.domain.views.payments import IN_PROGRESS, PAYMENTS
from mkondo.ports.errors import CommitUnknown
from mkondo.ports.log import COMMANDS, Inbox, Log, Received
from mkondo.ports.store import Store
from mkondo.runtime.batch import Decided
from mkondo.runtime.inbox import PartitionInbox
from mkondo.runtime.partition import Dropped
from mkondo.runtime.processor import Processor
from mkondo.runtime.relay import WatermarkRelay
from mkondo.testing.faulty_deciders import FAULTY, KeepsAnsweredApprovals, Same
from mkondo.testing.faulty_digests import BeginsTooEarly, KeepsTheLast, WritesInTwoSteps
from mkondo.testing.faulty_limits import FAULTY_LIMITS
from mkondo.testing.faulty_pushes import DoesNotWait, ForgetsFaults, NamesTheSecondAnew, SendsOnce, SendsTheWithheld
from mkondo.testing.faulty_reversals import FAULTY_REVERSALS, SIMULATED
from mkondo.testing.simulation.carrier import Attachment, Commands
from mkondo.testing.simulation.life import Life
from mkondo.testing.simulation.process import Blueprint
from mkondo.topology import DECIDERS

# Faulty stores --------------------------------------------------------------------------------------------------------


class UnguardedStore(MemoryStore):
    """Commits whatever the epoch and the sequence are."""

    async def commit(self, batches: Sequence[PartitionBatch]) -> None:
        for batch in batches:
            self._apply(batch)


class ForgetfulOutcomes(MemoryStore):
    """The last outcome of a payment wins."""

    def _apply(self, batch: PartitionBatch) -> None:
        super()._apply(batch)
        for outcome in batch.outcomes:
            self._outcomes[outcome.name] = outcome


class Reach:
    """A store that passes everything on; the faulty ones below change one call."""

    def __init__(self, store: Store, log: Log, life: Life) -> None:
        self._store, self._log, self._life = store, log, life

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class PublishesFirst(Reach):
    """Rows go out before their transaction has committed."""

    async def commit(self, batches: Sequence[PartitionBatch]) -> None:
        for batch in batches:
            if batch.rows:
                events = [codec.decode(row.type, row.version, row.data) for row in batch.rows]
                await self._log.publish(batch.rows, events)
        await self._store.commit(batches)


class Optimist(Reach):
    """A lost answer to COMMIT is taken for a yes."""

    async def commit(self, batches: Sequence[PartitionBatch]) -> None:
        try:
            await self._store.commit(batches)
        except CommitUnknown:
            return


class LoadsFirst(Reach):
    """The partition is loaded, which takes a while, and only then its epoch raised."""

    def __init__(self, store: Store, log: Log, life: Life) -> None:
        super().__init__(store, log, life)
        self._early: dict[Partition, dict[RecordKey, StoredRecord]] = {}

    async def acquire(self, partition: Partition, member: str) -> PartitionState:
        early: dict[RecordKey, StoredRecord] = {}
        for kind in KINDS.keys() - {PARKED}:
            early |= await self._store.load_kind(partition, kind)
        self._early[partition] = early
        await self._life.wait(0.2)
        return await self._store.acquire(partition, member)

    async def due(self, partition: Partition) -> dict[RecordKey, Instant]:
        return {key: record.due for key, record in self._early[partition].items() if record.due is not None}

    async def load(self, wanted: Mapping[Partition, Collection[RecordKey]]) -> dict[RecordKey, bytes]:
        found = await self._store.load(wanted)
        for partition, keys in wanted.items():
            early = self._early.get(partition, {})
            found |= {key: early.pop(key).data for key in keys if key in early}
        return found


class NoTimers(Reach):
    """A new owner does not read the timers of the last one."""

    async def due(self, partition: Partition) -> dict[RecordKey, Instant]:
        return {}


class ForgetsToWait(Reach):
    """A new owner sends at once whatever waits to be sent: it has read what, and not when."""

    async def due(self, partition: Partition) -> dict[RecordKey, Instant]:
        found = await self._store.due(partition)
        return {key: Instant(0) if key.startswith(_DELIVERY) else at for key, at in found.items()}

    async def load(self, wanted: Mapping[Partition, Collection[RecordKey]]) -> dict[RecordKey, bytes]:
        found = await self._store.load(wanted)
        return {key: _due_now(key, data) if key.startswith(_DELIVERY) else data for key, data in found.items()}


_DELIVERY = deliveries.delivery_key("")


def _due_now(key: RecordKey, data: bytes) -> bytes:
    record: Any = decode_record(key, data)
    return encode_record(msgspec.structs.replace(record, next_at=Instant(0)))


class StandsStill(Reach):
    """Channel positions are not saved with the batch."""

    async def commit(self, batches: Sequence[PartitionBatch]) -> None:
        await self._store.commit([msgspec.structs.replace(one, after=_as_before(one)) for one in batches])


def _as_before(batch: PartitionBatch) -> PartitionState:
    return msgspec.structs.replace(batch.after, positions=batch.before.positions)


# Faulty runtime -------------------------------------------------------------------------------------------------------


class RepliesFirst(Processor):
    """Who asked is answered while the transaction is still under way."""

    def _decide(self, partition: Partition, batch: list[Received]) -> Decided:
        decided = super()._decide(partition, batch)
        if decided.replies:
            self._early = asyncio.get_running_loop().create_task(_send(self._log, decided))
        return decided


async def _send(log: Log, decided: Decided) -> None:
    await log.send_replies(decided.replies)


class LosesDirectCommands(Processor):
    """When memory is dropped, the commands that stand in no log are dropped with it."""

    async def _drop(self, taken: Mapping[Partition, list[Received]], unknown: Collection[Decided] = ()) -> None:
        await super()._drop(taken, unknown)
        for partition in taken:
            self._dropped[partition] = Dropped([], [], None)


class KeepsMemory(Processor):
    """After a failed transaction the batch is decided again on the memory that it has changed already."""

    async def _drop(self, taken: Mapping[Partition, list[Received]], unknown: Collection[Decided] = ()) -> None:
        records = {partition: self._owned[partition].records for partition in taken}
        await super()._drop(taken, unknown)
        await self._settle_ownership()
        for partition, kept in records.items():
            if partition in self._owned:
                self._owned[partition].records.update(kept)


class EagerRelay(WatermarkRelay):
    """The watermark is moved before the log has acknowledged."""

    async def _publish_some(self, name: str, source: Any) -> None:
        await self._store.move_watermark(name, source.committed)
        await super()._publish_some(name, source)


class SkipsWhatIsGone(Attachment):
    """Commands that were deleted before anybody read them are passed over in silence."""

    def lost(self, topic: Commands) -> bool:
        self._next = max(self._next, topic.start)
        return False


class TakesAnything:
    """An inbox that does not look at `previous`: whatever is newer is taken, and what lay between is lost."""

    def __init__(self, inner: Inbox) -> None:
        self._inner = inner

    def command_position(self) -> int:
        return self._inner.command_position()

    def offer(self, received: Received) -> bool:
        inbox = self._inner
        if isinstance(inbox, PartitionInbox) and received.source != COMMANDS:
            inbox.behind.discard(received.source)
            received = msgspec.structs.replace(received, previous=inbox.position(received.source))
        return inbox.offer(received)


class TakesRepeats(TakesAnything):
    """An inbox that takes the last message again when it comes again."""

    def offer(self, received: Received) -> bool:
        inbox = self._inner
        if not isinstance(inbox, PartitionInbox) or received.source == COMMANDS:
            return inbox.offer(received)
        if received.sequence == inbox.position(received.source) and inbox.has_room():
            inbox.put_back([received])
        return inbox.offer(received)


# Faulty views ---------------------------------------------------------------------------------------------------------


def _admitted_last(row: Any, event: PaymentAdmitted, at: Any) -> msgspec.Struct:
    """As if a payment were always admitted before it ends, in whatever order the journals are read."""
    made: Any = PAYMENTS.changes[PaymentAdmitted].evolve(row, event, at)
    admitted: msgspec.Struct = msgspec.structs.replace(made, status=IN_PROGRESS)
    return admitted


_HASTY_PAYMENTS = msgspec.structs.replace(
    PAYMENTS,
    changes={
        **PAYMENTS.changes,
        PaymentAdmitted: msgspec.structs.replace(PAYMENTS.changes[PaymentAdmitted], evolve=_admitted_last),
    },
)


def _instead(name: str, wrong: type[Same]) -> Blueprint:
    """The decider of that name is wrong, the others are right."""
    return Blueprint(deciders={**DECIDERS, name: wrong(DECIDERS[name])})


PLANTED: Mapping[str, Blueprint] = {
    "publish before commit": Blueprint(reach=PublishesFirst),
    "reply before commit": Blueprint(processor=RepliesFirst),
    "no `previous` check": Blueprint(open=TakesAnything),
    "repeats taken": Blueprint(open=TakesRepeats),
    "positions not saved": Blueprint(reach=StandsStill),
    "partition row unguarded": Blueprint(store=UnguardedStore),
    "epoch raised after loading": Blueprint(reach=LoadsFirst),
    "lost COMMIT answer taken for a yes": Blueprint(reach=Optimist),
    "memory kept after a failed transaction": Blueprint(processor=KeepsMemory),
    "direct commands lost on recovery": Blueprint(processor=LosesDirectCommands),
    "timers not reloaded": Blueprint(reach=NoTimers),
    "watermark moved early": Blueprint(relay=EagerRelay),
    "deleted commands passed over": Blueprint(attachment=SkipsWhatIsGone),
    "faults forgotten on admission": _instead(admission.NAME, ForgetsFaults),
    "held back result sent at once": Blueprint(deliverer=DoesNotWait),
    "held back result sent at a restart": Blueprint(reach=ForgetsToWait),
    "withheld result sent": Blueprint(deliverer=SendsTheWithheld),
    "result sent twice under two ids": Blueprint(deliverer=NamesTheSecondAnew),
    "result to be sent twice sent once": _instead(deliveries.NAME, SendsOnce),
    "digest over the wrong range": Blueprint(digests=BeginsTooEarly),
    "digest closed twice": Blueprint(digests=KeepsTheLast),
    "digest written in two steps": Blueprint(digests=WritesInTwoSteps),
    "view depends on the order of sources": Blueprint(views={**VIEWS, PAYMENTS.name: _HASTY_PAYMENTS}),
    **{bug: _instead(name, wrong) for bug, (name, wrong) in FAULTY.items()},
    **{bug: _instead(admission.NAME, wrong) for bug, wrong in FAULTY_LIMITS.items()},
    **{bug: _instead(*FAULTY_REVERSALS[bug]) for bug in SIMULATED},
    "outcome overwritten": Blueprint(
        store=ForgetfulOutcomes, deciders={**DECIDERS, ledger.NAME: KeepsAnsweredApprovals(ledger)}
    ),
}
"""What is wrong, and the world in which it is."""
