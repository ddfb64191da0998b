"""The table agrees with itself, and with what the deciders say."""

from mkondo.contracts.events import MESSAGES
from mkondo.topology import DECIDERS, TOPOLOGY, sources_of

BUILT = [row for row in TOPOLOGY if row.decider and row.built]


def test_each_decider_that_is_built_has_its_row() -> None:
    assert [row.decider for row in BUILT] == list(DECIDERS)


def test_a_decider_hears_only_deciders_that_are_built() -> None:
    assert {source for name in DECIDERS for source in sources_of(name)} <= DECIDERS.keys()


def test_each_public_event_is_emitted_by_a_row_and_each_row_emits_public_events_only() -> None:
    emitted = {name for row in BUILT for name in row.emits}
    assert emitted == {message.name for message in MESSAGES if message.topic}
