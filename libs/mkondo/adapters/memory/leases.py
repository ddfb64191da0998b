"""Who owns which partition, in memory: members announce themselves, and each claims its fair share.

Leases give liveness only; the epoch in the partition row alone gives safety (architecture rule 5). Read next: store.py.
"""

from collections.abc import Collection

from mkondo.contracts.journal import Partition
from mkondo.domain.ids import Instant
from mkondo.ports.clock import Clock


class Leases:
    """Members and their leases, by one clock."""

    def __init__(self, clock: Clock, partitions: int) -> None:
        self._clock = clock
        self._partitions = partitions
        self._members: dict[str, tuple[Instant, frozenset[str]]] = {}
        self._owners: dict[Partition, tuple[str, Instant]] = {}

    def claim(self, member: str, deciders: Collection[str], lease_seconds: float) -> list[Partition]:
        """Renew, settle the fair share, return what is held."""
        now = self._clock.now()
        until = Instant(now + round(lease_seconds * 1000))
        self._members[member] = (until, frozenset(deciders))
        held: list[Partition] = []
        for decider in sorted(deciders):
            held += self._settle(member, decider, now, until)
        for partition, (owner, _) in list(self._owners.items()):
            if owner == member and partition not in held:
                del self._owners[partition]
        return held

    def _settle(self, member: str, decider: str, now: Instant, until: Instant) -> list[Partition]:
        everyone = [Partition(decider, number) for number in range(self._partitions)]
        mine = [partition for partition in everyone if self._owner(partition, now) == member]
        free = [partition for partition in everyone if self._owner(partition, now) is None]
        held = sorted((mine + free)[: self._share(member, decider, now)])
        for partition in held:
            self._owners[partition] = (member, until)
        return held

    def _owner(self, partition: Partition, now: Instant) -> str | None:
        owner, until = self._owners.get(partition, (None, now))
        return owner if until > now else None

    def _share(self, member: str, decider: str, now: Instant) -> int:
        """Partitions divided by the living hosts of the decider; the first in order take the remainder."""
        hosts = sorted(name for name, (until, deciders) in self._members.items() if until > now and decider in deciders)
        whole, rest = divmod(self._partitions, len(hosts))
        return whole + (hosts.index(member) < rest)

    def release(self, member: str) -> None:
        self._members.pop(member, None)
        self._owners = {partition: owned for partition, owned in self._owners.items() if owned[0] != member}
