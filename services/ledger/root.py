"""The composition root of ledger: its processor, and who asks customers on their handsets."""

from mkondo.domain import ledger
from mkondo.domain.approval import ApprovalAsked
from mkondo.domain.decider import Event
from mkondo.ports.handset import Handset
from mkondo.runtime.approvals import Approvals
from mkondo.runtime.parts import Parts
from mkondo.runtime.processor import Processor, ProcessorSettings


def approvals(parts: Parts, handset: Handset) -> Approvals:
    """Asks the customers of this process's share."""
    return Approvals(handset, parts.log, parts.clock, parts.ids)


def processor(parts: Parts, approvals: Approvals, settings: ProcessorSettings | None = None) -> Processor:
    """Owns this process's share of the decider's partitions."""

    def heard(event: Event) -> None:
        if isinstance(event, ApprovalAsked):
            approvals.asked(event)

    return parts.processor(ledger.NAME, settings, heard)
