"""Readers of the event stream: nothing is left out whatever the interleaving, and waiting costs one look for all."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from mkondo.adapters.memory.store import MemoryStore
from mkondo.contracts.codec import encode
from mkondo.contracts.cursor import Positions
from mkondo.contracts.journal import JournalRow, Partition, PartitionBatch, PartitionState, seal
from mkondo.domain.ids import ApplicationId, Instant, SessionHash
from mkondo.domain.room import Part, RoomConfirmed
from mkondo.domain.session import SessionRevoked
from mkondo.runtime.event_stream import EventStream, Wanted
from tests.unit.runtime.house import HandClock

SOURCES = [str(Partition("admission", number)) for number in range(4)]


class Journals:
    """Some sources that somebody writes to."""

    def __init__(self) -> None:
        self.store = MemoryStore(HandClock())
        self.looks = 0
        self.written: list[tuple[str, int]] = []
        self._states: dict[str, PartitionState] = {}

    async def write(self, source: str, *events: Any, time: int) -> None:
        """One batch."""
        partition = Partition("admission", int(source[-1]))
        before = self._states.get(source) or await self.store.acquire(partition, "test")
        rows = tuple(
            JournalRow(source, before.last_sequence + place, Instant(time), type(event).__name__, 1, "k", encode(event))
            for place, event in enumerate(events, start=1)
        )
        after = replace(
            before, last_sequence=before.last_sequence + len(rows), time=Instant(time), head=seal(b"", rows)
        )
        await self.store.commit([PartitionBatch(before, after, rows)])
        self._states[source] = after
        self.written += [(row.source, row.sequence) for row in rows]

    def stream(self) -> EventStream:
        return EventStream("sandbox", SOURCES, self)  # type: ignore[arg-type]  # it asks for no more than these two

    async def states(self) -> Sequence[PartitionState]:
        self.looks += 1
        return await self.store.states()

    async def read_journals(self, positions: Positions, limit: int) -> Sequence[JournalRow]:
        return await self.store.read_journals(positions, limit)


def revoked(application: str) -> SessionRevoked:
    return SessionRevoked(ApplicationId(application), SessionHash("s"), "why")


def confirmed(application: str) -> RoomConfirmed:
    return RoomConfirmed(ApplicationId(application), "p", (), Part("c2b", "TZS", "2026-01-01", 1))  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(20))
async def test_every_event_comes_once_and_each_source_in_order(seed: int) -> None:
    """However reads and writes take turns, whatever the page, and though a batch shows up late beside later ones."""
    chance, journals = random.Random(seed), Journals()
    told: list[tuple[str, int]] = []
    place: dict[str, int] = {}
    time = 1_000
    for _ in range(60):
        if chance.random() < 0.6:
            time += chance.randrange(3)
            batch = [revoked("app") for _ in range(chance.randrange(1, 6))]
            await journals.write(chance.choice(SOURCES), *batch, time=time)
        else:
            page = await journals.stream().page(place, Wanted(), chance.choice((1, 2, 7, 500)))
            told += [(row.source, row.sequence) for row, _ in page.events]
            place = dict(page.positions)
            if page.events and chance.random() < 0.3:  # the reader dies behind some event and comes again
                at = chance.randrange(len(page.events))
                place = dict(page.events[at][1])
                del told[len(told) - len(page.events) + at + 1 :]
    page = await journals.stream().page(place, Wanted(), 500)
    told += [(row.source, row.sequence) for row, _ in page.events]
    assert sorted(told) == sorted(journals.written)
    for source in SOURCES:
        mine = [sequence for name, sequence in told if name == source]
        assert mine == list(range(1, len(mine) + 1))


async def test_pages_end_with_the_last_event_and_say_so() -> None:
    journals = Journals()
    await journals.write(SOURCES[0], *[revoked("app")] * 5, time=1)
    await journals.write(SOURCES[1], *[revoked("app")] * 5, time=2)
    place: Positions = {}
    sizes = []
    while True:
        page = await journals.stream().page(place, Wanted(), 4)
        sizes.append(len(page.events))
        place = page.positions
        if not page.more:
            break
    assert sum(sizes) == 10 and max(sizes) <= 4
    assert (await journals.stream().page(place, Wanted(), 4)).events == ()


async def test_only_what_is_wanted_is_told_and_the_place_moves_on_behind_the_rest() -> None:
    journals = Journals()
    await journals.write(SOURCES[0], revoked("mine"), confirmed("mine"), revoked("other"), time=1)
    for wanted, count in (
        (Wanted(), 3),
        (Wanted(frozenset({"SessionRevoked"})), 2),
        (Wanted(application="mine"), 2),
        (Wanted(frozenset({"SessionRevoked"}), "mine"), 1),
        (Wanted(application="min"), 0),
    ):
        page = await journals.stream().page({}, wanted, 10)
        assert (len(page.events), page.positions[SOURCES[0]]) == (count, 3)


async def test_many_that_wait_share_a_look() -> None:
    journals = Journals()
    await journals.write(SOURCES[0], revoked("app"), time=1)
    stream = journals.stream()
    place = await stream.latest()
    looks = journals.looks
    await asyncio.gather(*(stream.page(place, Wanted(), 10, fresh=False) for _ in range(100)))
    assert journals.looks - looks <= 1


async def test_a_fresh_page_has_what_was_committed_before_it_was_asked_for() -> None:
    journals = Journals()
    stream = journals.stream()
    place = await stream.latest()
    for time in range(1, 50):
        await journals.write(SOURCES[0], revoked("app"), time=time)
        page = await stream.page(place, Wanted(), 10)
        assert len(page.events) == 1
        place = page.positions
