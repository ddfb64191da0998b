"""Who is called next: attempts that wait for a place, by endpoint, and the places that are taken.

An endpoint is a URL without its query here, whoever's results go there: nothing but this process knows how it fares.
(One that is disabled is an application's whole address: domain/endpoint.py.) Many may share a host, which is not called
too often at once either.
Pure, but for what it remembers. Read next: places.py for how many places there are, deliverer.py for who asks.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec

from mkondo.domain.delivery import Delivery, Receipt
from mkondo.runtime.places import (
    AT_ONCE_MAX,
    AT_ONCE_TO_ONE_HOST,
    PAUSE_SECONDS,
    WAITING_FOR_SILENT_ENDPOINT,
    Places,
    Share,
)

WAITING_FOR_ONE_HOST = 1_000
"""What finds no room is left to its lease, which asks for it again: never forgotten."""
SPARED_AT_ONCE = 4
SPARED_SHARE = 100
"""So many, or this part of what waits for a silent endpoint, is given up waiting together. An endpoint is known to be
silent only once a time-out has passed: the decider, who serves all others too, would be told of a whole time-out's
results in one go."""


class Endpoint(msgspec.Struct, frozen=True):
    """Where a result goes, as far as it matters for who is next."""

    address: str
    host: str


@lru_cache(maxsize=1_000)
def endpoint_of(url: str) -> Endpoint:
    """What is no URL is an endpoint too: its attempts fail."""
    address = url.partition("?")[0]
    try:
        return Endpoint(address, urlsplit(url).netloc.lower())
    except ValueError:
        return Endpoint(address, "")


Spared = Sequence[tuple[Delivery, Receipt]]
"""Attempts that are not made, and what is told of each."""


class Begun(msgspec.Struct, frozen=True):
    """An attempt that has a place. `doubtful`: whether its endpoint was in doubt when it began."""

    endpoint: Endpoint
    delivery: Delivery
    doubtful: bool


class Endpoints:
    """`wait` and then `begin` and `spare`; `end`, and then again for each endpoint that it names."""

    def __init__(self) -> None:
        self._places = Places()
        self._waiting: dict[Endpoint, deque[Delivery]] = {}
        self._waiting_at: Counter[str] = Counter()
        self._all, self._hosts = Share(AT_ONCE_MAX), dict[str, Share]()
        self._under_way: Counter[Endpoint] = Counter()

    def wait(self, endpoint: Endpoint, delivery: Delivery) -> bool:
        """False: there is no room."""
        if self._waiting_at[endpoint.host] >= WAITING_FOR_ONE_HOST:
            return False
        self._waiting.setdefault(endpoint, deque()).append(delivery)
        self._waiting_at[endpoint.host] += 1
        return True

    def begin(self, endpoint: Endpoint) -> Iterable[Begun]:
        """Whatever waits for this endpoint and has a place now, oldest first."""
        waiting = self._waiting.get(endpoint, ())
        begun = []
        while waiting and self._has_place(endpoint):
            begun.append(self._take(endpoint))
        if begun and waiting:
            self._waiting[endpoint] = self._waiting.pop(endpoint)  # behind the others: the next free place is theirs
        return begun

    def spare(self, endpoint: Endpoint) -> Spared:
        """Some of what should not wait for a silent endpoint, newest first, and what is told of it. The more there is,
        the more at once: none of it is left to its lease."""
        if not self._places.is_silent(endpoint.address):
            return ()
        too_many = len(self._waiting.get(endpoint, ())) - WAITING_FOR_SILENT_ENDPOINT
        number = min(max(SPARED_AT_ONCE, too_many // SPARED_SHARE), too_many)
        receipt = self._places.not_tried(endpoint.address)
        return [(self._pop(endpoint, newest=True), receipt) for _ in range(number)]

    def learn(self, endpoint: Endpoint, receipt: Receipt) -> None:
        self._places.learn(endpoint.address, receipt)

    def pause(self, endpoint: Endpoint) -> float:
        """How many seconds a place is kept after an attempt that has come to its end, before `end`."""
        return PAUSE_SECONDS if self._places.is_silent(endpoint.address) else 0

    def end(self, begun: Begun) -> Iterator[Endpoint]:
        """Its place is free: for which endpoints may something begin now? Those that have waited longest come first."""
        endpoint, doubtful = begun.endpoint, begun.doubtful
        host = self._hosts[endpoint.host]
        were_all_full, was_host_full = not self._all.has_room(doubtful), not host.has_room(doubtful)
        self._all.take(doubtful, -1)
        host.take(doubtful, -1)
        if not host.taken:
            del self._hosts[endpoint.host]
        self._under_way[endpoint] -= 1
        if not self._under_way[endpoint]:
            del self._under_way[endpoint]
        if were_all_full:
            yield from self._until_full(self._all, doubtful, list(self._waiting))
        elif was_host_full:
            neighbours = [one for one in self._waiting if one.host == endpoint.host]
            yield from self._until_full(host, doubtful, neighbours)
        elif endpoint in self._waiting:
            yield endpoint

    def _until_full(self, share: Share, doubtful: bool, endpoints: Iterable[Endpoint]) -> Iterator[Endpoint]:
        for endpoint in endpoints:
            if not share.has_room(doubtful):
                return
            yield endpoint

    def _has_place(self, endpoint: Endpoint) -> bool:
        doubtful, host = self._places.is_doubtful(endpoint.address), self._hosts.get(endpoint.host)
        if self._under_way[endpoint] >= self._places.of(endpoint.address) or not self._all.has_room(doubtful):
            return False
        return host is None or host.has_room(doubtful)

    def _take(self, endpoint: Endpoint) -> Begun:
        doubtful = self._places.is_doubtful(endpoint.address)
        self._all.take(doubtful)
        self._hosts.setdefault(endpoint.host, Share(AT_ONCE_TO_ONE_HOST)).take(doubtful)
        self._under_way[endpoint] += 1
        return Begun(endpoint, self._pop(endpoint), doubtful)

    def _pop(self, endpoint: Endpoint, *, newest: bool = False) -> Delivery:
        waiting = self._waiting[endpoint]
        delivery = waiting.pop() if newest else waiting.popleft()
        self._waiting_at[endpoint.host] -= 1
        if not self._waiting_at[endpoint.host]:
            del self._waiting_at[endpoint.host]
        if not waiting:
            del self._waiting[endpoint]
        return delivery
