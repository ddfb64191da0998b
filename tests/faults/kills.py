"""A campaign of kills under load: each at a moment chosen by a seed, and how long it took until payments went on.

Read next: mkondo/testing/load.py, comparison.py.
"""

import random
import time
from collections.abc import Callable

import msgspec

from mkondo.testing.load import ANSWER_SECONDS, CONNECTIONS, Load

BUSY = 64
ACKNOWLEDGED_BETWEEN = 200
ACKNOWLEDGED_SECONDS_MAX = 20
"""Once everybody has paid again: long for that many payments, short if each of them waited for a lost answer."""
MORE_MAX = 400
"""At most so many more payments are acknowledged until the next kill comes: how many, the seed says."""


class Recovery(msgspec.Struct, frozen=True):
    """Seconds from the kill, or from the restart's command: to the first payment acknowledged, and to all clients'."""

    killed: str
    acknowledged_before: int
    first_seconds: float
    all_seconds: float
    limit_seconds: float


class Campaign:
    """Kills things at random moments while a load runs, and writes down how the house came back."""

    def __init__(self, load: Load, seed: int) -> None:
        self.recoveries: list[Recovery] = []
        self._load = load
        self._random = random.Random(seed)
        self._acknowledged = load.acknowledged()
        print(f"\nseed {seed}, {CONNECTIONS} connections")

    def kill(self, name: str, kill: Callable[[], None], limit_seconds: float, bring_back: Callable[[], None]) -> None:
        """At a random moment, with at least 200 payments acknowledged since the last one. `bring_back` is whoever
        restarts what was killed: the clock runs from its call on."""
        load = self._load
        payments = ACKNOWLEDGED_BETWEEN + self._random.randrange(MORE_MAX)
        load.until_acknowledged(payments, ACKNOWLEDGED_SECONDS_MAX)
        load.until_busy(BUSY)
        before = load.acknowledged() - self._acknowledged
        kill()
        self._acknowledged, began_at = load.acknowledged(), time.monotonic()
        assert before >= ACKNOWLEDGED_BETWEEN
        bring_back()
        first = load.until_paid_since(began_at, limit_seconds * 2)
        whole = load.until_every_connection_paid(began_at, limit_seconds + ANSWER_SECONDS)
        self.recoveries.append(Recovery(name, before, first, whole, limit_seconds))
        print(f"{len(self.recoveries):3} {name:22} after {before:5} payments: paid again in {first:5.2f} s", end="")
        print(f", everybody in {whole:5.2f} s")
