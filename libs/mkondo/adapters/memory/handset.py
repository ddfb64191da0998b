"""The sandbox's handset: it behaves as its test MSISDN is told to. Read next: domain/handset.py for the table."""

import logging

from mkondo.domain.handset import ANSWERS, ASK
from mkondo.ports.clock import Clock
from mkondo.ports.handset import Answer, Prompt

log = logging.getLogger(__name__)


class VirtualHandset:
    """A `Handset` that answers at once. `ask` and `ignore` give None at once: a person answers through the management
    API, or nobody does; either way the ledger's timer needs nobody here to wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def ask(self, prompt: Prompt) -> Answer | None:
        if self._clock.now() >= prompt.expires_at:
            return None
        if prompt.script != ASK and prompt.script not in ANSWERS:
            log.warning("unknown handset script", extra={"payment": prompt.payment_id, "script": prompt.script})
        return ANSWERS.get(prompt.script)
