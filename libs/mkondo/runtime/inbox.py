"""The inbox of one partition: bounded, and the place where loss and repeats are noticed (architecture rule 6).

Rows arrive per source, each naming the one before it. A repeat is dropped, the expected next one is taken, and anything
else puts that source *behind*: nothing more is taken from it until the processor has read the journal up to what it
missed. Read next: processor.py.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from mkondo.ports.log import COMMANDS, Received


class PartitionInbox:
    """Implements ports.log.Inbox for the partition's processor. Single-threaded."""

    def __init__(
        self,
        positions: Mapping[str, int],
        sources: Iterable[str],
        room: int,
        wake: Callable[[], None],
    ) -> None:
        self._queue: deque[Received] = deque()
        self._room = room
        self._wake = wake
        self._committed_commands = positions.get(COMMANDS, 0)
        self._taken = dict(positions)
        self._missed: dict[str, int] = {}
        self._seen_sent: dict[str, int] = {}
        self._open = True
        self.behind: set[str] = set(sources)
        """Sources to be read from the journal. At first all of them: what came before we listened was not offered."""

    def __len__(self) -> int:
        return len(self._queue)

    def offer(self, received: Received) -> bool:
        if not self._open:
            return False
        if received.source == COMMANDS:
            return self._offer_command(received)
        return self._offer_row(received)

    def _offer_command(self, received: Received) -> bool:
        if received.sequence and received.sequence <= self._taken.get(COMMANDS, 0):
            return True
        if len(self._queue) >= self._room:
            return False
        self._take(received)
        return True

    def _offer_row(self, received: Received) -> bool:
        source, position = received.source, self._taken.get(received.source, 0)
        if received.sequence <= position:
            return True
        if source not in self.behind and received.previous == position and len(self._queue) < self._room:
            self._take(received)
            return True
        self.behind.add(source)
        self._missed[source] = max(received.sequence, self._missed.get(source, 0))
        self._wake()
        return False

    def was_sent(self, source: str, sequence: int) -> None:
        """What a source's row in the store says of this channel: `sequence` was the last to go here. What was said the
        last time and has not come since is lost, even if nothing ever follows it."""
        if self._seen_sent.get(source, 0) > self._taken.get(source, 0):
            self.behind.add(source)
        self._seen_sent[source] = sequence

    def _take(self, received: Received) -> None:
        if received.sequence:
            self._taken[received.source] = received.sequence
        self._queue.append(received)
        self._wake()

    def command_position(self) -> int:
        return self._committed_commands

    def committed(self, position: int) -> None:
        """Commands up to this one are in the store: a carrier that starts again goes on after it."""
        self._committed_commands = position

    def position(self, source: str) -> int:
        """The last sequence of a source that was taken: where reading its journal goes on."""
        return self._taken.get(source, 0)

    def has_room(self) -> bool:
        return self._open and len(self._queue) < self._room

    def catch_up(self, source: str, rows: Iterable[Received], more: bool) -> None:
        """Rows read from the journal after `position(source)`, in order; `more` when the page was full."""
        for received in rows:
            if received.sequence > self._taken.get(source, 0):
                self._take(received)
        if not more and self._missed.get(source, 0) <= self._taken.get(source, 0):
            self.behind.discard(source)
            self._missed.pop(source, None)

    def take(self, most: int) -> list[Received]:
        """Up to that many messages, oldest first."""
        queue = self._queue
        if len(queue) <= most:
            batch = list(queue)
            queue.clear()
            return batch
        return [queue.popleft() for _ in range(most)]

    def put_back(self, batch: Iterable[Received]) -> None:
        """Messages that were taken but not committed, in their order: they go to the front again."""
        self._queue.extendleft(reversed(list(batch)))

    def close(self) -> list[Received]:
        """Take nothing more; what was waiting is returned, for its direct commands."""
        self._open = False
        waiting = list(self._queue)
        self._queue.clear()
        return waiting
