"""An inbox notices what never came, even when nothing follows it on its channel."""

from mkondo.domain.application import ApiKey
from mkondo.domain.ids import ApplicationId
from mkondo.ports.log import Received
from mkondo.runtime.inbox import PartitionInbox

SOURCE = "admission/1"


def an_inbox() -> PartitionInbox:
    inbox = PartitionInbox({SOURCE: 5}, [SOURCE], room=10, wake=lambda: None)
    inbox.catch_up(SOURCE, [], more=False)
    return inbox


def row(sequence: int, previous: int) -> Received:
    return Received(SOURCE, sequence, previous, ApiKey(ApplicationId("app")))


def test_a_message_said_to_be_sent_in_two_looks_and_not_come_is_lost() -> None:
    inbox = an_inbox()
    inbox.was_sent(SOURCE, 7)
    assert not inbox.behind, "it may still be under way"
    inbox.was_sent(SOURCE, 7)
    assert inbox.behind == {SOURCE}


def test_a_message_that_came_between_two_looks_is_not_lost() -> None:
    inbox = an_inbox()
    inbox.was_sent(SOURCE, 7)
    assert inbox.offer(row(7, previous=5))
    inbox.was_sent(SOURCE, 9)
    assert not inbox.behind, "row 9 may still be under way"


def test_a_channel_that_was_read_on_is_offered_to_again() -> None:
    inbox = an_inbox()
    inbox.was_sent(SOURCE, 7)
    inbox.was_sent(SOURCE, 7)
    inbox.catch_up(SOURCE, [row(7, previous=5)], more=False)
    assert not inbox.behind
    assert inbox.offer(row(8, previous=7))
