"""The log on Apache Kafka: implements ports/log.py for processes that share nothing but brokers and a store.

Rows of a journal go to the inbox topic of each partition they are routed to, and to their public event topic. Commands
go to a topic that is their only home until they are decided, so its extent and incarnation are looked at every second.
Read next: runtime, for who publishes, listens and attaches.
"""

import asyncio
import logging
import random
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Self

from aiokafka import TopicPartition

from mkondo.adapters.kafka.channels import Commands, Replies, Rows
from mkondo.adapters.kafka.connection import Connection
from mkondo.adapters.kafka.courier import Courier
from mkondo.adapters.kafka.lookout import Lookout
from mkondo.adapters.kafka.positions import GONE, Extent, next_offset, trouble_with
from mkondo.adapters.kafka.reader import Reader
from mkondo.adapters.kafka.topics import internal_topics, public_topics
from mkondo.adapters.kafka.wire import (
    Outgoing,
    command_record,
    commands_of,
    inbox_of,
    replies_of,
    reply_record,
    row_records,
)
from mkondo.contracts.codec import Unreadable
from mkondo.contracts.journal import JournalRow, Partition
from mkondo.domain.decider import Message, ReplyTo
from mkondo.ports.errors import CommitUnknown, Incompatible, TryLater
from mkondo.ports.log import Inbox, ReplyHandler
from mkondo.topology import REPLY_PARTITIONS

LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class KafkaLog:
    """A `Log`. Make it with `connect`. A command whose fate is unknown raises CommitUnknown: wait for its outcome."""

    def __init__(self, connection: Connection, environment: str) -> None:
        self._environment = environment
        self._lookout = Lookout(connection)
        self._courier = Courier(connection, self._crash)
        self._reader = Reader(connection, self._lost, self._unreadable)
        self._commands: dict[TopicPartition, tuple[Partition, Commands]] = {}
        self._rows: dict[TopicPartition, tuple[Partition, Rows]] = {}
        self._replies = Replies()
        self._reply_partition: int | None = None
        self._suspect: set[TopicPartition] = set()
        self._look_now = asyncio.Event()
        self._stopped: dict[Partition, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._reachable = True
        self._crashed: BaseException | None = None

    @classmethod
    async def connect(cls, connection: Connection, environment: str) -> Self:
        """Raises TryLater when no broker answers, Incompatible when the topics are not those of this environment."""
        # The client reports every failed attempt, ten a second while a broker is away; we say it once, in `_watch`.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        made = cls(connection, environment)
        try:
            await made._lookout.open()
            await made._check_topics()
            await made._courier.open()
        except BaseException:
            await made.close()
            raise
        made._tasks = [made._start(made._reader.run()), made._start(made._watch())]
        return made

    def healthy(self) -> bool:
        """Whether brokers answer and records can be sent. Costs nothing."""
        return self._reachable and self._courier.ready and self._crashed is None

    def stopped(self) -> Mapping[Partition, str]:
        """The partitions that were stopped here because commands would have been lost, and what to do about it."""
        return self._stopped

    async def attach(self, partition: Partition, inbox: Inbox) -> None:
        """Rows from now on, commands from the inbox's position; or the partition is stopped, see `stopped`."""
        self._raise_if_crashed()
        rows, commands = inbox_of(self._environment, str(partition)), commands_of(self._environment, partition)
        extents = await self._lookout.extents((rows, commands))
        position = inbox.command_position()
        trouble = trouble_with(position, extents.get(commands)) or (None if rows in extents else GONE)
        if trouble is not None:
            self._stop(partition, trouble)
            return
        self._stopped.pop(partition, None)
        taker, row_taker = Commands(inbox, extents[commands].incarnation), Rows(inbox)
        self._commands[commands] = (partition, taker)
        self._rows[rows] = (partition, row_taker)
        self._reader.add(rows, row_taker.take, extents[rows].end)
        self._reader.add(commands, taker.take, next_offset(position))

    async def detach(self, partition: Partition) -> None:
        self._stopped.pop(partition, None)
        self._forget(partition)

    async def publish(self, rows: Sequence[JournalRow], messages: Sequence[Message]) -> None:
        """Returns when all replicas have the rows. Whatever goes wrong is TryLater: publishing twice is harmless."""
        records = list(row_records(self._environment, rows))
        if not records:
            return
        try:
            await self._deliver(records)
        except CommitUnknown as trouble:
            raise TryLater(str(trouble)) from trouble

    async def send_command(self, partition: Partition, command: Message) -> None:
        """Returns when all replicas have the command. TryLater: it was not sent. CommitUnknown: it may have been."""
        await self._deliver([command_record(self._environment, partition, command)])

    async def send_replies(self, replies: Sequence[tuple[ReplyTo, Message]]) -> None:
        """Hints: they are queued, not waited for, and dropped when the brokers are out of reach."""
        records = [reply_record(self._environment, reply_to, message) for reply_to, message in replies]
        if not records or not self._reachable:
            return
        try:
            self._courier.post(records)
        except TryLater as trouble:
            log.warning("replies dropped", extra={"replies": len(records), "trouble": str(trouble)})

    async def listen(self, handler: ReplyHandler) -> int:
        """A random reply partition: sharing one with another process costs both a little reading, nothing else."""
        if self._reply_partition is None:
            number = random.randrange(REPLY_PARTITIONS)
            replies = replies_of(self._environment, number)
            extents = await self._lookout.extents((replies,))
            if replies not in extents:
                raise TryLater(f"the topic {replies.topic} is gone")
            self._reader.add(replies, self._replies.take, extents[replies].end)
            self._reply_partition = number
        self._replies.handlers.append(handler)
        return self._reply_partition

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._courier.close()
        await self._lookout.close()

    async def _deliver(self, records: Sequence[Outgoing]) -> None:
        self._raise_if_crashed()
        if not self._reachable:
            raise TryLater("no broker answers")
        await self._courier.post(records).done

    async def _check_topics(self) -> None:
        wanted = [*internal_topics(self._environment), *public_topics(self._environment)]
        there = await self._lookout.topics([topic.name for topic in wanted])
        for topic in wanted:
            found = there.get(topic.name)
            if found is None:
                raise Incompatible(f"topic {topic.name} is missing: run `mkondo init`")
            if len(found.leaders) != topic.partitions:
                raise Incompatible(
                    f"topic {topic.name} has {len(found.leaders)} partitions, not {topic.partitions}: "
                    "it belongs to another installation, or somebody changed it"
                )

    async def _watch(self) -> None:
        """Every second, or at once when the reader is in doubt: are the brokers there, is every command still there?"""
        while True:
            try:
                await self._look()
                self._reachable = True
            except TryLater as trouble:
                if self._reachable:
                    log.warning("brokers out of reach", extra={"trouble": str(trouble)})
                self._reachable = False
                self._courier.give_up_unsent("no broker answers")
            self._courier.give_up_old(time.monotonic())
            try:
                async with asyncio.timeout(LOOK_SECONDS * random.uniform(0.8, 1.2)):
                    await self._look_now.wait()
            except TimeoutError:
                continue

    async def _look(self) -> None:
        self._look_now.clear()
        standing = {commands: taker.standing for commands, (_, taker) in self._commands.items()}
        replies = replies_of(self._environment, self._reply_partition or 0)
        extents = await self._lookout.extents({*standing, *self._suspect, replies})
        for commands, position in standing.items():
            self._check_commands(commands, position, extents.get(commands))
        for suspect in list(self._suspect):
            self._read_again(suspect, extents.get(suspect))

    def _check_commands(self, commands: TopicPartition, position: int, extent: Extent | None) -> None:
        """`position` is from before the look: a command that came meanwhile must not look like one too many."""
        partition, taker = self._commands.get(commands, (None, None))
        if partition is None or taker is None:
            return
        trouble = trouble_with(position, extent)
        if trouble is not None and trouble_with(taker.standing, extent) is not None:
            self._stop(partition, trouble)

    def _read_again(self, suspect: TopicPartition, extent: Extent | None) -> None:
        """The brokers did not have a channel's next offset, but nothing was lost that is not in the journals."""
        if extent is None:
            return
        self._suspect.discard(suspect)
        if suspect in self._commands:
            taker = self._commands[suspect][1]
            self._reader.add(suspect, taker.take, next_offset(taker.standing))
        elif suspect in self._rows:
            self._reader.add(suspect, self._rows[suspect][1].take, extent.end)
        elif self._reply_partition == suspect.partition:
            self._reader.add(suspect, self._replies.take, extent.end)

    def _lost(self, lost: TopicPartition) -> None:
        """The reader was told that an offset is out of range: look before anything more is read."""
        self._reader.remove((lost,))
        self._suspect.add(lost)
        self._look_now.set()

    def _unreadable(self, where: TopicPartition, trouble: Unreadable) -> None:
        partition, _ = self._commands.get(where) or self._rows[where]
        self._stop(partition, f"{where.topic} offset {self._reader.offset(where)}: {trouble}")

    def _stop(self, partition: Partition, reason: str) -> None:
        log.error("partition stopped", extra={"partition": str(partition), "reason": reason})
        self._stopped[partition] = reason
        self._forget(partition)

    def _forget(self, partition: Partition) -> None:
        rows, commands = inbox_of(self._environment, str(partition)), commands_of(self._environment, partition)
        self._rows.pop(rows, None)
        self._commands.pop(commands, None)
        self._suspect -= {rows, commands}
        self._reader.remove((rows, commands))

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._crash(error)

    def _crash(self, error: BaseException) -> None:
        """A bug in one of our loops: nothing works from here on, and whoever calls next is told why."""
        log.critical("the log has crashed", exc_info=error)
        self._crashed = error
        self._courier.give_up_unsent("the log has crashed")

    def _raise_if_crashed(self) -> None:
        if self._crashed is not None:
            raise RuntimeError("the Kafka log has crashed") from self._crashed
