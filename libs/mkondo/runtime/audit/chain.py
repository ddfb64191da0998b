"""One partition's journal, row by row: numbers without gaps, an unbroken hash chain, channels that name their
`previous`.

And what replaying it gives: the records, from nothing, by the decider's own `evolve`. Read next: money.py.
"""

from collections.abc import Iterable

from mkondo.contracts import codec
from mkondo.contracts.journal import JournalRow, Partition, PartitionState, seal
from mkondo.domain.decider import Decider, Event, Record
from mkondo.domain.ids import Instant, RecordKey, partition_of
from mkondo.domain.request import Reference
from mkondo.runtime.audit.report import Findings

NOTHING_READ = -(2**63)
"""Below any number that a row can have: one that somebody slipped in before the first is read too."""

TIME_END = 253_000_000_000_000
"""In the year 9987: no event is later, and a calendar has an end."""


class Journal:
    """Follows one source from its first row. `records` is what its events have made so far."""

    def __init__(
        self, partition: Partition, decider: Decider, state: PartitionState | None, findings: Findings
    ) -> None:
        self.partition = partition
        self.name = str(partition)
        self.state = state or PartitionState(partition, epoch=0)
        self.records: dict[RecordKey, Record] = {}
        self.last = 0
        self.read = NOTHING_READ
        """The number of the row that was read last, whatever it is worth."""
        self.time = Instant(0)
        self._decider, self._findings = decider, findings
        self._sent: dict[str, int] = {}
        self._head = b""
        self._batch: list[JournalRow] = []
        self._batch_start = 1

    def wrong(self, sequence: int, what: str) -> None:
        self._findings.wrong(f"{self.name} sequence {sequence}", what)

    def follow(self, row: JournalRow) -> Event | None:
        """Check the row, fold its event. None: its bytes can't be read or its event can't have happened."""
        self.read = row.sequence
        if row.sequence < 1:
            self.wrong(row.sequence, "there is no such row: the first one is 1")
            return None
        self._check_number(row)
        self._check_routes(row)
        self._check_chain(row)
        self._findings.count("events")
        if not 0 <= row.time < TIME_END:
            self.wrong(row.sequence, f"its time {row.time} is in no calendar")
            return None
        try:
            event = codec.decode(row.type, row.version, row.data)
            self._fold(row, event)
        except (codec.Unreadable, LookupError, TypeError, ValueError) as trouble:
            self.wrong(row.sequence, f"can't be replayed: {trouble!r}")
            return None
        return event

    def _check_number(self, row: JournalRow) -> None:
        if row.sequence > self.last + 1:
            gap = "row" if row.sequence == self.last + 2 else f"rows up to {row.sequence - 1}"
            self.wrong(self.last + 1, f"{gap} missing")
        if row.time < self.time:
            self.wrong(row.sequence, f"its time {row.time} is before that of the row before it, {self.time}")
        self.last, self.time = row.sequence, row.time

    def _check_routes(self, row: JournalRow) -> None:
        for route in row.routes:
            before = self._sent.get(route.destination, 0)
            if route.previous != before:
                self.wrong(row.sequence, f"to {route.destination}: previous is {route.previous}, was {before}")
            self._sent[route.destination] = row.sequence

    def _check_chain(self, row: JournalRow) -> None:
        """Batch by batch. After a broken one the chain goes on from the seal that is stored, so each is told once."""
        if not self._batch:
            self._batch_start = row.sequence
        self._batch.append(row)
        if row.seal is None:
            return
        if seal(self._head, self._batch) != row.seal:
            self._findings.wrong(
                f"{self.name} sequence {self._batch_start} to {row.sequence}", "the hash chain breaks in this batch"
            )
        self._head = row.seal
        self._batch.clear()
        self._findings.count("batches")

    def _fold(self, row: JournalRow, event: Event) -> None:
        key = self._decider.key(event)
        if key != row.key:
            self.wrong(row.sequence, f"its key is {row.key!r}, the event says {key!r}")
        if partition_of(key) != self.partition.number:
            self.wrong(row.sequence, f"{key!r} belongs to partition {partition_of(key)}")
        for name, record in self._decider.evolve(self.records, event).items():
            if isinstance(record, Reference):
                continue  # An immutable fact of its own: payments.py compares it.
            if record is None:
                self.records.pop(name, None)
            else:
                self.records[name] = record

    def finish(self) -> None:
        """The partition's row must say what the journal ends with."""
        state = self.state
        if self._batch:
            self.wrong(self.last, f"no seal after the rows from {self._batch_start} on")
        if state.last_sequence > self.last:
            rows = f"{self.name} sequence {self.last + 1} to {state.last_sequence}"
            self._findings.wrong(rows, "missing: the partition's row says that they were committed")
        elif not self._batch and state.head != self._head:
            self._findings.wrong(self.name, "the head of the hash chain is not the journal's last seal")
        for what, says, is_so in (
            ("last sequence", state.last_sequence, self.last),
            ("channels sent", state.sent, self._sent),
        ):
            if says != is_so:
                self._findings.wrong(self.name, f"the partition row's {what} is {says}, the journal's {is_so}")
        if state.time < self.time:
            self._findings.wrong(self.name, "the partition time is before the journal's last row")

    def has_sent(self, destination: str) -> int:
        return self._sent.get(destination, 0)


def check_positions(journals: Iterable[Journal], findings: Findings) -> None:
    """Nobody may have taken a message that was not sent."""
    by_name = {journal.name: journal for journal in journals}
    for journal in by_name.values():
        for source, position in journal.state.positions.items():
            sender = by_name.get(source)
            if sender is None:
                continue
            sent = sender.has_sent(journal.name)
            if position > sent:
                findings.wrong(journal.name, f"has taken {source} up to {position}, which sent up to {sent}")
