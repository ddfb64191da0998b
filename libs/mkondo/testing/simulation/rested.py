"""What a run leaves behind, for those who judge it. Read next: checks.py."""

from collections.abc import Mapping
from typing import Protocol

from mkondo.adapters.memory.digests import MemoryDigests
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.memory.views import MemoryViews
from mkondo.contracts.digest import StoredDigest
from mkondo.domain.faults import Faults
from mkondo.domain.ids import ApplicationId, Instant
from mkondo.ports.signing import Signer
from mkondo.testing.simulation.carrier import Carrier
from mkondo.testing.simulation.ingress import Attempt
from mkondo.testing.simulation.outside import Push
from mkondo.testing.simulation.process import Blueprint
from mkondo.testing.simulation.weather import SimulatedIds, Weather

LATEST_MS = 10_000
"""After its deadline, or after the storm if later, whatever has a deadline ends within this: a lease, a recovery, two
looks."""

ENDURANCE_SECONDS = 8.0
"""A process that lives on for so long has decided what it took in: no pause and no row of refusals is longer."""


class Rested(Protocol):
    store: MemoryStore
    carrier: Carrier | None
    views: MemoryViews
    digests: MemoryDigests
    signer: Signer
    attempts: list[Attempt]
    digests_shown: list[StoredDigest]
    """What somebody was told is closed."""
    pushes: list[Push]
    faults: Mapping[ApplicationId, Faults]
    rejected: set[str]
    calm_at: Instant
    weather: Weather
    ids: SimulatedIds
    blueprint: Blueprint

    def is_stopped(self, application: ApplicationId) -> bool: ...

    def report(self, trouble: str) -> None: ...


def is_late(ended_at: Instant, due: Instant, calm_at: Instant) -> bool:
    return ended_at - max(due, calm_at) > LATEST_MS
