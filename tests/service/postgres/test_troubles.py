"""What the store says when Postgres is away, busy, hangs or dies in the middle: never more than it knows."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
import psutil
import pytest

from mkondo.adapters.postgres.connections import Connection
from mkondo.adapters.postgres.schema import initialise
from mkondo.adapters.postgres.server import PostgresServer
from mkondo.adapters.postgres.store import PostgresStore, connect_store
from mkondo.adapters.postgres.views import connect_views
from mkondo.contracts.journal import Partition, PartitionState, StoredRecord
from mkondo.domain.ids import RecordKey
from mkondo.ports.errors import CommitUnknown, Fenced, TryLater
from mkondo.testing.conformance.store import ADMISSION, batch, records

HOLD = RecordKey("hold/a")


@pytest.fixture
async def server() -> AsyncIterator[PostgresServer]:
    """One that a test may stop, freeze and kill."""
    parent = Path(tempfile.mkdtemp(prefix="mkondo-server-"))
    parent.chmod(0o755)
    server = PostgresServer(parent / "postgres", settings={"fsync": "off"})
    await server.start()
    await server.create_database("sandbox")
    await initialise(server.dsn("sandbox"), "sandbox")
    yield server
    await server.stop()
    shutil.rmtree(parent)


@pytest.fixture
async def store(server: PostgresServer) -> AsyncIterator[PostgresStore]:
    store = await connect_store(server.dsn("sandbox"), "sandbox", patience_seconds=1.0)
    yield store
    await store.close()


@asynccontextmanager
async def held_row(server: PostgresServer, partition: Partition = ADMISSION) -> AsyncIterator[Connection]:
    """The partition's row is locked by somebody else for as long as the block lasts. Yields a third connection."""
    holder, onlooker = [await asyncpg.connect(server.dsn("sandbox")) for _ in range(2)]
    try:
        async with holder.transaction():
            await holder.execute("SELECT FROM partition WHERE name = $1 FOR UPDATE", str(partition))
            yield onlooker
    finally:
        holder.terminate()
        onlooker.terminate()


async def until_commits_wait(onlooker: Connection, count: int = 1) -> list[int]:
    """The process ids of the server's side of so many commits that wait for a row."""
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'SELECT mkondo_commit%'"
    async with asyncio.timeout(10):
        while True:
            found = await onlooker.fetch(waiting)
            if len(found) >= count:
                return [row["pid"] for row in found]
            await asyncio.sleep(0.01)


async def everything_else(store: PostgresStore) -> list[BaseException | object]:
    """What each method that only reads, or may be repeated, answers."""
    return await asyncio.gather(
        store.acquire(ADMISSION, "one"),
        store.load({ADMISSION: [HOLD]}),
        store.load_kind(ADMISSION, "hold"),
        store.page(ADMISSION, "hold", "", 1),
        store.due(ADMISSION),
        store.read_journal("admission/0", 0, 1),
        store.states(),
        store.claim("one", ["admission"], 1),
        store.release("one"),
        store.watermarks(),
        store.move_watermark("admission/0", 1),
        store.record(HOLD),
        store.reference("app", "name"),
        store.outcome("p1"),
        return_exceptions=True,
    )


async def test_without_a_server_everything_is_try_later_and_goes_on_when_it_is_back(
    server: PostgresServer, store: PostgresStore
) -> None:
    before = await store.acquire(ADMISSION, "one")
    await server.stop()
    assert {type(answer) for answer in await everything_else(store)} == {TryLater}
    with pytest.raises(TryLater):
        await store.commit([batch(before)])
    with pytest.raises(TryLater):
        await connect_store(server.dsn("sandbox"), "sandbox")
    with pytest.raises(TryLater):
        await (await connect_views(server.dsn("sandbox"))).positions()
    await server.start()
    await store.commit([batch(before, records=records(a="1"))])
    assert await store.load({ADMISSION: [HOLD]}) == {HOLD: b"1"}


async def test_a_connection_lost_in_a_commit_leaves_it_unknown(server: PostgresServer, store: PostgresStore) -> None:
    before = await store.acquire(ADMISSION, "one")
    async with held_row(server) as onlooker:
        commit = asyncio.create_task(store.commit([batch(before)]))
        await onlooker.execute("SELECT pg_terminate_backend($1)", (await until_commits_wait(onlooker))[0])
        with pytest.raises(CommitUnknown):
            await commit
    assert await store.acquire(ADMISSION, "one") == PartitionState(ADMISSION, epoch=2)


async def test_a_server_killed_during_a_commit_leaves_it_unknown(server: PostgresServer, store: PostgresStore) -> None:
    before = await store.acquire(ADMISSION, "one")
    supervisor = asyncio.create_task(server.supervise())
    async with killed_when_a_commit_waits(server):
        with pytest.raises(CommitUnknown):
            await store.commit([batch(before)])
    async with asyncio.timeout(30):
        while (state := await try_to_acquire(store)) is None:
            await asyncio.sleep(0.02)
    assert state.last_sequence == 0
    await server.stop()
    await supervisor


@asynccontextmanager
async def killed_when_a_commit_waits(server: PostgresServer) -> AsyncIterator[None]:
    """Postgres is killed as soon as a commit of the block waits for the row."""
    holder, onlooker = [await asyncpg.connect(server.dsn("sandbox")) for _ in range(2)]
    await holder.execute("BEGIN; SELECT FROM partition FOR UPDATE")

    async def kill() -> None:
        await until_commits_wait(onlooker)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)

    async with asyncio.TaskGroup() as group:
        group.create_task(kill())
        yield
    holder.terminate()
    onlooker.terminate()


async def try_to_acquire(store: PostgresStore) -> PartitionState | None:
    try:
        return await store.acquire(ADMISSION, "one")
    except TryLater:
        return None


async def test_a_row_held_too_long_is_try_later_and_nothing_was_done(
    server: PostgresServer, store: PostgresStore
) -> None:
    before = await store.acquire(ADMISSION, "one")
    async with held_row(server):
        with pytest.raises(TryLater):
            await store.commit([batch(before)])
    await store.commit([batch(before)])


async def test_owners_that_commit_the_same_partitions_in_different_orders_never_wait_in_a_circle(
    server: PostgresServer,
) -> None:
    store = await connect_store(server.dsn("sandbox"), "sandbox")
    befores = [await store.acquire(Partition("ledger", number), "one") for number in range(3)]
    async with held_row(server, Partition("ledger", 1)) as onlooker:
        one = asyncio.create_task(store.commit([batch(before) for before in befores]))
        await until_commits_wait(onlooker)
        two = asyncio.create_task(store.commit([batch(before) for before in reversed(befores)]))
        await until_commits_wait(onlooker, 2)
    await one
    with pytest.raises(Fenced):
        await two
    await store.close()


async def test_a_server_that_hangs_does_not_hang_us(server: PostgresServer, store: PostgresStore) -> None:
    before = await store.acquire(ADMISSION, "one")
    await store.record(HOLD)
    assert server.pid is not None
    postmaster = psutil.Process(server.pid)
    frozen = [postmaster, *postmaster.children()]
    try:
        for process in frozen:
            process.suspend()
        async with asyncio.timeout(10):
            with pytest.raises(CommitUnknown):
                await store.commit([batch(before)])
            with pytest.raises(TryLater):
                await store.record(HOLD)
    finally:
        for process in frozen:
            process.resume()
    now = await store.acquire(ADMISSION, "one")
    assert (now.epoch, now.last_sequence) in {(2, 0), (2, 1)}
    with pytest.raises(Fenced):
        await store.commit([batch(before)])


async def test_a_cancelled_commit_does_not_spoil_the_next(server: PostgresServer, store: PostgresStore) -> None:
    before = await store.acquire(ADMISSION, "one")
    async with held_row(server) as onlooker:
        commit = asyncio.create_task(store.commit([batch(before)]))
        await until_commits_wait(onlooker)
        commit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await commit
        assert await store.load({ADMISSION: [HOLD]}) == {}
    now = await store.acquire(ADMISSION, "one")
    await store.commit([batch(now)])


async def test_an_argument_that_cannot_be_stored_is_a_bug_not_a_lost_connection(store: PostgresStore) -> None:
    before = await store.acquire(ADMISSION, "one")
    with pytest.raises(asyncpg.DataError, match="invalid input"):
        await store.commit([batch(before, records={HOLD: StoredRecord(msgspec.json.decode(b'"text"'))})])
    await store.commit([batch(before)])
