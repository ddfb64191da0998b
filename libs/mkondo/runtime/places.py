"""How many attempts may go to one target at once: more to one that answers quickly, few to one that does not.

A place is held for as long as the target takes, so those that hang would soon hold all of them. Three rules against
that: an unknown target begins with few places; each quick answer doubles them, each silence halves them; and
targets that have not shown that they answer share half of all places, and of their host's. The rest is for those
that answer.

A silent target has one place left, and that rests between attempts. Nor do more than a few wait for it: for the
others the attempt counts as failed, so that the decider asks for it again later and later, and not whenever its lease
has run out. Read next: queues.py.
"""

from collections import OrderedDict

import msgspec

from mkondo.domain.delivery import REASON_MAX, Receipt

AT_ONCE_MAX = 1_000
AT_ONCE_TO_ONE_HOST = 32
"""Whatever the number of targets there. Of these and of all, at most half are for targets in doubt."""
AT_ONCE_TO_ONE_TARGET = 16
AT_FIRST_TO_ONE_TARGET = 4
WAITING_FOR_SILENT_TARGET = 4
"""So many come to their turn before their lease runs out, at one place and at most ten seconds and a pause each."""
REST_SECONDS = 1.0
"""How long a silent target is left alone after an attempt: to be refused a thousand times costs more than to deliver
a thousand results."""
SLOW_MS = 1_000
"""An answer that takes longer than this earns no more places than an unknown target has."""
UNKNOWN = (AT_FIRST_TO_ONE_TARGET, "")
TARGETS_KNOWN_MAX = 10_000
"""Targets beyond that are unknown again, the ones first of which nothing was heard for longest."""


def after(places: int, receipt: Receipt) -> int:
    """How many places a target has that had so many, once this has come of an attempt."""
    if not receipt.status:
        return max(places // 2, 1)
    if receipt.milliseconds <= SLOW_MS:
        return min(places * 2, AT_ONCE_TO_ONE_TARGET)
    if places > AT_FIRST_TO_ONE_TARGET:
        return max(places // 2, AT_FIRST_TO_ONE_TARGET)
    return min(places * 2, AT_FIRST_TO_ONE_TARGET)


class Places:
    """What each target has earned, and what was wrong the last time. Bounded, and worthless after a restart."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[int, str]] = OrderedDict()

    def of(self, target: str) -> int:
        return self._known.get(target, UNKNOWN)[0]

    def is_doubtful(self, target: str) -> bool:
        """Whether it has not shown that it answers, or not for a while."""
        return self.of(target) <= AT_FIRST_TO_ONE_TARGET

    def is_silent(self, target: str) -> bool:
        """Whether it has left so much unanswered that there is one place left."""
        return self.of(target) == 1

    def not_tried(self, target: str) -> Receipt:
        """Of an attempt that is not made, because of what came of the one before."""
        before = self._known.get(target, UNKNOWN)[1]
        return Receipt(False, reason=f"not tried, after: {before}"[:REASON_MAX])

    def learn(self, target: str, receipt: Receipt) -> None:
        self._known[target] = after(self.of(target), receipt), receipt.reason
        self._known.move_to_end(target)
        if len(self._known) > TARGETS_KNOWN_MAX:
            self._known.popitem(last=False)


class Share(msgspec.Struct):
    """So many places, of which half at most are for targets in doubt."""

    places: int
    taken: int = 0
    doubtful: int = 0

    @property
    def is_full(self) -> bool:
        return self.taken >= self.places

    @property
    def is_full_for_doubtful(self) -> bool:
        return self.is_full or self.doubtful >= self.places // 2

    def has_room(self, doubtful: bool) -> bool:
        return not (self.is_full_for_doubtful if doubtful else self.is_full)

    def take(self, doubtful: bool, number: int = 1) -> None:
        self.taken += number
        self.doubtful += number * doubtful
