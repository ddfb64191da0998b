"""The composition root of ledger: its processor for one environment, made of the ports it needs."""

from mkondo.domain import ledger
from mkondo.runtime.parts import Parts
from mkondo.runtime.processor import Processor, ProcessorSettings


def processor(parts: Parts, settings: ProcessorSettings | None = None) -> Processor:
    """Owns this process's share of the decider's partitions."""
    return parts.processor(ledger.NAME, settings)
