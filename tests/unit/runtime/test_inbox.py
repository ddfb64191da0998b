"""The inbox notices repeats and losses by `previous`, and is bounded (architecture rule 6)."""

from hypothesis import given
from hypothesis import strategies as st

from mkondo.domain.decider import TimerDue
from mkondo.domain.ids import RecordKey
from mkondo.ports.log import COMMANDS, Received
from mkondo.runtime.inbox import PartitionInbox

SOURCE = "admission/1"


class Bell:
    def __init__(self) -> None:
        self.rung = 0

    def __call__(self) -> None:
        self.rung += 1


def row(sequence: int, previous: int, source: str = SOURCE) -> Received:
    return Received(source, sequence, previous, TimerDue(RecordKey(f"{source}:{sequence}")))


def command(sequence: int = 0) -> Received:
    return Received(COMMANDS, sequence, max(sequence - 1, 0), TimerDue(RecordKey(f"command {sequence}")))


def inbox(position: int = 0, room: int = 10, caught_up: bool = True, bell: Bell | None = None) -> PartitionInbox:
    box = PartitionInbox({SOURCE: position, COMMANDS: position}, [SOURCE], room, bell or Bell())
    if caught_up:
        box.catch_up(SOURCE, [], more=False)
    return box


def numbers(box: PartitionInbox) -> list[int]:
    return [received.sequence for received in box.take(100)]


def test_rows_are_taken_in_order_whatever_their_numbers() -> None:
    box = inbox(position=3)
    assert box.offer(row(7, previous=3))
    assert box.offer(row(9, previous=7))
    assert numbers(box) == [7, 9]
    assert box.position(SOURCE) == 9


def test_a_repeat_is_dropped_and_acknowledged() -> None:
    box = inbox()
    for _ in range(3):
        assert box.offer(row(1, previous=0))
    assert numbers(box) == [1]
    assert box.behind == set()


def test_what_was_committed_before_is_a_repeat_too() -> None:
    box = inbox(position=5)
    assert box.offer(row(5, previous=4))
    assert len(box) == 0


def test_a_gap_puts_its_source_behind_and_nothing_more_is_taken_from_it() -> None:
    box = inbox()
    assert box.offer(row(1, previous=0))
    assert not box.offer(row(3, previous=2))
    assert not box.offer(row(4, previous=3))
    assert box.behind == {SOURCE}
    assert numbers(box) == [1]


def test_a_row_that_fits_is_refused_while_its_source_is_behind() -> None:
    box = inbox(caught_up=False)
    assert not box.offer(row(1, previous=0))
    assert len(box) == 0


def test_other_sources_go_on_while_one_is_behind() -> None:
    box = PartitionInbox({}, [SOURCE, "admission/2"], 10, Bell())
    box.catch_up("admission/2", [], more=False)
    assert box.offer(row(1, 0, "admission/2"))
    assert box.behind == {SOURCE}


def test_at_first_every_source_is_behind() -> None:
    assert PartitionInbox({}, ["a/0", "a/1"], 10, Bell()).behind == {"a/0", "a/1"}


def test_a_full_inbox_refuses_a_row_and_has_it_read_later() -> None:
    box = inbox(room=1)
    assert box.offer(row(1, previous=0))
    assert not box.offer(row(2, previous=1))
    assert box.behind == {SOURCE}
    assert not box.has_room()


def test_a_full_inbox_refuses_a_command_and_nobody_is_behind() -> None:
    box = inbox(room=1)
    assert box.offer(command())
    assert not box.offer(command())
    assert box.behind == set()


def test_reading_the_journal_closes_the_gap() -> None:
    box = inbox()
    assert not box.offer(row(3, previous=2))
    box.catch_up(SOURCE, [row(2, previous=0), row(3, previous=2)], more=False)
    assert box.behind == set()
    assert box.offer(row(4, previous=3))
    assert numbers(box) == [2, 3, 4]


def test_a_full_page_means_that_there_is_more_to_read() -> None:
    box = inbox(caught_up=False)
    box.catch_up(SOURCE, [row(1, previous=0)], more=True)
    assert box.behind == {SOURCE}


def test_what_was_refused_while_the_journal_was_read_is_read_again() -> None:
    box = inbox(caught_up=False)
    assert not box.offer(row(2, previous=1))
    box.catch_up(SOURCE, [row(1, previous=0)], more=False)
    assert box.behind == {SOURCE}
    box.catch_up(SOURCE, [row(2, previous=1)], more=False)
    assert box.behind == set()
    assert numbers(box) == [1, 2]


def test_rows_read_twice_are_taken_once() -> None:
    box = inbox(caught_up=False)
    for _ in range(2):
        box.catch_up(SOURCE, [row(1, previous=0)], more=False)
    assert numbers(box) == [1]


def test_a_repeated_command_of_a_numbered_channel_is_dropped() -> None:
    box = inbox(position=4)
    assert box.offer(command(4)) and box.offer(command(5)) and box.offer(command(5))
    assert numbers(box) == [5]


def test_direct_commands_have_no_number_and_are_all_taken() -> None:
    box = inbox()
    assert box.offer(command()) and box.offer(command())
    assert len(box) == 2


def test_a_numbered_channel_goes_on_after_the_last_committed_command_not_the_last_taken() -> None:
    box = inbox(position=4)
    assert box.offer(command(5))
    assert box.command_position() == 4
    box.committed(5)
    assert box.command_position() == 5


def test_messages_put_back_come_first_in_their_order() -> None:
    box = inbox()
    for sequence in (1, 2, 3):
        box.offer(row(sequence, previous=sequence - 1))
    batch = box.take(2)
    box.put_back(batch)
    assert numbers(box) == [1, 2, 3]


def test_a_closed_inbox_takes_nothing_and_gives_back_what_waited() -> None:
    box = inbox()
    box.offer(command())
    assert [received.source for received in box.close()] == [COMMANDS]
    assert not box.offer(command()) and not box.offer(row(1, previous=0))
    assert len(box) == 0 and not box.has_room()


def test_whoever_waits_is_woken_by_work_and_by_gaps() -> None:
    bell = Bell()
    box = inbox(bell=bell)
    box.offer(row(1, previous=0))
    assert bell.rung == 1
    box.offer(row(1, previous=0))
    assert bell.rung == 1
    box.offer(row(9, previous=8))
    assert bell.rung == 2


@given(st.lists(st.tuples(st.sampled_from(["offer", "repeat", "lose", "read"]), st.integers(1, 4)), max_size=60))
def test_whatever_is_lost_or_repeated_every_row_is_taken_once_in_order(steps: list[tuple[str, int]]) -> None:
    journal = [row(sequence, sequence - 1) for sequence in range(1, 300)]
    box, sent, taken = inbox(room=5), 0, []

    def read() -> None:
        page = journal[box.position(SOURCE) : sent][:3]
        box.catch_up(SOURCE, page, more=len(page) == 3)

    for step, count in steps:
        match step:
            case "lose":
                sent += count
            case "offer":
                for received in journal[sent : sent + count]:
                    sent += 1
                    box.offer(received)
            case "repeat":
                for received in journal[max(sent - count, 0) : sent]:
                    box.offer(received)
            case _:
                taken += numbers(box)
                if box.behind:
                    read()
    sent += 1
    box.offer(journal[sent - 1])
    while box.behind or len(box):
        taken += numbers(box)
        if box.behind:
            read()
    assert taken == list(range(1, sent + 1))
