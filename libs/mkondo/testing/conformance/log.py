"""What every log promises (ports/log.py), sentence by sentence.

An adapter's test subclasses LogConformance and gives the fixture `world`: see tests/conformance/test_log.py.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pytest

from mkondo.contracts.codec import encode
from mkondo.contracts.journal import JournalRow, Partition, Route
from mkondo.domain.decider import Message, ReplyTo
from mkondo.domain.ids import ApplicationId, Instant, SessionHash
from mkondo.domain.session import OpenSession, SessionRevoked
from mkondo.ports.errors import TryLater
from mkondo.ports.log import COMMANDS, Log, Received

ADMISSION, LEDGER, OTHER_LEDGER = Partition("admission", 0), Partition("ledger", 3), Partition("ledger", 4)
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class LogWorld:
    """One empty environment: `log` is one process's handle, `other` another's. In embedded mode there is one process.

    `direct`: a command enters the inbox before `send_command` returns, or not at all, and is not numbered.
    """

    log: Log
    other: Log
    direct: bool


class RecordingInbox:
    """Keeps what it is offered, as long as it has room."""

    def __init__(self, room: int = 1_000_000, position: int = 0) -> None:
        self.taken: list[Received] = []
        self.refused = 0
        self.room = room
        self._position = position
        self._offered = asyncio.Event()

    def offer(self, received: Received) -> bool:
        self._offered.set()
        if len(self.taken) >= self.room:
            self.refused += 1
            return False
        self.taken.append(received)
        return True

    def command_position(self) -> int:
        return self._position

    def sequences(self, source: str) -> list[int]:
        return [received.sequence for received in self.taken if received.source == source]

    def messages(self) -> list[Message]:
        return [received.message for received in self.taken]

    async def has(self, count: int) -> list[Received]:
        """Everything taken, as soon as it is that many."""
        return await self._until(lambda: len(self.taken) >= count)

    async def has_refused(self, count: int = 1) -> list[Received]:
        return await self._until(lambda: self.refused >= count)

    async def _until(self, condition: Callable[[], bool]) -> list[Received]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                self._offered.clear()
                await self._offered.wait()
        return self.taken


def revoked(number: int) -> SessionRevoked:
    return SessionRevoked(ApplicationId("app"), SessionHash(f"session-{number}"), "for the test")


def opened(number: int) -> OpenSession:
    return OpenSession(ApplicationId("app"), SessionHash(f"session-{number}"))


def row(sequence: int, *routes: Route, source: Partition = ADMISSION) -> JournalRow:
    data = encode(revoked(sequence))
    return JournalRow(str(source), sequence, Instant(1_700_000_000_000), "SessionRevoked", 1, "app", data, routes)


def rows_to(destination: Partition, first: int, last: int, source: Partition = ADMISSION) -> list[JournalRow]:
    """Rows `first` to `last` of a source, all routed to one partition."""
    return [row(n, Route(str(destination), n - 1), source=source) for n in range(first, last + 1)]


async def publish(log: Log, rows: Sequence[JournalRow]) -> None:
    await log.publish(rows, [revoked(row.sequence) for row in rows])


class LogConformance:
    """Rows, commands, replies."""

    @pytest.fixture
    def world(self) -> LogWorld:
        raise NotImplementedError

    @pytest.fixture
    def log(self, world: LogWorld) -> Log:
        return world.log

    # Rows published in order by one source arrive at each destination partition in that order; some may arrive twice.

    async def test_rows_arrive_in_the_order_they_were_published(self, log: Log) -> None:
        inbox = RecordingInbox()
        await log.attach(LEDGER, inbox)
        for first in (1, 401, 801):
            await publish(log, rows_to(LEDGER, first, first + 399))
        taken = await inbox.has(1200)
        assert taken == [Received("admission/0", n, n - 1, revoked(n)) for n in range(1, 1201)]

    async def test_each_source_keeps_its_order_when_several_publish_at_once(self, log: Log) -> None:
        inbox = RecordingInbox()
        sources = [Partition("admission", number) for number in range(8)]
        await log.attach(LEDGER, inbox)

        async def publish_in_pieces(source: Partition) -> None:
            for first in range(1, 101, 10):
                await publish(log, rows_to(LEDGER, first, first + 9, source))

        await asyncio.gather(*(publish_in_pieces(source) for source in sources))
        await inbox.has(800)
        for source in sources:
            assert inbox.sequences(str(source)) == list(range(1, 101))

    async def test_publishing_twice_is_harmless(self, log: Log) -> None:
        inbox = RecordingInbox()
        await log.attach(LEDGER, inbox)
        await publish(log, rows_to(LEDGER, 1, 3))
        await publish(log, rows_to(LEDGER, 1, 4))
        await inbox.has(5)
        assert without_repeats(inbox.sequences("admission/0")) == [1, 2, 3, 4]

    # A row is offered to the inboxes of its routes, wherever they are attached.

    async def test_a_row_goes_to_every_partition_it_is_routed_to_and_to_no_other(self, world: LogWorld) -> None:
        ledger, other_ledger, admission = RecordingInbox(), RecordingInbox(), RecordingInbox()
        await world.log.attach(LEDGER, ledger)
        await world.other.attach(OTHER_LEDGER, other_ledger)
        await world.log.attach(ADMISSION, admission)
        both = row(1, Route(str(LEDGER), 0), Route(str(OTHER_LEDGER), 0))
        alone = row(3, Route(str(LEDGER), 1))
        last = row(4, Route(str(ADMISSION), 0), Route(str(OTHER_LEDGER), 1))
        await publish(world.log, [both, row(2), alone, last])
        assert [(r.sequence, r.previous) for r in await ledger.has(2)] == [(1, 0), (3, 1)]
        assert [(r.sequence, r.previous) for r in await other_ledger.has(2)] == [(1, 0), (4, 1)]
        assert [(r.sequence, r.previous) for r in await admission.has(1)] == [(4, 0)]

    # What can't be delivered is dropped.

    async def test_a_row_for_a_partition_that_nobody_has_attached_is_dropped(self, log: Log) -> None:
        await publish(log, rows_to(LEDGER, 1, 3))
        inbox = RecordingInbox()
        await log.attach(LEDGER, inbox)
        await publish(log, rows_to(LEDGER, 4, 5))
        taken = await inbox.has(2)
        assert [(received.sequence, received.previous) for received in taken[-2:]] == [(4, 3), (5, 4)]

    async def test_a_row_that_the_inbox_refuses_is_dropped_and_holds_up_nothing(self, log: Log) -> None:
        full, free = RecordingInbox(room=1), RecordingInbox()
        await log.attach(LEDGER, full)
        await log.attach(OTHER_LEDGER, free)
        await publish(log, [*rows_to(LEDGER, 1, 3), row(4, Route(str(OTHER_LEDGER), 0))])
        await full.has_refused(2)
        full.room = 10
        await publish(log, [row(5, Route(str(LEDGER), 3))])
        assert [received.sequence for received in await full.has(2)] == [1, 5]
        assert [received.sequence for received in await free.has(1)] == [4]

    # A command whose send_command returned is offered to the owner's inbox, once or more.

    async def test_a_command_reaches_the_owner_of_its_partition(self, world: LogWorld) -> None:
        inbox, bystander = RecordingInbox(), RecordingInbox()
        await world.other.attach(LEDGER, inbox)
        await world.log.attach(OTHER_LEDGER, bystander)
        for number in range(3):
            await world.log.send_command(LEDGER, opened(number))
        taken = await inbox.has(3)
        assert [received.message for received in taken] == [opened(0), opened(1), opened(2)]
        assert {received.source for received in taken} == {COMMANDS}
        assert bystander.taken == []

    async def test_a_numbered_command_names_the_one_before_it(self, world: LogWorld) -> None:
        inbox = RecordingInbox()
        await world.log.attach(LEDGER, inbox)
        await asyncio.gather(*(world.log.send_command(LEDGER, opened(number)) for number in range(50)))
        taken = await inbox.has(50)
        if world.direct:
            assert {(received.sequence, received.previous) for received in taken} == {(0, 0)}
        else:
            sequences = [received.sequence for received in taken]
            assert [received.previous for received in taken] == [0, *sequences[:-1]]
            assert sequences == sorted(set(sequences))

    async def test_a_command_for_an_inbox_without_room_is_refused_or_offered_again(self, world: LogWorld) -> None:
        inbox = RecordingInbox(room=1)
        await world.log.attach(LEDGER, inbox)
        await world.log.send_command(LEDGER, opened(1))
        if world.direct:
            with pytest.raises(TryLater):
                await world.log.send_command(LEDGER, opened(2))
            return
        for number in (2, 3, 4):
            await world.log.send_command(LEDGER, opened(number))
        await inbox.has_refused(3)
        inbox.room = 10
        assert [received.message for received in await inbox.has(4)] == [opened(1), opened(2), opened(3), opened(4)]

    async def test_a_full_inbox_holds_up_no_other_partition(self, world: LogWorld) -> None:
        full, free = RecordingInbox(room=0), RecordingInbox()
        await world.log.attach(LEDGER, full)
        await world.log.attach(OTHER_LEDGER, free)
        if not world.direct:
            await world.log.send_command(LEDGER, opened(1))
            await full.has_refused()
        await world.log.send_command(OTHER_LEDGER, opened(2))
        await publish(world.log, rows_to(OTHER_LEDGER, 1, 1))
        assert len(await free.has(2)) == 2

    async def test_a_command_without_an_owner_is_refused_or_waits_for_one(self, world: LogWorld) -> None:
        inbox = RecordingInbox()
        if world.direct:
            with pytest.raises(TryLater):
                await world.log.send_command(LEDGER, opened(1))
            return
        await world.log.send_command(LEDGER, opened(1))
        await world.other.attach(LEDGER, inbox)
        assert [received.message for received in await inbox.has(1)] == [opened(1)]

    async def test_numbered_commands_go_on_after_the_inboxs_position(self, world: LogWorld) -> None:
        if world.direct:
            return  # Not numbered: nothing is left of them after their owner.
        first = RecordingInbox()
        await world.log.attach(LEDGER, first)
        for number in range(4):
            await world.log.send_command(LEDGER, opened(number))
        taken = await first.has(4)
        await world.log.detach(LEDGER)
        second = RecordingInbox(position=taken[1].sequence)
        await world.other.attach(LEDGER, second)
        assert await second.has(2) == taken[2:]

    # Nothing is offered to an inbox after `detach` has returned.

    async def test_nothing_is_offered_after_detach(self, world: LogWorld) -> None:
        inbox, witness = RecordingInbox(), RecordingInbox()
        await world.log.attach(LEDGER, inbox)
        await world.log.attach(OTHER_LEDGER, witness)
        await publish(world.log, rows_to(LEDGER, 1, 1))
        await inbox.has(1)
        await world.log.detach(LEDGER)
        await publish(world.log, rows_to(LEDGER, 2, 300))
        if not world.direct:
            await world.log.send_command(LEDGER, opened(1))
        await publish(world.log, [row(301, Route(str(OTHER_LEDGER), 0))])
        await witness.has(1)
        assert inbox.sequences("admission/0") == [1]

    async def test_a_partition_that_moves_to_another_process_is_served_there(self, world: LogWorld) -> None:
        here, there = RecordingInbox(), RecordingInbox()
        await world.log.attach(LEDGER, here)
        await publish(world.log, rows_to(LEDGER, 1, 2))
        await here.has(2)
        await world.log.detach(LEDGER)
        await world.other.attach(LEDGER, there)
        await publish(world.log, rows_to(LEDGER, 3, 4))
        assert [received.sequence for received in (await there.has(2))[-2:]] == [3, 4]
        await world.other.detach(LEDGER)
        await world.log.attach(LEDGER, here)
        await publish(world.log, rows_to(LEDGER, 5, 5))
        assert [received.sequence for received in await here.has(3)] == [1, 2, 5]

    # Replies reach the handler of the process with that reply partition.

    async def test_replies_reach_the_process_that_asked_with_their_incarnation(self, world: LogWorld) -> None:
        arrived: asyncio.Queue[tuple[str, Message]] = asyncio.Queue()
        partition = await world.log.listen(lambda incarnation, message: arrived.put_nowait((incarnation, message)))
        replies = [(ReplyTo(partition, f"life-{number}", "asked"), revoked(number)) for number in range(3)]
        await world.other.send_replies(replies)
        async with asyncio.timeout(PATIENCE_SECONDS):
            got = [await arrived.get() for _ in replies]
        assert got == [(reply_to.incarnation, message) for reply_to, message in replies]

    async def test_a_reply_for_nobody_disturbs_nobody(self, world: LogWorld) -> None:
        arrived: asyncio.Queue[tuple[str, Message]] = asyncio.Queue()
        partition = await world.log.listen(lambda incarnation, message: arrived.put_nowait((incarnation, message)))
        elsewhere = ReplyTo((partition + 1) % 64, "another", "asked")
        await world.log.send_replies([(elsewhere, revoked(1)), (ReplyTo(partition, "life", "asked"), revoked(2))])
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await arrived.get() == ("life", revoked(2))


def without_repeats(sequences: Iterable[int]) -> list[int]:
    """What a consumer that drops repeats keeps."""
    kept: list[int] = []
    for sequence in sequences:
        if not kept or sequence > kept[-1]:
            kept.append(sequence)
    return kept
