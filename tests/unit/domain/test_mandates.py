"""Direct debits: who may collect, when, and how often; dates are the market's."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from mkondo.domain import mandates
from mkondo.domain.account import wallet
from mkondo.domain.decider import Send, TimerDue
from mkondo.domain.ids import Instant, PaymentId, partition_of
from mkondo.domain.mandate import (
    AnswerMandate,
    CancelMandate,
    Collection,
    CreateMandate,
    FindMandate,
    Mandate,
    MandateKey,
    Status,
    Terms,
)
from mkondo.domain.mandates import (
    CollectionAdmitted,
    CollectionReturned,
    MandateApproved,
    MandateCancelled,
    MandateCreated,
    MandateExpired,
    MandateFound,
    mandate_key,
)
from mkondo.domain.payment import Forced, PaymentAdmitted, PaymentFailed
from mkondo.domain.request import Order, Outputs, RequestAdmitted, RequestAnswered
from mkondo.testing.builders import APPLICATION, DEADLINE_MS, SESSION, SHOP, admitted, later, service_request, tzs
from mkondo.testing.given import Story, story_of

given = story_of(mandates)

KEY = MandateKey(APPLICATION, "vodacomTZN", "Test123", "255744000001")
WALLET = wallet(APPLICATION, KEY.customer, "TZS")
FIRST_ID = str(partition_of(KEY.partition_key) + 1)


def at(text: str) -> Instant:
    """`2026-03-01 10:00` in Dar es Salaam, three hours ahead of UTC all year."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return Instant(int(moment.timestamp() * 1000) - 3 * 3_600_000)


def asked(name: str, order: Order, now: Instant, operation: str = "direct_debit_creation") -> RequestAdmitted:
    return RequestAdmitted(service_request(name, operation, order, deadline=later(DEADLINE_MS, now)), SESSION, 1)


def creation(now: Instant, name: str = "c1", *, agreed: bool = True, **terms: str) -> RequestAdmitted:
    return asked(name, CreateMandate(KEY, f"token-{name}==", "000000", Terms(**terms), agreed), now)


def collection(name: str, now: Instant, minor: int = 10_00, mandate_id: str = "") -> PaymentAdmitted:
    made = admitted(
        name, tzs(minor), operation="direct_debit_payment", debited=WALLET, credited=SHOP,
        deadline=later(DEADLINE_MS, now),
    )  # fmt: skip
    return replace(made, purpose=Collection(KEY, mandate_id))


def created(now: Instant, *, agreed: bool = True, **terms: str) -> Story:
    return given().at(now).after(creation(now, agreed=agreed, **terms))


def collect(story: Story, name: str, now: Instant, mandate_id: str = "") -> str:
    """`yes`, or the code it was refused with."""
    story.at(now).when(collection(name, now, mandate_id=mandate_id))
    (event,) = story.and_all_is_well().answer
    if isinstance(event, CollectionAdmitted):
        return "yes"
    assert isinstance(event, PaymentFailed)
    assert not event.reserved
    return event.code


MARCH_1 = at("2026-03-01 10:00")


def test_a_mandate_is_created_with_an_id_a_token_and_a_reference() -> None:
    story = given().at(MARCH_1).when(creation(MARCH_1))
    mandate = Mandate(KEY, FIRST_ID, "token-c1==", "000000", Terms(), created_at=MARCH_1)
    outputs: Outputs = {
        "output_TransactionReference": "T-c1",
        "output_MsisdnToken": "token-c1==",
        "output_MandateID": FIRST_ID,
    }
    story.then(MandateCreated(mandate), RequestAnswered(creation(MARCH_1).request, "INS-0", outputs=outputs))


def test_ids_are_never_given_twice() -> None:
    story = created(MARCH_1)
    story.when(creation(MARCH_1, "c2"))
    second = [event.mandate.mandate_id for event in story.answer if isinstance(event, MandateCreated)]
    assert second == [str(int(FIRST_ID) + 8)]


def test_a_new_mandate_for_the_same_customer_and_reference_takes_the_place_of_the_old() -> None:
    story = created(MARCH_1, frequency="01")
    assert collect(story, "p1", MARCH_1) == "yes"
    story.when(creation(MARCH_1, "c2"))
    assert story.answer[0] == MandateCancelled(KEY, FIRST_ID, "a new mandate takes its place")
    assert collect(story, "p2", MARCH_1) == "yes"
    assert collect(story, "p3", MARCH_1, mandate_id=FIRST_ID) == "INS-6"


@pytest.mark.parametrize(("terms", "code"), [
    ({"first_payment_date": "20260228", "frequency": "04"}, "INS-39"),
    ({"first_payment_date": "20260301", "frequency": "04"}, "INS-0"),
    ({"expiry_date": "20260228"}, "INS-43"),
    ({"expiry_date": "20260301"}, "INS-0"),
])  # fmt: skip
def test_dates_that_are_past_in_the_market_are_refused(terms: dict[str, str], code: str) -> None:
    story = given().at(MARCH_1).when(creation(MARCH_1, agreed=True, **terms))
    answer = story.answer[-1]
    assert isinstance(answer, RequestAnswered) and answer.code == code


def test_today_is_the_markets_day_not_utcs() -> None:
    """At 00:30 on 1 March in Dar es Salaam it is still February in UTC."""
    now = at("2026-03-01 00:30")
    story = given().at(now).when(creation(now, first_payment_date="20260228", frequency="02"))
    answer = story.answer[-1]
    assert isinstance(answer, RequestAnswered) and answer.code == "INS-39"


@pytest.mark.parametrize(("frequency", "days", "expected"), [
    ("01", ["2026-03-01", "2026-03-01", "2027-01-01"], ["yes", "INS-6", "INS-6"]),
    ("02", ["2026-03-01", "2026-03-01", "2026-03-02"], ["yes", "INS-6", "yes"]),
    ("03", ["2026-03-01", "2026-03-07", "2026-03-08"], ["yes", "INS-6", "yes"]),
    ("04", ["2026-03-01", "2026-03-31", "2026-04-01"], ["yes", "INS-6", "yes"]),
    ("05", ["2026-03-01", "2026-05-31", "2026-06-01"], ["yes", "INS-6", "yes"]),
    ("06", ["2026-03-01", "2026-08-31", "2026-09-01"], ["yes", "INS-6", "yes"]),
    ("07", ["2026-03-01", "2027-02-28", "2027-03-01"], ["yes", "INS-6", "yes"]),
    ("08", ["2026-03-01", "2026-03-01", "2026-03-01"], ["yes", "yes", "yes"]),
    ("", ["2026-03-01", "2026-03-01", "2026-03-01"], ["yes", "yes", "yes"]),
])  # fmt: skip
def test_each_period_is_collected_once(frequency: str, days: list[str], expected: list[str]) -> None:
    story = created(MARCH_1, frequency=frequency)
    got = [collect(story, f"p{number}", at(f"{day} 10:00")) for number, day in enumerate(days)]
    assert got == expected


def test_a_failed_collection_gives_its_period_back() -> None:
    story = created(MARCH_1, frequency="01")
    assert collect(story, "p1", MARCH_1) == "yes"
    (event,) = story.answer
    assert isinstance(event, CollectionAdmitted) and event.admitted.reserved
    assert collect(story, "p2", MARCH_1) == "INS-6"
    story.when(
        PaymentFailed(event.admitted.payment, "INS-2006", "short", purpose=event.admitted.purpose, reserved=True)
    )
    story.then(CollectionReturned(KEY, FIRST_ID, PaymentId("p1")))
    assert collect(story, "p3", MARCH_1) == "yes"


def test_the_late_failure_of_an_older_collection_leaves_the_newer_ones_period_taken() -> None:
    """Two are under way: the older one's failure comes when the newer one has taken the next day's period already."""
    march_2 = at("2026-03-02 00:00")
    story = created(MARCH_1, frequency="02")
    assert collect(story, "p1", at("2026-03-01 23:59")) == "yes"
    (older,) = story.answer
    assert isinstance(older, CollectionAdmitted)
    assert collect(story, "p2", march_2) == "yes"
    payment, purpose = older.admitted.payment, older.admitted.purpose
    story.when(PaymentFailed(payment, "INS-9", "nobody answered", purpose=purpose, reserved=True)).then_nothing()
    assert collect(story, "p3", march_2) == "INS-6"


@pytest.mark.parametrize(("day", "expected"), [
    ("2026-03-09", "INS-6"), ("2026-03-10", "yes"), ("2026-03-20", "yes"), ("2026-03-21", "INS-6"),
])  # fmt: skip
def test_only_days_of_the_range_are_due(day: str, expected: str) -> None:
    story = created(MARCH_1, frequency="04", start_day="10", end_day="20")
    assert collect(story, "p1", at(f"{day} 10:00")) == expected


def test_in_a_month_that_is_too_short_its_last_day_is_due() -> None:
    story = created(MARCH_1, frequency="04", start_day="31", end_day="31")
    assert collect(story, "p1", at("2026-04-29 10:00")) == "INS-6"
    assert collect(story, "p2", at("2026-04-30 10:00")) == "yes"
    leap = created(MARCH_1, frequency="04", start_day="30")
    assert collect(leap, "p3", at("2028-02-28 10:00")) == "INS-6"
    assert collect(leap, "p4", at("2028-02-29 10:00")) == "yes"


def test_nothing_is_collected_before_the_first_date_or_after_the_last() -> None:
    story = created(MARCH_1, frequency="02", first_payment_date="20260310", expiry_date="20260320")
    assert collect(story, "p1", at("2026-03-09 23:59")) == "INS-6"
    assert collect(story, "p2", at("2026-03-10 00:00")) == "yes"
    assert collect(story, "p3", at("2026-03-20 23:59")) == "yes"
    assert collect(story, "p4", at("2026-03-21 00:00")) == "INS-6"


def test_a_mandate_is_its_market_s_alone() -> None:
    """The same number under the same reference has another wallet in another market."""
    abroad = replace(KEY, market="vodafoneGHA")
    story = created(MARCH_1)
    (refusal,) = story.when(replace(collection("p1", MARCH_1), purpose=Collection(abroad, FIRST_ID))).answer
    assert isinstance(refusal, PaymentFailed) and refusal.code == "INS-6"
    story.after(asked("c2", CreateMandate(abroad, "token-c2==", "000000", Terms(), True), MARCH_1))
    assert collect(story, "p2", MARCH_1, FIRST_ID) == "yes"


def test_a_mandate_may_last_until_the_last_day_there_is() -> None:
    created(MARCH_1, expiry_date="99991231").when(TimerDue(mandate_key(KEY))).then_nothing()
    assert mandates.due(Mandate(KEY, "1", "t", "000000", Terms(expiry_date="99991231"))) is not None


def test_a_mandate_expires_when_its_last_day_is_over_in_its_market() -> None:
    story = created(MARCH_1, expiry_date="20260320")
    record = story.records[mandate_key(KEY)]
    assert mandates.due(record) == at("2026-03-21 00:00")
    story.at(at("2026-03-20 23:59")).when(TimerDue(mandate_key(KEY))).then_nothing()
    story.at(at("2026-03-21 00:00")).when(TimerDue(mandate_key(KEY))).then(MandateExpired(KEY, FIRST_ID))
    assert mandates.due(story.records[mandate_key(KEY)]) is None


def test_what_the_customer_has_not_agreed_to_waits_for_the_customer() -> None:
    story = created(MARCH_1, agreed=False)
    assert collect(story, "p1", MARCH_1) == "INS-6"
    story.when(AnswerMandate(KEY, agreed=True)).then(MandateApproved(KEY, FIRST_ID))
    assert collect(story, "p2", MARCH_1) == "yes"
    refused = created(MARCH_1, agreed=False)
    refused.when(AnswerMandate(KEY, agreed=False)).then(MandateCancelled(KEY, FIRST_ID, "refused by the customer"))
    assert collect(refused, "p3", MARCH_1) == "INS-6"


def test_an_answer_meant_for_one_mandate_never_reaches_the_one_in_its_place() -> None:
    story = created(MARCH_1, agreed=False).after(creation(MARCH_1, "c2", agreed=False, frequency="02"))
    story.when(AnswerMandate(KEY, True, FIRST_ID)).then_nothing()
    assert collect(story, "p1", MARCH_1) == "INS-6"


def test_a_cancelled_mandate_is_cancelled_once_and_collects_nothing() -> None:
    story = created(MARCH_1)
    order = CancelMandate(KEY, "")
    story.when(asked("x1", order, MARCH_1, "direct_debit_cancel"))
    outputs: Outputs = {"output_TransactionReference": "T-x1", "output_MsisdnToken": "token-c1=="}
    request = asked("x1", order, MARCH_1, "direct_debit_cancel").request
    story.then(
        MandateCancelled(KEY, FIRST_ID, "cancelled by the merchant"), RequestAnswered(request, "INS-0", outputs=outputs)
    )
    story.when(asked("x2", order, MARCH_1, "direct_debit_cancel"))
    (answer,) = story.answer
    assert isinstance(answer, RequestAnswered) and answer.code == "INS-6"
    assert collect(story, "p1", MARCH_1) == "INS-6"


def find(name: str, mandate_id: str = "") -> RequestAdmitted:
    return asked(name, FindMandate(KEY, mandate_id, WALLET, 5_00), MARCH_1, "query_direct_debit")


def test_a_query_is_passed_to_the_owner_of_the_customers_account() -> None:
    story = created(MARCH_1).when(find("q1"))
    (found,) = story.answer
    assert isinstance(found, MandateFound)
    assert (found.account, found.balance, found.mandate.mandate_id) == (WALLET, 5_00, FIRST_ID)
    assert mandates.react(found) == (Send("ledger", WALLET),)


def test_a_cancelled_mandate_is_found_by_its_id_only() -> None:
    story = created(MARCH_1).after(asked("x1", CancelMandate(KEY, ""), MARCH_1, "direct_debit_cancel"))
    (answer,) = story.when(find("q1")).answer
    assert isinstance(answer, RequestAnswered) and answer.code == "INS-58"
    (found,) = story.when(find("q2", FIRST_ID)).answer
    assert isinstance(found, MandateFound) and found.mandate.status is Status.CANCELLED


def test_a_test_values_answer_needs_no_mandate() -> None:
    forced = Forced("INS-9", "Request timeout", "Expired")
    given().at(MARCH_1).when(replace(find("q1"), forced=forced)).then(
        RequestAnswered(find("q1").request, "INS-9", "Request timeout", "Expired")
    )
