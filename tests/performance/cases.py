"""The cases of the benchmark: each starts what it measures, fills in its figures and checks the books.

Read next: scenario.py, measure.py, books.py.
"""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec

from mkondo.adapters.client.client import encrypt
from mkondo.testing.kafka import NoKafka
from tests.performance import figures
from tests.performance.alone import Alone
from tests.performance.books import audit, read_books
from tests.performance.load import SHOP
from tests.performance.measure import Measured, Shape, measure
from tests.performance.report import Report
from tests.performance.scenario import Target, embedded, on_kafka
from tests.performance.usage import POSTGRES, memory_bytes

PACE = 0.6
OTHERS_MAX = 0.2
"""Cores. A machine busier than that with other things measures those."""
TURNS = 3
"""How often the hot merchant and the uniform accounts take turns: what else the machine does then meets both."""


class Effort(msgspec.Struct, frozen=True):
    """How long and how much."""

    load_seconds: float
    fresh_headers: int
    entries: int


class Sitting:
    """The loads on one target, and what they were told."""

    def __init__(self, target: Target, report: Report) -> None:
        self.target, self._report = target, report
        self._acknowledged: list[str] = []

    async def load(self, shape: Shape) -> Measured:
        found, names = await measure(self.target, shape)
        self._report.measured.append(found)
        self._acknowledged += names
        print(f"  {found.name}: {found.per_second:,.0f}/s, p99 {found.p99_ms} ms, {found.cpu_total:.3f} s per 1,000")
        if found.others > OTHERS_MAX:
            print(f"    others used {found.others} cores meanwhile: compare CPU, not speed")
        return found

    async def check(self, what: str) -> None:
        books = await read_books(self.target.dsn, "sandbox")
        missing = books.missing(self._acknowledged)
        self._report.checks.append(
            f"{what}: {len(self._acknowledged):,} payments acknowledged, {len(missing)} of them not in the ledger "
            f"exactly once; {books.unbalanced} unbalanced entries; {books.events:,} events"
        )
        if missing or books.unbalanced:
            self._report.wrong.append(f"{what}: {missing[:5]}, {books.unbalanced} unbalanced")
        audited = await audit(self.target.dsn, "sandbox")
        self._report.checks.append(f"{what}, mkondo verify: {audited.line()} ({audited.seconds:.0f} s)")
        self._report.wrong += [f"{what}: {problem}" for problem in audited.problems[:5]]


async def embedded_case(folder: Path, effort: Effort, report: Report) -> None:
    async with embedded(folder) as target:
        _note_memory(target, report)
        sitting, seconds = Sitting(target, report), effort.load_seconds
        most = await sitting.load(Shape("embedded", 64, seconds, warm_seconds=2))
        report.add(figures.EMBEDDED, most.per_second)
        report.add(figures.CPU, most.cpu_total)
        paced = await sitting.load(Shape("60 % of it", 64, seconds, rate=round(PACE * most.per_second)))
        report.add(figures.PACED, paced.p99_ms, f"at {paced.per_second:,.0f} payments/s")
        headers = list(_fresh_headers(target, effort.fresh_headers))
        fresh = await sitting.load(Shape("fresh headers", 64, seconds, bearers=headers))
        used = fresh.payments + sum(fresh.refused.values())
        reused = "" if used <= len(headers) else f"only {len(headers):,} different headers"
        report.add(figures.FRESH, fresh.per_second, reused)
        await _hot_and_uniform(sitting, seconds / 2, report)
        await sitting.check("embedded")


def _note_memory(target: Target, report: Report) -> None:
    used = memory_bytes(target.pids)
    ours = sum(used.values()) - used[POSTGRES]
    report.add(figures.MEMORY, ours / 1e6, f"beside it {used[POSTGRES] / 1e6:.0f} MB of Postgres")


def _fresh_headers(target: Target, count: int) -> Iterable[str]:
    """RSA padding is random: each encryption of the session is another header."""
    return (encrypt(target.session, target.public_key) for _ in range(count))


async def _hot_and_uniform(sitting: Sitting, seconds: float, report: Report) -> None:
    hot: list[Measured] = []
    uniform: list[Measured] = []
    for _ in range(TURNS):
        hot.append(await sitting.load(Shape("one hot merchant", 64, seconds)))
        uniform.append(await sitting.load(Shape("1,000 merchants", 64, seconds, shop=SHOP)))
    ratio = sum(one.per_second for one in hot) / sum(one.per_second for one in uniform)
    by_cpu = sum(one.cpu_total for one in uniform) / sum(one.cpu_total for one in hot)
    report.add(figures.HOT, ratio, f"by CPU per payment {by_cpu:.2f}")


async def kafka_case(folder: Path, effort: Effort, report: Report) -> None:
    try:
        async with on_kafka(folder) as kafka:
            for figure, name, open_target in (
                (figures.KAFKA, "Kafka, one process", kafka.one_process),
                (figures.SEPARATE, "Kafka, each service its own", kafka.separate),
            ):
                async with open_target() as target:
                    sitting = Sitting(target, report)
                    found = await sitting.load(Shape(name, 256, effort.load_seconds, warm_seconds=effort.load_seconds))
                    report.add(figure, found.per_second)
                    await sitting.check(name)
    except NoKafka as trouble:
        report.notes[figures.KAFKA] = report.notes[figures.SEPARATE] = str(trouble)


async def alone_case(folder: Path, effort: Effort, report: Report) -> None:
    alone = await Alone.start(folder)
    try:
        await alone.prepare(effort.entries)
        posted = await alone.post(effort.entries)
        cost = f"{posted.count:,} payments, {posted.cpu / posted.count * 1000:.3f} s CPU per 1,000, credits applied too"
        report.add(figures.LEDGER, posted.per_second, cost)
        rebuilt = await alone.rebuild()
        whole = f"{rebuilt.count:,} events in {rebuilt.seconds:.1f} s, {rebuilt.cpu:.1f} s CPU"
        report.add(figures.VIEWS, 1_000_000 / rebuilt.per_second, f"{whole}; scaled to a million")
        books = await read_books(alone.dsn, "sandbox")
        report.checks.append(f"ledger alone: {len(books.completed):,} completed, {books.unbalanced} unbalanced entries")
        if len(books.completed) != effort.entries or books.unbalanced:
            report.wrong.append(f"ledger alone: {len(books.completed)} of {effort.entries} completed")
    finally:
        await alone.stop()


Case = Callable[[Path, Effort, Report], Awaitable[None]]
CASES: dict[str, Case] = {"embedded": embedded_case, "kafka": kafka_case, "alone": alone_case}
