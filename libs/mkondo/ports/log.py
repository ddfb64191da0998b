"""The log: how messages travel between processes. The journals in the store are the truth; the log is their carrier."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from mkondo.contracts.journal import JournalRow, Partition
from mkondo.domain.decider import Message, ReplyTo

COMMANDS = "commands"
"""The channel of commands, beside the channels named after sources."""


class Received(msgspec.Struct, frozen=True):
    """One message for one partition: a journal row that was routed here, or a command.

    For a row, `source`, `sequence` and `previous` are the channel's (rule 6). For a command `source` is "commands"; on
    Kafka `sequence` names the topic's incarnation and the offset (adapters/kafka/positions.py) and `previous` is the
    one before it; in embedded mode both are 0: its caller is still waiting, so it need not be numbered. `message` is
    the decoded command or event.
    """

    source: str
    sequence: int
    previous: int
    message: Message


class Inbox(Protocol):
    """The receiving end of one partition, kept by its processor. Bounded."""

    def offer(self, received: Received) -> bool:
        """Take one message in. False: no room (or not owned here any more), it was not taken; for a row the processor
        will read it from the journal later, for a command the caller must be told to try later."""
        ...

    def command_position(self) -> int:
        """The sequence of the last command taken and committed, from which a numbered channel goes on."""
        ...


ReplyHandler = Callable[[str, Message], None]
"""Called with the incarnation a reply is for and the event that is the reply."""


class Log(Protocol):
    """Carries commands, journal rows and replies. Every method but `detach`, which asks nobody, may raise TryLater:
    certainly nothing was sent. `send_command` may raise CommitUnknown between processes: perhaps it was sent.

    Promises, each a test of the conformance suite:

    - Rows published in order by one source arrive at each destination partition in that order; some may arrive twice.
    - A row is offered to the inboxes of its routes, wherever they are attached; what can't be delivered is dropped (the
      consumer notices by `previous`, or reads the journal when it attaches).
    - A command whose `send_command` returned is offered to the owner's inbox, once or more, or its partition stops with
      a clear error; in embedded mode it raises TryLater when the inbox has no room or has no owner.
    - Nothing is offered to an inbox after `detach` has returned.
    - Replies reach the handler of the process with that reply partition, at most a hint: they may be lost.
    """

    async def attach(self, partition: Partition, inbox: Inbox) -> None:
        """Begin to offer this partition's messages. What was published before may be missing: read the journal."""
        ...

    async def detach(self, partition: Partition) -> None: ...

    async def publish(self, rows: Sequence[JournalRow], messages: Sequence[Message]) -> None:
        """Committed rows of one source, in order, with their decoded events (same length)."""
        ...

    async def send_command(self, partition: Partition, command: Message) -> None: ...

    async def send_replies(self, replies: Sequence[tuple[ReplyTo, Message]]) -> None: ...

    async def listen(self, handler: ReplyHandler) -> int:
        """Begin to receive replies in this process; returns the reply partition to ask with."""
        ...

    async def close(self) -> None: ...
