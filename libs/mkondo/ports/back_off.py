"""How everybody waits between attempts at what is busy or out of reach: longer each time, bounded, and not in step.

Read next: errors.py, whose TryLater asks for it.
"""

from mkondo.ports.clock import Clock
from mkondo.ports.ids import Ids

FIRST_SECONDS = 0.1
SECONDS_MAX = 2.0
_DOUBLINGS_MAX = 10
"""Beyond any ceiling in use; it keeps the power of two small while an outage lasts for days."""


async def back_off(clock: Clock, ids: Ids, failures: int) -> None:
    """Wait after so many failures in a row, the first of which is 1. The jitter takes up to half of it away."""
    ceiling = min(FIRST_SECONDS * 2 ** min(failures - 1, _DOUBLINGS_MAX), SECONDS_MAX)
    await clock.wait(ceiling * (0.5 + ids.jitter() / 2))
