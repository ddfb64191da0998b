"""How many attempts may go to one host at once: more to a host that answers quickly, few to one that does not.

A place is held for as long as the host takes, so those who hang would soon hold all of them. Three rules against that:
an unknown host begins with few places; each quick answer doubles them, each silence halves them; and hosts that have
not shown that they answer share a part of all places. Whatever is left is for those who answer.
Read next: deliverer.py.
"""

from collections import OrderedDict

from mkondo.domain.delivery import Receipt

AT_ONCE_MAX = 1_000
AT_ONCE_TO_DOUBTFUL_MAX = 500
AT_ONCE_TO_ONE_HOST = 16
AT_FIRST_TO_ONE_HOST = 4
SLOW_MS = 1_000
"""An answer that takes longer than this earns no more places than an unknown host has."""
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
    """What each host has earned. Bounded, and worthless after a restart."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, int] = OrderedDict()

    def of(self, host: str) -> int:
        return self._known.get(host, AT_FIRST_TO_ONE_HOST)

    def is_doubtful(self, host: str) -> bool:
        """Whether it has not shown that it answers, or not for a while."""
        return self.of(host) <= AT_FIRST_TO_ONE_HOST

    def learn(self, host: str, receipt: Receipt) -> None:
        self._known[host] = after(self.of(host), receipt)
        self._known.move_to_end(host)
        if len(self._known) > HOSTS_KNOWN_MAX:
            self._known.popitem(last=False)
