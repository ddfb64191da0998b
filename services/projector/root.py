"""The composition root of projector: it reads the journals of every decider and writes the views.

Any number may run at once, also beside a rebuild: each page is applied by one of them. Read next: runtime/projector.py.
"""

from mkondo.contracts.journal import partitions_of
from mkondo.runtime.parts import Parts
from mkondo.runtime.projector import Projector, ProjectorSettings
from mkondo.topology import DECIDERS

SOURCES = tuple(str(partition) for partition in partitions_of(*DECIDERS))


def projector(parts: Parts, settings: ProjectorSettings | None = None) -> Projector:
    """Projects one environment. `run` until `stop`; `lag` and `failures` say how it is."""
    return Projector(parts.environment, SOURCES, parts.store, parts.views, parts.clock, parts.ids, settings)
