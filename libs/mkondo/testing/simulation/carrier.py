"""A log between processes, as Kafka is one: commands at offsets, inboxes at least once, replies as hints.

What it models of adapters/kafka: a commands topic is the only home of its commands, so a reader whose position lies
before the topic's start stops the partition with a clear error; whoever attaches reads the inbox topic from its end;
two processes may be attached to one partition, and one of them is a zombie. Read next: handles.py for embedded mode.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from mkondo.contracts import codec
from mkondo.contracts.journal import JournalRow, Partition
from mkondo.domain.decider import Message, ReplyTo
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.ports.log import COMMANDS, Inbox, Received, ReplyHandler
from mkondo.testing.simulation.life import Life
from mkondo.testing.simulation.weather import Weather

RECENT = 40


class Commands:
    """One commands topic's partition. `start` is the first offset that is still there."""

    def __init__(self) -> None:
        self.start = 0
        self.messages: list[Message] = []


class Carrier:
    """The durable half, shared by all processes."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.commands: defaultdict[Partition, Commands] = defaultdict(Commands)
        self.attachments: defaultdict[str, list[Attachment]] = defaultdict(list)
        self.handlers: list[tuple[Life, ReplyHandler]] = []
        self.published: defaultdict[str, list[int]] = defaultdict(list)
        """Per source, the sequences that the public event topics got, in order."""
        self.stopped: dict[Partition, str] = {}
        self._recent: defaultdict[str, list[Received]] = defaultdict(list)

    def append(self, partition: Partition, command: Message) -> None:
        self.commands[partition].messages.append(codec.decode(type(command).__name__, 1, codec.encode(command)))
        for attachment in self.attachments[str(partition)]:
            attachment.poll()

    def truncate(self, partition: Partition) -> None:
        """Somebody deletes what the topic holds."""
        topic = self.commands[partition]
        topic.start = len(topic.messages)

    def route(self, rows: Sequence[JournalRow]) -> None:
        weather = self.weather
        for row in rows:
            self.published[row.source].append(row.sequence)
            for route in row.routes:
                message = codec.decode(row.type, row.version, row.data)
                received = Received(row.source, row.sequence, route.previous, message)
                recent = self._recent[route.destination]
                recent.append(received)
                del recent[:-RECENT]
                for attachment in self.attachments[route.destination]:
                    if not weather.happens(weather.lost):
                        attachment.bring(received)
                    if weather.happens(weather.repeated):
                        attachment.bring(weather.random.choice(recent))

    def reply(self, replies: Sequence[tuple[ReplyTo, Message]]) -> None:
        weather = self.weather
        for reply_to, message in replies:
            copies = (not weather.happens(weather.lost)) + weather.happens(weather.repeated)
            for _ in range(copies):
                later(weather.lag() * 2, self._hear, reply_to, message)

    def _hear(self, reply_to: ReplyTo, message: Message) -> None:
        life, handler = self.handlers[reply_to.partition]
        if not life.dead:
            handler(reply_to.incarnation, message)


class Attachment:
    """One process reads one partition's topics. Rows of one source keep their order, sources overtake each other."""

    def __init__(self, carrier: Carrier, partition: Partition, inbox: Inbox, life: Life) -> None:
        self._carrier, self._partition, self._inbox, self._life = carrier, partition, inbox, life
        self._open = True
        self._arrives: defaultdict[str, float] = defaultdict(float)
        self._next = inbox.command_position()
        self._polling = False

    def bring(self, received: Received) -> None:
        """Deliver a row after a while."""
        loop = asyncio.get_running_loop()
        at = max(loop.time() + self._carrier.weather.lag() * 2, self._arrives[received.source] + 1e-6)
        self._arrives[received.source] = at
        loop.call_at(at, self._offer, received)

    def _offer(self, received: Received) -> bool:
        return self._open and not self._life.dead and self._inbox.offer(received)

    def poll(self) -> None:
        """Look for commands after a while."""
        if not self._polling:
            self._polling = True
            later(self._carrier.weather.lag() * 2, self._read)

    def _read(self) -> None:
        self._polling = False
        topic, weather = self._carrier.commands[self._partition], self._carrier.weather
        if not self._open or self._life.dead or self.lost(topic):
            return
        if weather.happens(weather.repeated):
            self._next = max(topic.start, self._next - weather.random.randrange(4))
        while self._next < len(topic.messages):
            received = Received(COMMANDS, self._next + 1, self._next, topic.messages[self._next])
            if not self._offer(received):
                return later(0.05, self.poll)
            self._next += 1

    def lost(self, topic: Commands) -> bool:
        """Stop, with a clear error, when commands are gone that nobody has read."""
        if self._next >= topic.start:
            return False
        self._carrier.stopped[self._partition] = (
            f"{self._partition} stands at command {self._next}, the topic begins at {topic.start}"
        )
        self.close()
        return True

    def close(self) -> None:
        self._open = False
        attachments = self._carrier.attachments[str(self._partition)]
        if self in attachments:
            attachments.remove(self)


class CarrierHandle:
    """ports/log.py, as one process reaches the carrier."""

    def __init__(self, carrier: Carrier, life: Life, attachment: type[Attachment] = Attachment) -> None:
        self._carrier, self._life, self._kind = carrier, life, attachment
        self._attached: dict[Partition, Attachment] = {}

    async def attach(self, partition: Partition, inbox: Inbox) -> None:
        await self._life.before(f"attach {partition}")
        self._close(partition)
        attachment = self._attached[partition] = self._kind(self._carrier, partition, inbox, self._life)
        self._carrier.attachments[str(partition)].append(attachment)
        if not attachment.lost(self._carrier.commands[partition]):
            self._carrier.stopped.pop(partition, None)
            attachment.poll()
        await self._life.lag()

    async def detach(self, partition: Partition) -> None:
        await self._life.lag()
        self._close(partition)

    def _close(self, partition: Partition) -> None:
        attachment = self._attached.pop(partition, None)
        if attachment is not None:
            attachment.close()

    async def publish(self, rows: Sequence[JournalRow], messages: Sequence[Message]) -> None:
        """An acknowledgement may be lost: then it is all published twice."""
        await self._life.before(f"publish {rows[0].source} {rows[0].sequence}")
        self._carrier.route(rows)
        await self._life.lag()
        if self._life.weather.happens(self._life.weather.refused):
            raise TryLater("the acknowledgement was lost")

    async def send_command(self, partition: Partition, command: Message) -> None:
        weather = self._life.weather
        await self._life.before(f"command {partition}")
        unknown = weather.happens(weather.unknown / 4)
        if not unknown or weather.random.random() < 0.5:
            self._carrier.append(partition, command)
            if weather.happens(weather.sent_twice):
                self._carrier.append(partition, command)
        await self._life.lag()
        if unknown:
            raise CommitUnknown("the acknowledgement of a command was lost")

    async def send_replies(self, replies: Sequence[tuple[ReplyTo, Message]]) -> None:
        await self._life.before("replies")
        self._carrier.reply(replies)

    async def listen(self, handler: ReplyHandler) -> int:
        self._carrier.handlers.append((self._life, handler))
        return len(self._carrier.handlers) - 1

    async def close(self) -> None:
        for partition in list(self._attached):
            self._close(partition)


def later(seconds: float, call: Callable[..., object], *arguments: Any) -> None:
    asyncio.get_running_loop().call_later(seconds, call, *arguments)
