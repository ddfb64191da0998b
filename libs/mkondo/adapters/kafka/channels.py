"""What becomes of a record that was read: rows and commands are offered to an inbox, replies to a handler.

Read next: log.py, which makes them, and reader.py, which calls them.
"""

import logging

from aiokafka import ConsumerRecord

from mkondo.adapters.kafka.positions import sequence_of, standing_of
from mkondo.adapters.kafka.wire import read_incarnation, read_message, read_row
from mkondo.contracts.codec import Unreadable
from mkondo.ports.log import COMMANDS, Inbox, Received, ReplyHandler

log = logging.getLogger(__name__)


class Rows:
    """Takes the records of an inbox topic. One that the inbox refuses is dropped: it is in the journal."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def take(self, record: ConsumerRecord) -> bool:
        self._inbox.offer(read_row(record.headers, record.value))
        return True


class Commands:
    """Takes the records of a commands topic. One that the inbox refuses is offered again: it is nowhere else."""

    def __init__(self, inbox: Inbox, incarnation: int) -> None:
        self._inbox = inbox
        self._incarnation = incarnation
        self.position = inbox.command_position()

    @property
    def standing(self) -> int:
        return standing_of(self.position, self._incarnation)

    def take(self, record: ConsumerRecord) -> bool:
        sequence = sequence_of(self._incarnation, record.offset)
        message = read_message(record.headers, record.value)
        if not self._inbox.offer(Received(COMMANDS, sequence, self.position, message)):
            return False
        self.position = sequence
        return True


class Replies:
    """Takes the records of this process's reply partition. They are hints, so one that can't be read is dropped."""

    def __init__(self) -> None:
        self.handlers: list[ReplyHandler] = []

    def take(self, record: ConsumerRecord) -> bool:
        try:
            incarnation, message = read_incarnation(record.headers), read_message(record.headers, record.value)
        except Unreadable as trouble:
            log.warning("reply dropped", extra={"trouble": str(trouble)})
            return True
        for handler in self.handlers:
            handler(incarnation, message)
        return True
