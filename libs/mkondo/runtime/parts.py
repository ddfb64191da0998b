"""The ports of one environment in one process: what every service's composition root is given.

Read next: services/cli/platform.py, which makes them.
"""

from functools import cached_property

import msgspec

from mkondo.ports.clock import Clock, ClockSetting
from mkondo.ports.ids import Ids
from mkondo.ports.keys import Keys
from mkondo.ports.log import Log
from mkondo.ports.sealing import Sealing
from mkondo.ports.store import Facts, Store
from mkondo.ports.views import Views
from mkondo.runtime.digests import Proofs
from mkondo.runtime.processor import Heard, Processor, ProcessorSettings
from mkondo.runtime.relay import Relay
from mkondo.runtime.replies import ReplyDesk
from mkondo.runtime.turns import Turns
from mkondo.runtime.webhook_secrets import WebhookSecrets
from mkondo.topology import DECIDERS, sources_of


class Parts(msgspec.Struct, frozen=True, dict=True):
    """One environment, as this process sees it. `member` names this process's share of the partitions."""

    environment: str
    store: Store
    facts: Facts
    log: Log
    relay: Relay
    views: Views
    keys: Keys
    desk: ReplyDesk
    clock: Clock
    ids: Ids
    member: str
    clock_setting: ClockSetting | None = None
    """Only the sandbox's clock can be moved."""
    proofs: Proofs | None = None
    """None where nobody signs for this environment: in tests of other things."""
    changes: Turns = msgspec.field(default_factory=Turns)
    """By application or organisation: whoever changes one here waits for those before."""
    sealing: Sealing | None = None
    """Of secrets that are used again; None where nobody makes or uses any."""

    @cached_property
    def webhook_secrets(self) -> WebhookSecrets:
        """One for whoever signs here, pushed or fetched: what it has read and opened serves them all."""
        return WebhookSecrets(self.environment, self.facts, self.sealing, self.clock)

    def processor(
        self, decider: str, settings: ProcessorSettings | None = None, heard: Heard | None = None
    ) -> Processor:
        """A processor for a decider of the topology. `heard` is told of its committed events."""
        return Processor(
            self.environment,
            decider,
            DECIDERS[decider],
            sources_of(decider),
            self.store,
            self.log,
            self.relay,
            self.clock,
            self.ids,
            self.member,
            settings,
            heard,
        )
