"""Batches as the columns of one statement, `mkondo_commit` of programs.sql. Read next: store.py.

What may hold any character is an array. What we made ourselves (numbers, names of types and partitions) is one text for
a whole column, which Postgres takes apart: of every element of an array the client library asks several times whether
it is an array itself, and that took as long as deciding.
"""

from collections.abc import Iterable, Sequence

import msgspec

from mkondo.contracts.journal import (
    JournalRow,
    PartitionBatch,
    StoredOutcome,
    StoredRecord,
    StoredReference,
    format_routes,
)
from mkondo.domain.ids import RecordKey

COMMIT = f"SELECT mkondo_commit({', '.join(f'${number}' for number in range(1, 31))})"

_encoder = msgspec.json.Encoder()
_SEPARATOR = "\x1f"


def arguments(batches: Sequence[PartitionBatch]) -> list[object]:
    """The arguments of COMMIT. Raises ValueError for rows that do not go on from the row before."""
    ordered = sorted(batches, key=lambda batch: str(batch.before.partition))
    for batch in ordered:
        _check_numbering(batch)
    rows = [row for batch in ordered for row in batch.rows]
    records = [(key, str(batch.before.partition), record) for batch in ordered for key, record in batch.records.items()]
    return [
        *_partitions(ordered),
        *_journal(rows),
        *_records(records),
        *_references([reference for batch in ordered for reference in batch.references]),
        *_outcomes([outcome for batch in ordered for outcome in batch.outcomes]),
    ]


def _check_numbering(batch: PartitionBatch) -> None:
    first, last = batch.before.last_sequence + 1, batch.after.last_sequence
    if len(batch.rows) != last + 1 - first or any(row.sequence != first + i for i, row in enumerate(batch.rows)):
        raise ValueError(f"{batch.before.partition}: {len(batch.rows)} rows do not lead from {first} to {last}")


def _partitions(batches: Sequence[PartitionBatch]) -> Iterable[list[object]]:
    yield [str(batch.before.partition) for batch in batches]
    yield [batch.before.epoch for batch in batches]
    yield [batch.before.last_sequence for batch in batches]
    yield [batch.after.last_sequence for batch in batches]
    yield [batch.after.time for batch in batches]
    yield [batch.after.head for batch in batches]
    yield [_encoder.encode(batch.after.positions).decode() for batch in batches]
    yield [_encoder.encode(batch.after.sent).decode() for batch in batches]


def _journal(rows: Sequence[JournalRow]) -> Iterable[object]:
    yield " ".join([row.source for row in rows])
    yield " ".join([str(row.sequence) for row in rows])
    yield " ".join([str(row.time) for row in rows])
    yield " ".join([row.type for row in rows])
    yield " ".join([str(row.version) for row in rows])
    yield [row.key for row in rows]
    yield [row.data for row in rows]
    yield "\n".join([format_routes(row.routes) for row in rows])
    yield " ".join(["" if row.seal is None else row.seal.hex() for row in rows])


def _records(records: Sequence[tuple[RecordKey, str, StoredRecord | None]]) -> Iterable[object]:
    kept = [(key, partition, record) for key, partition, record in records if record is not None]
    yield [key for key, _, _ in kept]
    yield " ".join([partition for _, partition, _ in kept])
    yield [record.data for _, _, record in kept]
    yield " ".join(["" if record.due is None else str(record.due) for _, _, record in kept])
    yield [key for key, _, record in records if record is None]
    yield [partition for _, partition, record in records if record is None]


def _references(references: Sequence[StoredReference]) -> Iterable[list[object]]:
    yield [reference.application for reference in references]
    yield [reference.third_party_conversation_id for reference in references]
    yield [reference.transaction_id for reference in references]
    yield [reference.payment_id for reference in references]
    yield [reference.data for reference in references]


def _outcomes(outcomes: Sequence[StoredOutcome]) -> Iterable[list[object]]:
    yield [outcome.name for outcome in outcomes]
    yield [outcome.data for outcome in outcomes]


def column(names: Sequence[str]) -> str:
    """Names as one text, which Postgres takes apart at the separator: no name holds a control character."""
    text = _SEPARATOR.join(names)
    if text.count(_SEPARATOR) != len(names) - 1:
        raise ValueError("a name holds a control character")
    return text
