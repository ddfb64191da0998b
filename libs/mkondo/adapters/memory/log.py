"""The log of embedded mode: committed messages are handed over inside the process, decoded, without a copy.

It keeps nothing and runs nothing: a message that nobody takes is gone from here, and the consumer reads it from the
journal (rule 6). A command has no journal yet, so it is taken at once or its caller is told to try later.
Read next: ports/log.py for the promises, runtime for the inboxes.
"""

from collections.abc import Sequence

from mkondo.contracts.journal import JournalRow, Partition
from mkondo.domain.decider import Message, ReplyTo
from mkondo.ports.errors import TryLater
from mkondo.ports.log import COMMANDS, Inbox, Received, ReplyHandler


class MemoryLog:
    """A `Log` for processors and ingress in one process."""

    def __init__(self) -> None:
        self._inboxes: dict[str, Inbox] = {}
        self._handlers: list[ReplyHandler] = []

    async def attach(self, partition: Partition, inbox: Inbox) -> None:
        self._inboxes[str(partition)] = inbox

    async def detach(self, partition: Partition) -> None:
        self._inboxes.pop(str(partition), None)

    async def publish(self, rows: Sequence[JournalRow], messages: Sequence[Message]) -> None:
        for row, message in zip(rows, messages, strict=True):
            for route in row.routes:
                inbox = self._inboxes.get(route.destination)
                if inbox is not None:
                    inbox.offer(Received(row.source, row.sequence, route.previous, message))

    async def send_command(self, partition: Partition, command: Message) -> None:
        inbox = self._inboxes.get(str(partition))
        if inbox is None:
            raise TryLater(f"nobody owns {partition} yet")
        if not inbox.offer(Received(COMMANDS, 0, 0, command)):
            raise TryLater(f"{partition} has no room")

    async def send_replies(self, replies: Sequence[tuple[ReplyTo, Message]]) -> None:
        for reply_to, message in replies:
            if 0 <= reply_to.partition < len(self._handlers):
                self._handlers[reply_to.partition](reply_to.incarnation, message)

    async def listen(self, handler: ReplyHandler) -> int:
        self._handlers.append(handler)
        return len(self._handlers) - 1

    async def close(self) -> None:
        self._inboxes.clear()
        self._handlers.clear()
