"""What a query of a direct debit learns of the customer's account from the account's owner."""

import pytest

from mkondo.domain import ledger
from mkondo.domain.mandate import FindMandate, Mandate, MandateKey, Terms
from mkondo.domain.mandates import MandateFound
from mkondo.domain.request import RequestAnswered
from mkondo.testing.builders import APPLICATION, CUSTOMER, MARKET, NOW, open_with, reserving, service_request, tzs
from mkondo.testing.given import Story, story_of

given = story_of(ledger)

KEY = MandateKey(APPLICATION, MARKET, "Test123", "255744000001")
MANDATE = Mandate(KEY, "1", "token-c1==", "000000", Terms(), created_at=NOW)


def covers(story: Story, minor: int) -> object:
    """What is said of the balance when it is compared with so much."""
    order = FindMandate(KEY, "", CUSTOMER, minor)
    asked = service_request(f"q-{minor}", "query_direct_debit", order)
    (answer,) = story.when(MandateFound(asked, CUSTOMER, MANDATE, minor)).and_all_is_well().answer
    assert isinstance(answer, RequestAnswered)
    return answer.outputs["output_SufficientBalance"]


@pytest.mark.parametrize(("minor", "expected"), [(100_00, True), (100_01, False)])
def test_a_balance_is_sufficient_up_to_its_last_cent(minor: int, expected: bool) -> None:
    assert covers(given().after(open_with(CUSTOMER, 100_00)), minor) is expected


@pytest.mark.parametrize(("minor", "expected"), [(40_00, True), (40_01, False)])
def test_what_is_held_for_somebody_else_does_not_count(minor: int, expected: bool) -> None:
    story = given().after(open_with(CUSTOMER, 100_00), reserving("p1", tzs(60_00)))
    assert covers(story, minor) is expected
