"""The composition root of callbacks: its processor, and the deliverer that makes the attempts it asks for."""

from mkondo.domain import deliveries
from mkondo.ports.callback_sender import CallbackSender
from mkondo.runtime.deliverer import Deliverer
from mkondo.runtime.parts import Parts
from mkondo.runtime.processor import Processor, ProcessorSettings


def deliverer(parts: Parts, sender: CallbackSender) -> Deliverer:
    """Makes the attempts of this process's share."""
    return Deliverer(sender, parts.log, parts.clock, parts.ids, parts.webhook_secrets.of)


def processor(parts: Parts, deliverer: Deliverer, settings: ProcessorSettings | None = None) -> Processor:
    """Owns this process's share of the decider's partitions."""
    return parts.processor(deliveries.NAME, settings, deliverer.heard)
