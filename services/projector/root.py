"""The composition root of projector: it reads the journals of every decider, writes the views, and closes the digests.

Any number may run at once, also beside a rebuild: each page is applied by one of them, and each digest closed by one.
Read next: runtime/projector.py.
"""

from mkondo.contracts.journal import partitions_of
from mkondo.runtime.digests import DigestCloser
from mkondo.runtime.parts import Parts
from mkondo.runtime.projector import Projector, ProjectorSettings
from mkondo.topology import DECIDERS

SOURCES = tuple(str(partition) for partition in partitions_of(*DECIDERS))


def projector(parts: Parts, settings: ProjectorSettings | None = None) -> Projector:
    """Projects one environment. `run` until `stop`; `lag` and `failures` say how it is."""
    return Projector(parts.environment, SOURCES, parts.store, parts.views, parts.clock, parts.ids, settings)


def digest_closer(parts: Parts) -> DigestCloser | None:
    """Signs for one environment once a day. `run` until `stop`."""
    return None if parts.proofs is None else DigestCloser(parts.environment, parts.store, parts.proofs, parts.clock)
