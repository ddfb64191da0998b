"""A thousand single bytes changed in a real Postgres, in every column of the journal: each is found, and where it is.

Every change is made in the database, a few at once in as many sources; the whole environment is audited as `mkondo
verify` does it; and the changes are taken back. So are rows that are deleted, and rows that are slipped in.
Read next: runtime/audit/chain.py.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Any, NamedTuple

import asyncpg
import pytest

from mkondo.adapters.keys.ed25519 import is_signed
from mkondo.adapters.postgres.audit import PostgresAudit, connect_audit
from mkondo.adapters.postgres.digests import connect_digests
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.postgres.store import connect_store
from mkondo.domain.ids import Instant
from mkondo.runtime.audit import Report, Trust, verify_store
from mkondo.runtime.digests import Proofs, close_digest
from mkondo.testing.builders import NOW
from tests.unit.audit.history import eventful
from tests.unit.audit.spoil import SIGNER

CHANGES, AT_ONCE, ROWS = 1_000, 5, 60
COLUMNS = ("source", "sequence", "time", "type", "version", "key", "data", "routes", "seal")
WIDTHS = {"sequence": 8, "time": 8, "version": 4}
WHERE = re.compile(r"(\S+) sequence (-?\d+)(?: to (-?\d+))?")
AT = "SELECT FROM journal WHERE source = $1 AND sequence = $2"
CHANGE = "UPDATE journal SET {} = $3 WHERE source = $1 AND sequence = $2"
TRUST = Trust("sandbox", is_signed, SIGNER.public_key())


class Row(NamedTuple):
    source: str
    sequence: int
    time: int
    type: str
    version: int
    key: str
    data: bytes
    routes: str
    seal: bytes | None


class Books:
    """A small environment in Postgres, open to anybody's hands."""

    def __init__(self, connection: Any, audit: PostgresAudit) -> None:
        self._connection, self._audit = connection, audit
        self.rows: list[Row] = []

    async def read(self) -> None:
        found = await self.sql("SELECT * FROM journal ORDER BY source, sequence")
        self.rows = [Row(*row) for row in found]

    async def sql(self, statement: str, *values: object) -> Sequence[Sequence[Any]]:
        found: Sequence[Sequence[Any]] = await self._connection.fetch(statement, *values)
        return found

    async def audited(self) -> Report:
        return await verify_store(self._audit, trust=TRUST)

    def batch_of(self, row: Row) -> tuple[int, int]:
        """The first and the last sequence of its batch."""
        ends = [one.sequence for one in self.rows if one.source == row.source and one.seal is not None]
        end = next(number for number in ends if number >= row.sequence)
        return max((number for number in ends if number < row.sequence), default=0) + 1, end

    def names(self, report: Report, row: Row) -> bool:
        """Whether a problem points at this row, or at rows of its batch with it among them; never at more."""
        start, end = self.batch_of(row)
        for problem in report.problems:
            found = WHERE.fullmatch(problem.where)
            if found and found[1] == row.source:
                first, last = int(found[2]), int(found[3] or found[2])
                if start <= first <= row.sequence <= last <= end:
                    return True
        return False


@pytest.fixture
async def books(database: str) -> AsyncIterator[Books]:
    await initialise(database, "sandbox")
    store, digests = await connect_store(database, "sandbox"), await connect_digests(database)
    await eventful(store, 16, 7)
    await close_digest("sandbox", store, Proofs(digests, SIGNER), Instant(NOW))
    await store.close()
    await digests.close()
    connection, audit = await asyncpg.connect(database), await connect_audit(database, "sandbox")
    made = Books(connection, audit)
    await made.read()
    yield made
    await audit.close()
    await connection.close()


def changed(row: Row, column: str, random: Random) -> Any:
    """The column's value with one byte another. Texts stay texts: Postgres holds no others."""
    value = getattr(row, column)
    if isinstance(value, int):
        data = value.to_bytes(WIDTHS[column], "big", signed=True)
    else:
        data = value if isinstance(value, bytes) else value.encode()
    place = random.randrange(len(data))
    others = range(256) if isinstance(value, int | bytes) else range(1, 128)
    other = random.choice([byte for byte in others if byte != data[place]])
    data = data[:place] + bytes([other]) + data[place + 1 :]
    if isinstance(value, int):
        return int.from_bytes(data, "big", signed=True)
    return data if isinstance(value, bytes) else data.decode()


class Change(NamedTuple):
    """One byte of one column, and where the row stands with it."""

    row: Row
    column: str
    value: object
    source: str
    sequence: int


async def some_changes(books: Books, random: Random) -> list[Change]:
    """Of that many sources, one each: so what is found of one source is found of its change."""
    changes: list[Change] = []
    while len(changes) < AT_ONCE:
        row, column = random.choice(books.rows), random.choice(COLUMNS)
        if not getattr(row, column):
            continue  # No byte to change: no seal here, nobody to tell.
        value = changed(row, column, random)
        moved = row._replace(**{column: value})
        used = {name for change in changes for name in (change.row.source, change.source)}
        if {row.source, moved.source} & used:
            continue
        if column in ("source", "sequence") and await books.sql(AT, moved.source, moved.sequence):
            continue  # Postgres refuses two rows in one place.
        changes.append(Change(row, column, value, moved.source, moved.sequence))
    return changes


@pytest.mark.timeout(180)
async def test_a_thousand_changed_bytes_are_a_thousand_found_and_located(books: Books) -> None:
    random, made = Random(20261126), Counter[str]()
    assert (await books.audited()).problems == ()
    while made.total() < CHANGES:
        changes = await some_changes(books, random)
        for row, column, value, *_ in changes:
            await books.sql(CHANGE.format(column), row.source, row.sequence, value)
        report = await books.audited()
        for row, column, value, source, sequence in changes:
            assert books.names(report, row), (row, column, value, report.problems[:9])
            await books.sql(CHANGE.format(column), source, sequence, getattr(row, column))
            made[column] += 1
    assert set(made) == set(COLUMNS)
    assert (await books.audited()).problems == ()


async def test_a_missing_row_is_found_and_located(books: Books) -> None:
    for row in Random(1).sample(books.rows, ROWS):
        await books.sql("DELETE FROM journal WHERE source = $1 AND sequence = $2", row.source, row.sequence)
        assert books.names(await books.audited(), row), row
        await books.sql("INSERT INTO journal VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", *row)
    assert (await books.audited()).problems == ()


async def test_an_inserted_row_is_found_and_located(books: Books) -> None:
    """A copy of a row behind it, in its own batch; what follows is numbered anew, and the partition's row says so."""
    move = "UPDATE journal SET sequence = $3 - sequence WHERE source = $1 AND sequence BETWEEN $2 AND $4"
    for row in Random(2).sample(books.rows, ROWS):
        behind, end = row.sequence + 1, 2**40
        await books.sql(move, row.source, behind, 0, end)
        await books.sql("UPDATE journal SET sequence = 1 - sequence WHERE source = $1 AND sequence < 0", row.source)
        slipped = row._replace(sequence=behind, seal=None) if row.seal is None else row._replace(sequence=behind)
        await books.sql("INSERT INTO journal VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", *slipped)
        await books.sql("UPDATE partition SET last_sequence = last_sequence + 1 WHERE name = $1", row.source)
        report = await books.audited()
        assert (await grown(books)).names(report, slipped), (row, report.problems[:5])
        await books.sql("DELETE FROM journal WHERE source = $1 AND sequence = $2", row.source, behind)
        await books.sql(move, row.source, behind, 0, end)
        await books.sql("UPDATE journal SET sequence = -1 - sequence WHERE source = $1 AND sequence < 0", row.source)
        await books.sql("UPDATE partition SET last_sequence = last_sequence - 1 WHERE name = $1", row.source)
    assert (await books.audited()).problems == ()


async def grown(books: Books) -> Books:
    """The books as they are now: batches end where they end now."""
    now = Books(books._connection, books._audit)
    await now.read()
    return now
