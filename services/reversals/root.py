"""The composition root of reversals: its processor for one environment, made of the ports it needs."""

from mkondo.domain import reversals
from mkondo.runtime.parts import Parts
from mkondo.runtime.processor import Processor, ProcessorSettings


def processor(parts: Parts, settings: ProcessorSettings | None = None) -> Processor:
    """Owns this process's share of the decider's partitions."""
    return parts.processor(reversals.NAME, settings)
