"""`mkondo verify`: everything that must be true of a store, checked on one snapshot of it.

One pass over all journals, interleaved by time, then over records, references, outcomes and views. Each page is read
once and forgotten; what is remembered is what is open: records, payments in progress, and sums (match.py). Only if two
sides do not match, a second pass over the same snapshot names the rows. Read next: chain.py.
"""

import heapq
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence, Set
from typing import TypeVar

from mkondo.contracts.digest import StoredDigest
from mkondo.contracts.journal import Partition, partitions_of
from mkondo.domain.ids import RecordKey
from mkondo.domain.views import VIEWS
from mkondo.ports.audit import Audit, Snapshot
from mkondo.runtime.audit.chain import NOTHING_READ, Journal, check_positions
from mkondo.runtime.audit.digests import Digests, Trust
from mkondo.runtime.audit.limits import Limits
from mkondo.runtime.audit.match import LOOKED_AT_MOST, Match
from mkondo.runtime.audit.money import Money
from mkondo.runtime.audit.payments import Payments, encode
from mkondo.runtime.audit.records import Records
from mkondo.runtime.audit.replay import FORESEEN, Replay
from mkondo.runtime.audit.report import Findings, Report
from mkondo.topology import DECIDERS

PAGE = 1_000

_Row = TypeVar("_Row")

MATCHES: dict[str, tuple[str, str, str]] = {
    "references": ("reference of payment", "missing, though admission has decided it", "no event has made it"),
    "outcomes": ("fact", "missing, though an event has made it", "no event has made it"),
    "credits": ("credit of entry", "posted and taken, but never applied", "applied, though no such entry was posted"),
    "endings": ("request", "admitted and taken, but never ended", "ended, though it was not admitted"),
    "settlements": (
        "room of request",
        "it has ended, but its room was never settled",
        "settled, though it has not ended",
    ),
    **{
        view: (f"{view} row", "missing: rebuild the views", "stands in the view, but no event has made it")
        for view in VIEWS
    },
}
"""What must be the same on two sides: how a row is called, and what it means when a side lacks it."""


async def verify_store(audit: Audit, page: int = PAGE, trust: Trust | None = None) -> Report:
    """Audit one environment, running or not. Without `trust` nobody's signature is checked. May raise TryLater."""
    started = time.perf_counter()
    async with audit.snapshot() as snapshot:
        first = Pass(snapshot, page, {}, trust)
        await first.run()
        differing = first.differing()
        last = first
        if differing:
            focus = {name: sorted(buckets)[:LOOKED_AT_MOST] for name, buckets in differing.items()}
            last = Pass(snapshot, page, focus, trust)
            await last.run()
            for match in last.matches.values():
                match.report(last.findings)
    findings = last.findings
    return Report(
        dict(findings.figures),
        dict(last.in_transit),
        tuple(findings.problems),
        findings.more,
        time.perf_counter() - started,
    )


class Pass:
    """One reading of the whole snapshot. `focus` says which parts of which matches to keep in memory."""

    def __init__(
        self, snapshot: Snapshot, page: int, focus: Mapping[str, Sequence[int]], trust: Trust | None = None
    ) -> None:
        self.findings = Findings()
        self.in_transit: Mapping[str, int] = {}
        self.matches = {name: Match(*words, focus.get(name, ())) for name, words in MATCHES.items()}
        self._snapshot, self._page, self._trust = snapshot, page, trust

    def differing(self) -> dict[str, frozenset[int]]:
        return {name: buckets for name, match in self.matches.items() if (buckets := match.differing())}

    async def run(self) -> None:
        snapshot, findings, matches = self._snapshot, self.findings, self.matches
        states = {str(state.partition): state for state in await snapshot.states()}
        journals = {
            partition: Journal(partition, DECIDERS[partition.decider], states.get(str(partition)), findings)
            for partition in partitions_of(*DECIDERS)
        }
        money = Money(states, matches["credits"], findings)
        payments = Payments(states, matches["references"], matches["outcomes"], matches["endings"], findings)
        limits = Limits(states, matches["settlements"], findings)
        replay = Replay(await snapshot.view_positions(), matches, findings)
        digests = Digests(await self._stored_digests(), self._trust, findings)
        await self._foresee(replay)
        await self._read_journals(journals, digests, money, payments, limits, replay)
        await self._read_records(Records(journals, DECIDERS, money, payments, limits, findings))
        await self._read_facts()
        await self._read_views(replay, {journal.name: journal.last for journal in journals.values()})
        self.in_transit = money.in_transit

    async def _foresee(self, replay: Replay) -> None:
        for source in FORESEEN:
            after = NOTHING_READ
            while rows := await self._snapshot.journal(source, after, self._page):
                for row in rows:
                    replay.foresee(row)
                after = rows[-1].sequence

    async def _read_journals(
        self,
        journals: Mapping[Partition, Journal],
        digests: Digests,
        money: Money,
        payments: Payments,
        limits: Limits,
        replay: Replay,
    ) -> None:
        """A page at a time of the source that lies furthest back: what waits for another source waits shortly."""
        heap = [(0, partition) for partition in journals]
        while heap:
            _, partition = heapq.heappop(heap)
            journal = journals[partition]
            rows = await self._snapshot.journal(journal.name, journal.read, self._page)
            for row in rows:
                event = journal.follow(row)
                digests.see(row)
                if event is not None:
                    money.see(journal, row, event)
                    payments.see(journal, row, event)
                    limits.see(journal, row, event)
                    replay.see(row, event)
            if len(rows) == self._page:
                heapq.heappush(heap, (rows[-1].time, partition))
        for journal in journals.values():
            journal.finish()
        digests.finish()
        await self._read_strangers({journal.name for journal in journals.values()})
        check_positions(journals.values(), self.findings)

    async def _read_strangers(self, known: Set[str]) -> None:
        """Events of sources that are nobody's journal."""
        for source in await self._snapshot.sources():
            for row in await self._snapshot.journal(source, NOTHING_READ, self._page) if source not in known else ():
                self.findings.wrong(f"{source} sequence {row.sequence}", "there is no such partition")

    async def _stored_digests(self) -> Sequence[StoredDigest]:
        """All of them: one a day."""
        digests: list[StoredDigest] = []
        while page := await self._snapshot.digests(digests[-1].number if digests else NOTHING_READ, self._page):
            digests += page
        return digests

    async def _read_records(self, records: Records) -> None:
        after = (RecordKey(""), "")
        while rows := await self._snapshot.records(after, self._page):
            for key, partition, stored in rows:
                records.see(key, partition, stored)
            after = (rows[-1][0], str(rows[-1][1]))
        records.finish()

    async def _read_facts(self) -> None:
        async for reference in _all(self._snapshot.references, lambda row: row.payment_id, self._page):
            self.matches["references"].find(reference.payment_id, encode(reference))
        async for outcome in _all(self._snapshot.outcomes, lambda row: row.name, self._page):
            self.matches["outcomes"].find(outcome.name, outcome.data)

    async def _read_views(self, replay: Replay, last: Mapping[str, int]) -> None:
        replay.finish(last)
        for view in VIEWS:

            async def read(after: str, limit: int, view: str = view) -> Sequence[tuple[str, bytes]]:
                return await self._snapshot.view_rows(view, after, limit)

            async for key, data in _all(read, lambda row: row[0], self._page):
                replay.found(view, key, data)


async def _all(
    read: Callable[[str, int], Awaitable[Sequence[_Row]]], key: Callable[[_Row], str], page: int
) -> AsyncIterator[_Row]:
    """Every row, page by page."""
    after = ""
    while rows := await read(after, page):
        for row in rows:
            yield row
        after = key(rows[-1])
