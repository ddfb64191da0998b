"""Timers fire once, in order, at their latest instant; a partition's memory is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from mkondo.contracts.journal import Partition, PartitionState
from mkondo.domain.account import Account
from mkondo.domain.ids import AccountId, Instant, RecordKey
from mkondo.runtime.inbox import PartitionInbox
from mkondo.runtime.parking import ParkedMessages
from mkondo.runtime.partition import OwnedPartition, Timers

A, B, C = RecordKey("hold/a"), RecordKey("hold/b"), RecordKey("hold/c")


def timers(**due: int) -> Timers:
    return Timers({RecordKey(f"hold/{name}"): Instant(instant) for name, instant in due.items()})


def test_a_timer_fires_at_its_instant_and_not_before() -> None:
    waiting = timers(a=5)
    assert waiting.take(Instant(4), 10) == []
    assert waiting.take(Instant(5), 10) == [A]


def test_a_timer_fires_once() -> None:
    waiting = timers(a=5)
    assert waiting.take(Instant(9), 10) == [A]
    assert waiting.take(Instant(9), 10) == []
    assert waiting.next() is None


def test_the_earliest_fires_first() -> None:
    assert timers(a=7, b=5, c=6).take(Instant(9), 2) == [B, C]


def test_no_more_fire_at_once_than_fit_the_batch() -> None:
    waiting = timers(a=1, b=2, c=3)
    assert waiting.take(Instant(9), 2) == [A, B]
    assert waiting.take(Instant(9), 2) == [C]


def test_a_timer_that_was_moved_fires_at_its_new_instant_only() -> None:
    waiting = timers(a=5)
    waiting.set(A, Instant(8))
    assert waiting.next() == 8
    assert waiting.take(Instant(7), 10) == []
    waiting.set(A, Instant(6))
    assert waiting.take(Instant(6), 10) == [A]
    assert waiting.take(Instant(99), 10) == []


def test_a_timer_that_was_taken_away_does_not_fire() -> None:
    waiting = timers(a=5)
    waiting.set(A, None)
    assert waiting.next() is None
    assert waiting.take(Instant(9), 10) == []


def test_the_next_instant_is_the_earliest() -> None:
    assert timers(a=7, b=5).next() == 5
    assert timers().next() is None


@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.none() | st.integers(0, 20)), max_size=30), st.integers(0, 20))
def test_timers_agree_with_a_plain_table(sets: list[tuple[RecordKey, int | None]], now: int) -> None:
    waiting, table = timers(), dict[RecordKey, int]()
    for key, due in sets:
        waiting.set(key, None if due is None else Instant(due))
        table = {**table, key: due} if due is not None else {k: v for k, v in table.items() if k != key}
    assert waiting.next() == min(table.values(), default=None)
    fired = waiting.take(Instant(now), 10)
    assert sorted(fired) == sorted(key for key, due in table.items() if due <= now)
    assert [table[key] for key in fired] == sorted(table[key] for key in fired)


def owned(room: int) -> OwnedPartition:
    partition = Partition("ledger", 0)
    inbox = PartitionInbox({}, [], 10, lambda: None)
    return OwnedPartition(PartitionState(partition, 1), inbox, timers(), ParkedMessages(partition, {}), room)


def test_memory_keeps_the_newest_records() -> None:
    partition = owned(room=10)
    for number in range(15):
        partition.records[RecordKey(f"account/{number}")] = Account(AccountId(str(number)), "TZS")
    partition.trim()
    assert 0 < len(partition.records) <= 10
    assert RecordKey("account/14") in partition.records
    assert RecordKey("account/0") not in partition.records


def test_memory_that_has_room_is_left_alone() -> None:
    partition = owned(room=10)
    partition.records[A] = Account(AccountId("a"), "TZS")
    partition.trim()
    assert A in partition.records
