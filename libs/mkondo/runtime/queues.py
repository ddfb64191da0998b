"""Who is called next: attempts that wait for a place, by target, and the places that are taken.

A target is an address without its query, whoever's results go there: nothing but this process knows how it fares. (What
is disabled is an application's whole address, its endpoint: domain/endpoint.py.) Many may share a host, which is not
called too often at once either. Results about one payment go to a target one at a time, in the order in which they were
queued.
Pure, but for what it remembers. Read next: places.py for how many places there are, deliverer.py for who asks.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec

from mkondo.domain.delivery import Delivery, Receipt, payment_of
from mkondo.domain.ids import PaymentId
from mkondo.runtime.places import (
    AT_ONCE_MAX,
    AT_ONCE_TO_ONE_HOST,
    WAITING_FOR_SILENT_TARGET,
    Places,
    Share,
)

WAITING_FOR_ONE_HOST = 1_000
"""What finds no room is left to its lease, which asks for it again: never forgotten."""
SPARED_AT_ONCE = 4
SPARED_SHARE = 100
"""So many, or this part of what waits for a silent target, is given up waiting together. A target is known to be
silent only once a time-out has passed: the decider, who serves all others too, would be told of a whole time-out's
results in one go."""


class Target(msgspec.Struct, frozen=True):
    """Where a result goes, as far as it matters for who is next."""

    address: str
    host: str


@lru_cache(maxsize=1_000)
def target_of(url: str) -> Target:
    """What is no URL is a target too: its attempts fail."""
    address = url.partition("?")[0]
    try:
        return Target(address, urlsplit(url).netloc.lower())
    except ValueError:
        return Target(address, "")


Spared = Sequence[tuple[Delivery, Receipt]]
"""Attempts that are not made, and what is told of each."""


class Begun(msgspec.Struct, frozen=True):
    """An attempt that has a place. `doubtful`: whether its target was in doubt when it began."""

    target: Target
    delivery: Delivery
    doubtful: bool


class Queues:
    """`wait` and then `begin` and `spare`; `told`, and then again if it says so; `rest` and `end`, and then again for
    each target that it names; `rested`, and then again."""

    def __init__(self) -> None:
        self._places = Places()
        self._waiting: dict[Target, deque[Delivery]] = {}
        self._waiting_at: Counter[str] = Counter()
        self._turns: dict[tuple[Target, PaymentId], Delivery] = {}
        """The result that waits or is under way, of those about one payment that go to one target."""
        self._later: dict[Target, dict[PaymentId, deque[Delivery]]] = {}
        """Those that come after it, where there are any."""
        self._all, self._hosts = Share(AT_ONCE_MAX), dict[str, Share]()
        self._under_way: Counter[Target] = Counter()
        self._resting: set[Target] = set()

    def wait(self, target: Target, delivery: Delivery) -> bool:
        """False: there is no room."""
        if self._waiting_at[target.host] >= WAITING_FOR_ONE_HOST:
            return False
        self._waiting_at[target.host] += 1
        payment = payment_of(delivery.result)
        if (target, payment) in self._turns:
            self._later.setdefault(target, {}).setdefault(payment, deque()).append(delivery)
        else:
            self._take_turn(target, payment, delivery)
        return True

    def told(self, target: Target, delivery: Delivery) -> bool:
        """What came of it is told, so the next result about its payment may go: is there one?"""
        payment = payment_of(delivery.result)
        if self._turns.get((target, payment)) is not delivery:
            return False  # it was spared before its turn
        if payment not in self._later.get(target, ()):
            del self._turns[target, payment]
            return False
        self._take_turn(target, payment, self._pop_later(target, payment))
        return True

    def _take_turn(self, target: Target, payment: PaymentId, delivery: Delivery) -> None:
        self._turns[target, payment] = delivery
        self._waiting.setdefault(target, deque()).append(delivery)

    def _pop_later(self, target: Target, payment: PaymentId, *, newest: bool = False) -> Delivery:
        payments = self._later[target]
        delivery = payments[payment].pop() if newest else payments[payment].popleft()
        if not payments[payment]:
            del payments[payment]
        if not payments:
            del self._later[target]
        return delivery

    def begin(self, target: Target) -> Iterable[Begun]:
        """Whatever waits for this target and has a place now, oldest first."""
        waiting = self._waiting.get(target, ())
        begun = []
        while waiting and self._has_place(target):
            begun.append(self._take(target))
        if begun and waiting:
            self._waiting[target] = self._waiting.pop(target)  # behind the others: the next free place is theirs
        return begun

    def spare(self, target: Target) -> Spared:
        """Some of what should not wait for a silent target, newest first, and what is told of it. The more there is,
        the more at once: none of it is left to its lease."""
        if not self._places.is_silent(target.address):
            return ()
        later = self._later.get(target, {})
        too_many = len(self._waiting.get(target, ())) + sum(map(len, later.values())) - WAITING_FOR_SILENT_TARGET
        number = min(max(SPARED_AT_ONCE, too_many // SPARED_SHARE), too_many)
        receipt = self._places.not_tried(target.address)
        return [(self._pop_newest(target), receipt) for _ in range(number)]

    def _pop_newest(self, target: Target) -> Delivery:
        """Those first that wait for an earlier result of their payment: they would be tried last."""
        if later := self._later.get(target):
            self._leave(target)
            return self._pop_later(target, next(reversed(later)), newest=True)
        return self._pop(target, newest=True)

    def learn(self, target: Target, receipt: Receipt) -> None:
        self._places.learn(target.address, receipt)

    def rest(self, target: Target) -> bool:
        """Whether it is silent, and rests from now on: nothing is begun for it until `rested`."""
        if target in self._resting or not self._places.is_silent(target.address):
            return False
        self._resting.add(target)
        return True

    def rested(self, target: Target) -> None:
        self._resting.discard(target)

    def end(self, begun: Begun) -> Iterator[Target]:
        """Its place is free: for which targets may something begin now? Those that have waited longest come first."""
        target, doubtful = begun.target, begun.doubtful
        host = self._hosts[target.host]
        were_all_full, was_host_full = not self._all.has_room(doubtful), not host.has_room(doubtful)
        self._all.take(doubtful, -1)
        host.take(doubtful, -1)
        if not host.taken:
            del self._hosts[target.host]
        self._under_way[target] -= 1
        if not self._under_way[target]:
            del self._under_way[target]
        if were_all_full:
            yield from self._until_full(self._all, doubtful, list(self._waiting))
        elif was_host_full:
            neighbours = [one for one in self._waiting if one.host == target.host]
            yield from self._until_full(host, doubtful, neighbours)
        elif target in self._waiting:
            yield target

    def _until_full(self, share: Share, doubtful: bool, targets: Iterable[Target]) -> Iterator[Target]:
        for target in targets:
            if not share.has_room(doubtful):
                return
            yield target

    def _has_place(self, target: Target) -> bool:
        if target in self._resting:
            return False
        doubtful, host = self._places.is_doubtful(target.address), self._hosts.get(target.host)
        if self._under_way[target] >= self._places.of(target.address) or not self._all.has_room(doubtful):
            return False
        return host is None or host.has_room(doubtful)

    def _take(self, target: Target) -> Begun:
        doubtful = self._places.is_doubtful(target.address)
        self._all.take(doubtful)
        self._hosts.setdefault(target.host, Share(AT_ONCE_TO_ONE_HOST)).take(doubtful)
        self._under_way[target] += 1
        return Begun(target, self._pop(target), doubtful)

    def _pop(self, target: Target, *, newest: bool = False) -> Delivery:
        waiting = self._waiting[target]
        delivery = waiting.pop() if newest else waiting.popleft()
        if not waiting:
            del self._waiting[target]
        self._leave(target)
        return delivery

    def _leave(self, target: Target) -> None:
        self._waiting_at[target.host] -= 1
        if not self._waiting_at[target.host]:
            del self._waiting_at[target.host]
