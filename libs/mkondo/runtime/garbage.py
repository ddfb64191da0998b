"""Python's cyclic collector, set for a process that lives long and keeps many small immutable objects.

Records, messages and rows hold no cycles: reference counting frees them. With its standard thresholds the collector
walks all of them again and again for next to nothing: a tenth of the CPU under load, and pauses besides.
Read next: services/cli/platform.py, which calls it once everything has started.
"""

import gc

ALLOCATIONS = 50_000
"""New containers before the youngest generation is looked at; standard is 700. At most a few megabytes of garbage."""
YOUNGER = 20
"""Looks at one generation before the next older one is looked at too; standard is 10."""


def settle() -> None:
    """What is there now stays to the end: it is set aside, and later collections pass over it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, YOUNGER, YOUNGER)
