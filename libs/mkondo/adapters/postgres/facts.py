"""Facts for the ingress: concurrent look-ups of one kind share one query.

While a query runs, look-ups gather; the next query takes them all. So the number of queries stays the same however many
requests there are. Read next: store.py.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Generic, TypeVar

from mkondo.adapters.postgres.connections import Connections, reading
from mkondo.contracts.journal import StoredOutcome, StoredReference
from mkondo.domain.ids import RecordKey

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_RECORDS = "SELECT key, data FROM record WHERE key = ANY ($1::text[])"
_OUTCOMES = "SELECT name, data FROM outcome WHERE name = ANY ($1::text[])"
_REFERENCES = """
WITH asked AS (SELECT * FROM unnest($1::text[], $2::text[]) AS asked (application, text))
SELECT 1 AS rank, asked.text, r.* FROM asked
  JOIN reference r ON r.transaction_id = asked.text AND r.application = asked.application
UNION ALL
SELECT 2, asked.text, r.* FROM asked
  JOIN reference r ON r.payment_id = asked.text AND r.application = asked.application
UNION ALL
SELECT 3, asked.text, r.* FROM asked
  JOIN reference r ON r.third_party_conversation_id = asked.text AND r.application = asked.application
ORDER BY rank DESC
"""
_TRANSACTIONS = "SELECT * FROM reference WHERE transaction_id = ANY ($1::text[])"


class Gathered(Generic[_Key, _Value]):
    """One query at a time, each for all the keys that were asked for while the last one ran."""

    def __init__(self, fetch: Callable[[Collection[_Key]], Awaitable[Mapping[_Key, _Value]]]) -> None:
        self._fetch = fetch
        self._waiting: dict[_Key, asyncio.Future[_Value | None]] = {}
        self._runner: asyncio.Task[None] | None = None

    async def get(self, key: _Key) -> _Value | None:
        """The value as of now or later: a query that has already begun is never waited for."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return await asyncio.shield(future)

    async def _run(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                await self._answer(asked)
        finally:
            self._runner = None

    async def _answer(self, asked: Mapping[_Key, asyncio.Future[_Value | None]]) -> None:
        try:
            found = await self._fetch(asked.keys())
        except Exception as trouble:  # Not the end of it: everyone who asked receives it.
            for future in asked.values():
                future.set_exception(trouble)
                future.exception()  # Whoever asked may have gone: then nobody has to look at it.
        except asyncio.CancelledError:
            for future in asked.values():
                future.cancel()
            raise
        else:
            for key, future in asked.items():
                future.set_result(found.get(key))


class PostgresFacts:
    """Facts of one environment (ports/store.py)."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._records = Gathered(self._fetch_records)
        self._references = Gathered(self._fetch_references)
        self._transactions = Gathered(self._fetch_transactions)
        self._outcomes = Gathered(self._fetch_outcomes)

    async def record(self, key: RecordKey) -> bytes | None:
        return await self._records.get(key)

    async def reference(self, application: str, text: str) -> StoredReference | None:
        if "\0" in text:
            return None  # Not a text for Postgres, so nobody's name either.
        return await self._references.get((application, text))

    async def transaction(self, transaction_id: str) -> StoredReference | None:
        return None if "\0" in transaction_id else await self._transactions.get(transaction_id)

    async def outcome(self, name: str) -> StoredOutcome | None:
        return await self._outcomes.get(name)

    async def _fetch_records(self, keys: Collection[RecordKey]) -> Mapping[RecordKey, bytes]:
        async with reading(self._connections) as connection:
            return {row["key"]: row["data"] for row in await connection.fetch(_RECORDS, list(keys))}

    async def _fetch_outcomes(self, names: Collection[str]) -> Mapping[str, StoredOutcome]:
        async with reading(self._connections) as connection:
            rows = await connection.fetch(_OUTCOMES, list(names))
        return {row["name"]: StoredOutcome(row["name"], row["data"]) for row in rows}

    async def _fetch_references(self, keys: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], StoredReference]:
        async with reading(self._connections) as connection:
            rows = await connection.fetch(_REFERENCES, [key[0] for key in keys], [key[1] for key in keys])
        # The best rank comes last, and stays.
        return {(row["application"], row["text"]): _reference(row) for row in rows}

    async def _fetch_transactions(self, ids: Collection[str]) -> Mapping[str, StoredReference]:
        async with reading(self._connections) as connection:
            return {row["transaction_id"]: _reference(row) for row in await connection.fetch(_TRANSACTIONS, list(ids))}


def _reference(row: Any) -> StoredReference:
    return StoredReference(
        row["application"],
        row["third_party_conversation_id"],
        row["transaction_id"],
        row["payment_id"],
        row["data"],
    )
