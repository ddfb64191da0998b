"""What must be true when a run has come to rest: the guarantees of architecture section 5, one function each.

Everything is read from the store, as an auditor would, and compared with what the clients were told. Every sentence
that a check reports begins with its guarantee. Read next: checks_of_requests.py, checks_of_products.py,
checks_of_limits.py, checks_of_callbacks.py, checks_of_faults.py, checks_of_digests.py; audit.py, which reads the
journals.
"""

from collections import Counter
from collections.abc import Iterator

from mkondo.adapters.memory.audit import MemoryAudit
from mkondo.adapters.memory.views import MemoryViews
from mkondo.contracts.journal import Partition
from mkondo.contracts.records import PARKED
from mkondo.domain import admission
from mkondo.domain.account import JournalEntryPosted
from mkondo.domain.ids import partition_of
from mkondo.domain.payment import PaymentCompleted
from mkondo.runtime.audit.verify import verify_store
from mkondo.runtime.projector import Projector, ProjectorSettings
from mkondo.testing.simulation import (
    checks_of_callbacks,
    checks_of_digests,
    checks_of_faults,
    checks_of_limits,
    checks_of_products,
    checks_of_requests,
)
from mkondo.testing.simulation.audit import EVERYTHING, Journals
from mkondo.testing.simulation.life import TrueClock
from mkondo.testing.simulation.orders import APPLICATIONS
from mkondo.testing.simulation.process import ENVIRONMENT, JOURNALS
from mkondo.testing.simulation.rested import ENDURANCE_SECONDS, Rested


async def check(world: Rested) -> dict[str, int]:
    """Report everything that is wrong; returns how often each kind of event has happened."""
    journals = await Journals.read(world.store)
    broken = list(journals.troubles())
    for trouble in broken:
        world.report(trouble)
    for sentences in (
        _acknowledged(world, journals),
        _nothing_lost(world, journals),
        _stopped(world),
        _published(world, journals),
        checks_of_requests.every(world, journals),
        checks_of_products.every(world, journals),
        checks_of_callbacks.every(world, journals),
        checks_of_faults.every(world, journals),
        checks_of_limits.every(world, journals),
    ):
        for sentence in sentences:
            world.report(sentence)
    for state in await world.store.states():
        for key in await world.store.load_kind(state.partition, PARKED):
            world.report(f"G3: {key} is parked")
    if not broken:  # else nobody can read views from such journals
        await _views(world)
        audit = MemoryAudit(world.store, world.views, world.digests)
        for problem in (await verify_store(audit, trust=checks_of_digests.trust(world))).problems:
            world.report(f"verify: {problem}")
        for sentence in checks_of_digests.every(world, journals):
            world.report(sentence)
    return journals.counts()


async def _views(world: Rested) -> None:
    """G7: the views that projectors have kept up through the storm are those of a replay from zero, whatever its pages,
    its order of sources and its restarts."""
    fresh = MemoryViews()
    chance = world.weather.random
    found = 1
    while found:
        sources = chance.sample(JOURNALS, len(JOURNALS))
        settings = ProjectorSettings(page_rows=chance.randrange(1, 200))
        replay = Projector(
            ENVIRONMENT, sources, world.store, fresh, TrueClock(), world.ids, settings, world.blueprint.views
        )
        found = sum([await replay.step() for _ in range(3)])
    for view in world.blueprint.views:
        live = dict(await world.views.page(view, "", "", EVERYTHING))
        replayed = dict(await fresh.page(view, "", "", EVERYTHING))
        for key in sorted(live.keys() | replayed.keys()):
            if live.get(key) != replayed.get(key):
                world.report(f"G7: {view} {key} is {live.get(key)!r}, a replay gives {replayed.get(key)!r}")


def _acknowledged(world: Rested, journals: Journals) -> Iterator[str]:
    """G1: what a client was told is completed, or lost an answer that says so, stands in the ledger exactly once."""
    entries = Counter(event.payment_id for event in journals.of(JournalEntryPosted))
    for attempt in world.attempts:
        if isinstance(attempt.decided, PaymentCompleted):
            found = entries[attempt.id]
            if found != 1:
                yield f"G1: {attempt.id} was acknowledged and has {found} entries"


def _nothing_lost(world: Rested, journals: Journals) -> Iterator[str]:
    """G1: a command that was accepted for sure was decided: by the process that took it in, if that went on living, in
    embedded mode; by whoever owned the partition, behind a log."""
    known = journals.decided()
    for attempt in world.attempts:
        if attempt.sent_at is None or world.is_stopped(attempt.application):
            continue  # `_stopped` looks after those
        if world.carrier is None and not attempt.life.lasted(attempt.sent_at, ENDURANCE_SECONDS):
            continue
        if attempt.id not in known and attempt.id not in world.rejected:
            yield f"G1: the command of {attempt.id} was accepted and is lost ({attempt.told})"


def _stopped(world: Rested) -> Iterator[str]:
    """G1: a partition whose commands were deleted says so."""
    for application in APPLICATIONS:
        partition = Partition(admission.NAME, partition_of(application))
        if world.carrier is not None and world.is_stopped(application) and partition not in world.carrier.stopped:
            yield f"G1: {partition} lost commands and does not say so"


def _published(world: Rested, journals: Journals) -> Iterator[str]:
    """G8: every row went out, in order but for repeats."""
    if world.carrier is None:
        return
    for source, rows in journals.rows.items():
        first_times = list(dict.fromkeys(world.carrier.published[source]))
        if first_times != [row.sequence for row in rows]:
            missing = {row.sequence for row in rows} - set(first_times)
            yield f"G8: the event topic missed {sorted(missing)[:5]} of {source}, or saw it in disorder"
