"""What a processor keeps in memory of one partition that it owns. Worthless once the epoch has moved.

Read next: processor.py.
"""

import heapq
from collections.abc import Iterable, Mapping

import msgspec

from mkondo.contracts.journal import PartitionState
from mkondo.contracts.records import REFERENCE
from mkondo.domain.decider import Record
from mkondo.domain.ids import Instant, RecordKey
from mkondo.ports.log import COMMANDS, Received
from mkondo.runtime.batch import Decided
from mkondo.runtime.inbox import PartitionInbox
from mkondo.runtime.parking import ParkedMessages


class Timers:
    """The partition's records that want to be looked at again. A heap with lazy deletion."""

    def __init__(self, due: Mapping[RecordKey, Instant]) -> None:
        self._due = dict(due)
        self._heap = [(instant, key) for key, instant in self._due.items()]
        heapq.heapify(self._heap)

    def set(self, key: RecordKey, due: Instant | None) -> None:
        if due is None:
            self._due.pop(key, None)
        elif self._due.get(key) != due:
            self._due[key] = due
            heapq.heappush(self._heap, (due, key))

    def next(self) -> Instant | None:
        """The earliest instant, or None when no record waits."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def is_due(self, now: Instant) -> bool:
        earliest = self.next()
        return earliest is not None and earliest <= now

    def take(self, now: Instant, most: int) -> list[RecordKey]:
        """Records whose instant has come. They are not offered again until they are set again."""
        fired: list[RecordKey] = []
        while len(fired) < most:
            instant = self.next()
            if instant is None or instant > now:
                break
            key = heapq.heappop(self._heap)[1]
            del self._due[key]
            fired.append(key)
        return fired


class OwnedPartition:
    """The partition's row as last committed, its inbox, its records, its timers, its parked messages."""

    def __init__(
        self,
        state: PartitionState,
        inbox: PartitionInbox,
        timers: Timers,
        parked: ParkedMessages,
        room: int,
    ) -> None:
        self.state = state
        self.inbox = inbox
        self.timers = timers
        self.parked = parked
        self.records: dict[RecordKey, Record] = {}
        self._room = room

    def trim(self) -> None:
        """Keep memory bounded: the records that were loaded or made first go first; they can be loaded again."""
        surplus = len(self.records) - self._room
        if surplus > 0:
            for key in list(self.records)[: surplus + self._room // 10]:
                del self.records[key]

    def forget_references(self, batch: Iterable[RecordKey]) -> None:
        """References are immutable and proved absent by one query a batch: keeping them would only fill memory."""
        for key in batch:
            if key.startswith(REFERENCE):
                self.records.pop(key, None)


class Dropped(msgspec.Struct, frozen=True):
    """What must outlive a partition's dropped memory: commands that stand in no log, since their callers still wait.

    `unknown` is the batch whose COMMIT answer was lost; its own commands are in `batch`, those behind it in `waiting`.
    """

    batch: list[Received]
    waiting: list[Received]
    unknown: Decided | None


def direct_commands(batch: Iterable[Received]) -> list[Received]:
    """Commands that came without a number: they stand in no log."""
    return [received for received in batch if received.source == COMMANDS and not received.sequence]
