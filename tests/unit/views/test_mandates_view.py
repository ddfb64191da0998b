"""The view `mandates` counts what was really collected, whatever the mandate's frequency is."""

import pytest

from mkondo.domain.views.mandates import MandateRow, row_key
from mkondo.testing.builders import APPLICATION
from mkondo.testing.given import Story
from tests.unit.domain.test_mandates import FIRST_ID, MARCH_1, collect, created, creation, failure
from tests.unit.views.test_rows import told


def collections(story: Story) -> int:
    row = told("mandates", *story.events)[row_key(APPLICATION, FIRST_ID)]
    assert isinstance(row, MandateRow)
    return row.collections


@pytest.mark.parametrize("frequency", ["", "01", "02", "04", "08"])
def test_a_collection_that_fails_is_counted_no_more(frequency: str) -> None:
    story = created(MARCH_1, frequency=frequency)
    assert collect(story, "p1", MARCH_1) == "yes"
    assert collections(story) == 1
    assert collections(story.when(failure(story))) == 0


def test_the_mandate_that_was_replaced_meanwhile_is_the_one_that_counts_less() -> None:
    story = created(MARCH_1, frequency="08")
    assert collect(story, "p1", MARCH_1) == "yes"
    late = failure(story)
    story.after(creation(MARCH_1, "c2", frequency="08"))
    assert collect(story, "p2", MARCH_1) == "yes"
    assert collections(story.when(late)) == 0
    assert [row.collections for row in told("mandates", *story.events).values()] == [0, 1]
