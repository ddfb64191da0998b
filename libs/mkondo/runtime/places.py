"""How many attempts may go to one host at once: more to a host that answers quickly, few to one that does not.

A place is held for as long as the host takes, so those who hang would soon hold all of them. Three rules against that:
an unknown host begins with few places; each quick answer doubles them, each silence halves them; and hosts that have
not shown that they answer share a part of all places. Whatever is left is for those who answer.

Nor is a place waited for at a silent host by more than a few: for the others the attempt counts as failed at once, so
that the decider asks for it again later and later, and not whenever its lease has run out. Read next: deliverer.py.
"""

from collections import OrderedDict

from mkondo.domain.delivery import Receipt

AT_ONCE_MAX = 1_000
AT_ONCE_TO_DOUBTFUL_MAX = 500
AT_ONCE_TO_ONE_HOST = 16
AT_FIRST_TO_ONE_HOST = 4
WAITING_FOR_SILENT_HOST = 4
"""So many come to their turn before their lease runs out, at one place and at most ten seconds each."""
SLOW_MS = 1_000
"""An answer that takes longer than this earns no more places than an unknown host has."""
UNKNOWN = (AT_FIRST_TO_ONE_HOST, "")
HOSTS_KNOWN_MAX = 10_000
"""Hosts beyond that are unknown again, the ones first of which nothing was heard for longest."""


def after(places: int, receipt: Receipt) -> int:
    """How many places a host has that had so many, once this has come of an attempt."""
    if not receipt.status:
        return max(places // 2, 1)
    if receipt.milliseconds <= SLOW_MS:
        return min(places * 2, AT_ONCE_TO_ONE_HOST)
    if places > AT_FIRST_TO_ONE_HOST:
        return max(places // 2, AT_FIRST_TO_ONE_HOST)
    return min(places * 2, AT_FIRST_TO_ONE_HOST)


class Places:
    """What each host has earned, and what was wrong the last time. Bounded, and worthless after a restart."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[int, str]] = OrderedDict()

    def of(self, host: str) -> int:
        return self._known.get(host, UNKNOWN)[0]

    def is_doubtful(self, host: str) -> bool:
        """Whether it has not shown that it answers, or not for a while."""
        return self.of(host) <= AT_FIRST_TO_ONE_HOST

    def is_silent(self, host: str) -> bool:
        """Whether it has left so much unanswered that there is one place left."""
        return self.of(host) == 1

    def not_tried(self, host: str) -> Receipt:
        """Of an attempt that is not made, because of what came of the one before."""
        return Receipt(False, reason=f"not tried, after: {self._known.get(host, UNKNOWN)[1]}")

    def learn(self, host: str, receipt: Receipt) -> None:
        self._known[host] = after(self.of(host), receipt), receipt.reason
        self._known.move_to_end(host)
        if len(self._known) > HOSTS_KNOWN_MAX:
            self._known.popitem(last=False)
