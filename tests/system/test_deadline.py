"""A stage that is delayed past the deadline: whoever was told that a payment failed is never debited for it.

The platform here has a deadline of two seconds. Either its Postgres is stopped whole, as by a machine that pauses, or
the ledger's partition rows are locked, so that admission goes on and the ledger can't.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
import pytest

from mkondo.domain.payment import PaymentCompleted
from mkondo.testing.platform import RunningPlatform
from tests.system.books import Books, read_books
from tests.system.conftest import temporary_folder
from tests.system.merchant import Answer, Merchant, merchant_of

pytestmark = pytest.mark.timeout(120)

DEADLINE, GRACE, LOOK = 2.0, 3.0, 1.5
SLACK = 3.0
"""What a busy machine may add."""

Told = dict[str, tuple[Answer, float]]
"""Answer and the seconds it took, by ThirdPartyConversationID."""


@pytest.fixture(scope="module")
def hasty() -> Iterator[RunningPlatform]:
    with temporary_folder() as folder:
        environment = {"MKONDO_DEADLINE_MS": str(int(DEADLINE * 1000))}
        with RunningPlatform(folder / "data", environment=environment) as platform:
            yield platform


async def test_a_ledger_that_comes_back_after_the_deadline_moves_nothing(hasty: RunningPlatform) -> None:
    """Its callers still wait, so they are told for certain."""
    async with merchant_of(hasty, connections=40) as merchant:
        async with locked_ledger(hasty):
            before = [asyncio.create_task(timed(merchant)) for _ in range(20)]
            after = [asyncio.create_task(timed(merchant, wait=0.3)) for _ in range(20)]
            await asyncio.sleep(DEADLINE + 0.8)
        told = dict(await asyncio.gather(*before, *after))
        books = await check_agreement(hasty, merchant, told)
    late = [name for name, (answer, _) in told.items() if answer.status == 408]
    assert len(late) >= 20, "the lock delayed nothing, or what was late was made all the same"
    assert all(told[name][0].said("TransactionID") != "N/A" for name in late)
    assert not any(books.posted[name] for name in late)


async def test_a_store_that_pauses_past_the_deadline_and_the_patience_of_callers_tells_nobody_a_lie(
    hasty: RunningPlatform,
) -> None:
    async with merchant_of(hasty, connections=60) as merchant:
        assert (await merchant.pay()).status == 201
        with paused(hasty):
            paying = [asyncio.create_task(timed(merchant)) for _ in range(60)]
            told = dict(await asyncio.gather(*paying))
        assert {answer.status for answer, _ in told.values()} <= {408, 503}
        await until_it_pays(merchant)
        await check_agreement(hasty, merchant, told)


async def test_payments_in_full_flight_when_the_store_pauses_end_one_way_only(hasty: RunningPlatform) -> None:
    """Some are in the middle of their commit: nobody can know yet, so they are told to ask, and the query knows."""
    async with merchant_of(hasty, connections=64) as merchant:
        told: Told = {}
        stop = asyncio.Event()
        clients = [asyncio.create_task(keep_paying(merchant, stop, told)) for _ in range(64)]
        await until(lambda: len(told) > 200)
        with paused(hasty):
            await asyncio.sleep(DEADLINE + GRACE + LOOK)
        await until(lambda: sum(answer.status == 201 for answer, _ in list(told.values())[-64:]) > 32)
        stop.set()
        await asyncio.gather(*clients)
        await check_agreement(hasty, merchant, told)


async def check_agreement(platform: RunningPlatform, merchant: Merchant, told: Told) -> Books:
    """Answer, query, event and ledger say the same of every payment, and nobody waited beyond the contract's time."""
    for answer, seconds in told.values():
        assert seconds < DEADLINE + GRACE + LOOK + SLACK, (answer, seconds)
    said = await until_settled(merchant, list(told))
    books = await read_books(platform)
    for name, (answer, _) in told.items():
        endings, posted = books.endings[name], books.posted[name]
        match answer.status:
            case 201:
                assert (posted, said[name]) == (1, "Completed"), (answer, said[name])
            case 503:
                assert (posted, said[name], endings) == (0, "INS-23", []), (answer, said[name])
            case 408 if answer.said("TransactionID") != "N/A":
                assert (posted, said[name]) == (0, "Expired"), (answer, said[name])
            case 408:  # "not known, query"
                assert said[name] in ("Completed", "Expired", "INS-23"), (answer, said[name])
            case _:
                raise AssertionError(f"an answer that nobody asked for: {answer}")
        assert posted == (said[name] == "Completed"), name
        assert [isinstance(ending, PaymentCompleted) for ending in endings] == [bool(posted)] * len(endings)
        assert len(endings) == (said[name] != "INS-23"), name
    return books


async def until_settled(merchant: Merchant, names: list[str]) -> dict[str, str]:
    """What the query says of each payment in the end: its status, or the code when it knows of none."""
    said: dict[str, str] = {}
    async with asyncio.timeout(30):
        while waiting := [name for name in names if said.get(name) in (None, "In Progress")]:
            for name, answer in zip(waiting, await asyncio.gather(*map(merchant.status, waiting)), strict=True):
                said[name] = answer.said("ResponseTransactionStatus") if answer.status == 200 else answer.code
    return said


async def timed(merchant: Merchant, wait: float = 0.0) -> tuple[str, tuple[Answer, float]]:
    await asyncio.sleep(wait)
    fields = merchant.c2b(Amount="1.00")
    began = time.monotonic()
    answer = await merchant.pay(fields)
    return fields["input_ThirdPartyConversationID"], (answer, time.monotonic() - began)


async def keep_paying(merchant: Merchant, stop: asyncio.Event, told: Told) -> None:
    while not stop.is_set():
        name, answer = await timed(merchant)
        told[name] = answer


async def until_it_pays(merchant: Merchant) -> None:
    async with asyncio.timeout(30):
        while (await merchant.pay()).status != 201:
            await asyncio.sleep(0.05)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


@contextmanager
def paused(platform: RunningPlatform) -> Iterator[None]:
    """Every process of its Postgres stands still."""
    processes = platform.postgres()
    assert processes
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            if process.is_running():
                process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def locked_ledger(platform: RunningPlatform) -> AsyncIterator[None]:
    """No partition of the ledger can commit."""
    connection = await asyncpg.connect(platform.dsn())
    try:
        await connection.execute("SET idle_in_transaction_session_timeout = 0")
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM partition WHERE name LIKE 'ledger/%' FOR UPDATE")
            yield
    finally:
        await connection.close()
