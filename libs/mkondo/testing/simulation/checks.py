"""What must be true when a run has come to rest: the guarantees of architecture section 5, one function each.

Everything is read from the store, as an auditor would, and compared with what the clients were told. Every sentence
that a check reports begins with its guarantee. Read next: audit.py, which reads the journals.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from mkondo.adapters.memory.audit import MemoryAudit
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.contracts.journal import JournalRow, Partition
from mkondo.contracts.records import PARKED, decode_event
from mkondo.domain import admission
from mkondo.domain.account import (
    CreditApplied,
    CreditSuspended,
    HoldCaptured,
    HoldExpired,
    HoldPlaced,
    HoldReleased,
    JournalEntryPosted,
)
from mkondo.domain.ids import ApplicationId, Instant, partition_of
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentEnded, PaymentFailed
from mkondo.domain.request import RequestRejected
from mkondo.runtime.audit.verify import verify_store
from mkondo.runtime.projector import Projector, ProjectorSettings
from mkondo.testing.simulation.audit import EVERYTHING, Journals
from mkondo.testing.simulation.carrier import Carrier
from mkondo.testing.simulation.ingress import ANSWERED, Attempt
from mkondo.testing.simulation.life import TrueClock
from mkondo.testing.simulation.loop import at_once
from mkondo.testing.simulation.orders import APPLICATIONS, CEILING, configuration
from mkondo.testing.simulation.process import ENVIRONMENT, JOURNALS, Blueprint
from mkondo.testing.simulation.weather import SimulatedIds, Weather

LATEST_MS = 10_000
"""After its deadline, or after the storm if later, a payment ends within this: a lease, a recovery, two looks."""

ENDURANCE_SECONDS = 8.0
"""A process that lives on for so long has decided what it took in: no pause and no row of refusals is longer."""


class Rested(Protocol):
    """What a run leaves behind."""

    store: MemoryStore
    carrier: Carrier | None
    views: MemoryViews
    attempts: list[Attempt]
    rejected: set[str]
    calm_at: Instant
    weather: Weather
    ids: SimulatedIds
    blueprint: Blueprint

    def is_stopped(self, application: ApplicationId) -> bool: ...

    def report(self, trouble: str) -> None: ...


async def check(world: Rested) -> None:
    """Report everything that is wrong."""
    journals = await Journals.read(world.store)
    broken = list(journals.troubles())
    for trouble in broken:
        world.report(trouble)
    for sentences in (
        _acknowledged(world, journals),
        _once(journals),
        _limits(journals),
        _outcomes(world, journals),
        _told(world, journals),
        _in_time(world, journals),
        _nothing_lost(world, journals),
        _stopped(world),
        _published(world, journals),
    ):
        for sentence in sentences:
            world.report(sentence)
    for state in await world.store.states():
        for key in await world.store.load_kind(state.partition, PARKED):
            world.report(f"G3: {key} is parked")
    if broken:
        return  # nobody can read views from such journals
    await _views(world)
    for problem in (await verify_store(MemoryAudit(world.store, world.views))).problems:
        world.report(f"verify: {problem}")


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
    """G1: what a client was told is completed stands in the ledger exactly once."""
    entries = Counter(event.payment_id for event in journals.of(JournalEntryPosted))
    for attempt in world.attempts:
        if isinstance(attempt.answer, PaymentCompleted):
            found = entries[attempt.payment.payment_id]
            if found != 1:
                yield f"G1: {attempt.payment.payment_id} was acknowledged and has {found} entries"


def _nothing_lost(world: Rested, journals: Journals) -> Iterator[str]:
    """G1: a command that was accepted for sure was decided: by the process that took it in, if that went on living, in
    embedded mode; by whoever owned the partition, behind a log."""
    known = _decided(journals)
    for attempt in world.attempts:
        payment = attempt.payment
        if attempt.sent_at is None or world.is_stopped(payment.application):
            continue  # `_stopped` looks after those
        if world.carrier is None and not attempt.life.lasted(attempt.sent_at, ENDURANCE_SECONDS):
            continue
        if payment.payment_id not in known and payment.payment_id not in world.rejected:
            yield f"G1: the command of {payment.payment_id} was accepted and is lost ({attempt.told})"


def _decided(journals: Journals) -> set[str]:
    """The payments that admission has taken for one."""
    decided: list[PaymentAdmitted | PaymentFailed] = [*journals.of(PaymentAdmitted), *journals.of(PaymentFailed)]
    return {event.payment.payment_id for event in decided}


def _stopped(world: Rested) -> Iterator[str]:
    """G1: a partition whose commands were deleted says so."""
    for application in APPLICATIONS:
        partition = Partition(admission.NAME, partition_of(application))
        if world.carrier is not None and world.is_stopped(application) and partition not in world.carrier.stopped:
            yield f"G1: {partition} lost commands and does not say so"


def _once(journals: Journals) -> Iterator[str]:
    """G2: every effect happened once."""
    completed = Counter(event.payment.payment_id for event in journals.of(PaymentCompleted))
    admitted = Counter(event.payment.payment_id for event in journals.of(PaymentAdmitted))
    entries = Counter(event.entry for event in journals.of(JournalEntryPosted))
    credits = Counter(event.entry for event in journals.of(CreditApplied))
    credits.update(event.entry for event in journals.of(CreditSuspended))
    for payment_id, count in (completed | admitted).items():
        if completed[payment_id] > 1 or admitted[payment_id] != 1:
            yield f"G2: {payment_id} was admitted {admitted[payment_id]} times and completed {count} times"
        if completed[payment_id] != entries[payment_id]:
            yield f"G2: {payment_id} completed {completed[payment_id]} times with {entries[payment_id]} entries"
    for entry in entries | credits:
        if entries[entry] != 1 or credits[entry] != 1:
            yield f"G2: entry {entry} was posted {entries[entry]} times and credited {credits[entry]} times"
    placed = Counter(event.hold.hold for event in journals.of(HoldPlaced))
    ended = Counter(event.hold for event in journals.of(HoldCaptured))
    ended.update(event.hold for event in journals.of(HoldReleased))
    ended.update(event.hold for event in journals.of(HoldExpired))
    for hold in placed | ended:
        if placed[hold] != 1 or ended[hold] != 1:
            yield f"G2: {hold} was placed {placed[hold]} times and ended {ended[hold]} times"


def _limits(journals: Journals) -> Iterator[str]:
    """G4: no payment above its application's single value."""
    for event in journals.of(PaymentAdmitted):
        payment = event.payment
        ceiling = configuration(payment.application).products[payment.operation].single_value.get("TZS")
        if ceiling is not None and payment.amount.minor > CEILING:
            yield f"G4: {payment.payment_id} moved {payment.amount.minor} past {ceiling}"


def _outcomes(world: Rested, journals: Journals) -> Iterator[str]:
    """G5: one outcome a payment, the same in the event and in the row."""
    endings: list[PaymentEnded] = [*journals.of(PaymentCompleted), *journals.of(PaymentFailed)]
    ended = Counter(event.payment.payment_id for event in endings)
    for event in endings:
        payment_id = event.payment.payment_id
        stored = at_once(world.store.outcome(payment_id))
        if stored is None or decode_event(stored.data) != event:
            yield f"G5: {payment_id} ended with {event}, the outcome row says {stored}"
    for admitted in journals.of(PaymentAdmitted):
        payment_id = admitted.payment.payment_id
        if ended[payment_id] != 1:
            yield f"G5: {payment_id} was admitted and has {ended[payment_id]} outcomes"


def _told(world: Rested, journals: Journals) -> Iterator[str]:
    """G5: what a client was told is the outcome, and stays it."""
    known = _decided(journals)
    for attempt in world.attempts:
        payment_id, answer = attempt.payment.payment_id, attempt.answer
        stored = at_once(world.store.outcome(payment_id))
        if attempt.told != ANSWERED:
            continue
        if isinstance(answer, RequestRejected):
            if payment_id in known:
                yield f"G5: {payment_id} was rejected with {answer.code}, and is a payment"
        elif stored is None or decode_event(stored.data) != answer:
            yield f"G5: {payment_id} was told {answer}, its outcome is {stored}"


def _in_time(world: Rested, journals: Journals) -> Iterator[str]:
    """G5, rule 10: nothing is posted after the deadline, and everything ends soon after it."""
    endings: list[tuple[JournalRow, PaymentEnded]] = [
        *journals.rows_of(PaymentCompleted),
        *journals.rows_of(PaymentFailed),
    ]
    for row, event in endings:
        deadline = event.payment.deadline
        if isinstance(event, PaymentCompleted) and row.time >= deadline:
            yield f"G5: {event.payment.payment_id} was posted {row.time - deadline} ms after its deadline"
        late = row.time - max(deadline, world.calm_at)
        if late > LATEST_MS:
            yield f"G5: {event.payment.payment_id} ended {late} ms after its deadline and after the storm"


def _published(world: Rested, journals: Journals) -> Iterator[str]:
    """G8: every row went out, in order but for repeats."""
    if world.carrier is None:
        return
    for source, rows in journals.rows.items():
        first_times = list(dict.fromkeys(world.carrier.published[source]))
        if first_times != [row.sequence for row in rows]:
            missing = {row.sequence for row in rows} - set(first_times)
            yield f"G8: the event topic missed {sorted(missing)[:5]} of {source}, or saw it in disorder"
