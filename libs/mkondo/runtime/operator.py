"""An operator's word about parked messages (architecture rule 14), given past the processors.

Whoever gives it owns the partition for one transaction, as any member might: the epoch is raised, the word is carried
out and committed, and a processor that works there meanwhile is fenced, drops its memory and reads again. So it works
beside a running platform and on one that is stopped. Read next: parking.py, batch.py, services/cli/parked.py.
"""

from collections.abc import Sequence

import msgspec

from mkondo.contracts.journal import Partition
from mkondo.contracts.parking import DiscardParked, RetryParked
from mkondo.contracts.records import PARKED, Parked, decode_record
from mkondo.domain.decider import Decider, Record
from mkondo.domain.ids import Instant, RecordKey
from mkondo.ports.errors import CommitUnknown, Fenced, TryLater
from mkondo.ports.log import Received
from mkondo.ports.store import Store
from mkondo.runtime.batch import BatchWriter
from mkondo.runtime.parking import ParkedMessages, records_needed

OPERATOR = "operator"
_ATTEMPTS = 20


class Waiting(msgspec.Struct, frozen=True):
    """A parked message, by the key that names it to `retry` and `discard`."""

    partition: Partition
    key: RecordKey
    parked: Parked


async def waiting(store: Store) -> Sequence[Waiting]:
    """Every parked message of the environment; those of one partition in the order in which they were parked."""
    return [one for state in await store.states() for one in await _waiting_in(store, state.partition)]


async def _waiting_in(store: Store, partition: Partition) -> list[Waiting]:
    stored = await store.load_kind(partition, PARKED)
    records = [(key, decode_record(key, stored[key].data)) for key in sorted(stored)]
    return [Waiting(partition, key, record) for key, record in records if isinstance(record, Parked)]


async def say(
    store: Store, decider: Decider, partition: Partition, word: RetryParked | DiscardParked, now: Instant
) -> int:
    """Carry it out, in one transaction. Returns how many messages of the partition are parked still.

    Raises TryLater when the store is out of reach, or the owner was quicker every time; both may be said again.
    """
    for _ in range(_ATTEMPTS):
        try:
            return await _say_once(store, decider, partition, word, now)
        except (Fenced, CommitUnknown):  # a word that was carried out already changes nothing when it is said again
            continue
    raise TryLater(f"{partition} changes hands too often")


async def _say_once(
    store: Store, decider: Decider, partition: Partition, word: RetryParked | DiscardParked, now: Instant
) -> int:
    state = await store.acquire(partition, OPERATOR)
    parked = ParkedMessages(partition, await store.load_kind(partition, PARKED))
    needed = set(records_needed(decider, parked, word))
    found = await store.load({partition: needed}) if needed else {}
    records: dict[RecordKey, Record] = {key: decode_record(key, data) for key, data in found.items()}
    writer = BatchWriter(decider, state, records, parked, now)
    writer.take(Received(OPERATOR, 0, 0, word))
    await store.commit([writer.finish().batch])
    return len(parked)
