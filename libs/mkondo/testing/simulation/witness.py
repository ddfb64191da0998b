"""A decider that is watched: rejections are answers, never events, so nothing but this remembers them."""

from collections.abc import Callable, Sequence

from mkondo.domain.decider import Decider, Event, Message, Records
from mkondo.domain.ids import Instant
from mkondo.domain.request import RequestRejected


class Witness:
    """Does as the real one does, and tells whose payment it has rejected."""

    def __init__(self, real: Decider, tell: Callable[[str], None]) -> None:
        self._real, self._tell = real, tell
        self.key, self.reads, self.evolve = real.key, real.reads, real.evolve
        self.react, self.due, self.give_up = real.react, real.due, real.give_up

    def decide(self, message: Message, records: Records, now: Instant, /) -> Sequence[Event]:
        events = self._real.decide(message, records, now)
        for event in events:
            if isinstance(event, RequestRejected):
                self._tell(event.request_id)
        return events
