"""What a request is called from now on: its ConversationID, and a payment's id.

Read next: mkondo/openapi/mozambique/ids.py.
"""

from mkondo.domain.calendar import day_of
from mkondo.domain.ids import PaymentId
from mkondo.domain.markets import MARKETS
from mkondo.openapi.mozambique.ids import conversation_id
from mkondo.openapi.routing import Match
from mkondo.ports.clock import Clock
from mkondo.ports.ids import Ids


class Conversations:
    """Names requests in the form of the wire that they came by."""

    def __init__(self, ids: Ids, clock: Clock) -> None:
        self._ids = ids
        self._clock = clock

    def begin(self, asked: Match, *, asynchronous: bool = False) -> PaymentId:
        """A new name. Only what is answered at once has the day in it."""
        name = self._ids.payment_id()
        if asynchronous or not asked.operation.dated_ids:
            return name
        return conversation_id(name, day_of(self._clock.now(), MARKETS[asked.market].time_zone))
