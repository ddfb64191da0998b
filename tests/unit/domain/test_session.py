"""Sessions: opened with a delay and an end, unknown, foreign, revoked, forgotten."""

import pytest

from mkondo.domain import admission
from mkondo.domain.admission import session_key
from mkondo.domain.application import Application, ProductScope
from mkondo.domain.decider import TimerDue
from mkondo.domain.ids import ApplicationId, Instant, SessionHash
from mkondo.domain.markets import DAY_MS, MARKETS
from mkondo.domain.payment import PaymentAdmitted
from mkondo.domain.session import ALWAYS, Session, SessionOpened, SessionRevoked
from mkondo.testing.builders import (
    API_KEY_HASH,
    APPLICATION,
    C2B,
    HOUR_MS,
    NOW,
    SESSION,
    asking,
    configuration,
    configured,
    enabled,
    later,
    opened,
    opening,
    request,
)
from mkondo.testing.given import Story, story_of

given = story_of(admission, enabled())

OPEN = opening()
DEMO = Application(APPLICATION, 1, configuration())
FORGET_AT = later(HOUR_MS + DAY_MS)


def using(now: Instant, **changes: object) -> Story:
    """A payment in a session that was opened NOW."""
    return given(configured(**changes)).after(OPEN).at(now).when(request(deadline=later(20_000, now)))


def test_a_session_is_live_at_once_for_an_hour() -> None:
    given(configured()).when(OPEN).then(
        SessionOpened(APPLICATION, SESSION, ALWAYS, later(HOUR_MS), asking(SESSION), API_KEY_HASH, 1)
    )


def test_without_a_delay_a_session_is_live_by_every_clock() -> None:
    """The edge's clock is a little behind the partition's time: another machine's, or ours, set back."""
    session = given(configured()).after(OPEN).records[session_key(SESSION)]
    assert isinstance(session, Session)
    assert session.trouble(DEMO, Instant(NOW - 5_000)) is None


def test_delay_and_lifetime_are_the_applications() -> None:
    application = configured(activation_delay_ms=30_000, session_lifetime_ms=60_000)
    session = SessionOpened(APPLICATION, SESSION, later(30_000), later(90_000), asking(SESSION), API_KEY_HASH, 1)
    given(application).when(OPEN).then(session)


def test_an_application_has_many_live_sessions() -> None:
    other = SessionHash("07" * 32)
    story = given(configured(), opened()).after(opening(other))
    for number, session in enumerate((SESSION, other)):
        answer = story.when(request(f"p{number}", session=session)).and_all_is_well().answer
        assert isinstance(answer[0], PaymentAdmitted)


def test_opening_the_same_session_again_is_no_output_at_all() -> None:
    given(configured()).after(OPEN).at(later(HOUR_MS)).when(OPEN).then_nothing()


def test_an_unknown_or_removed_application_gets_no_session() -> None:
    given().when(OPEN).then_rejected("INS-989", "Session Creation Failed")
    given(configured(removed=True)).when(OPEN).then_rejected("INS-989", "Session Creation Failed")


def test_a_session_may_be_used_from_its_first_to_its_last_millisecond() -> None:
    for now in (later(30_000), later(30_000 + HOUR_MS - 1)):
        (event,) = using(now, activation_delay_ms=30_000).and_all_is_well().answer
        assert isinstance(event, PaymentAdmitted)


def test_before_its_activation_a_session_is_invalid() -> None:
    using(later(29_999), activation_delay_ms=30_000).then_rejected("INS-989", "Session is invalid, not active yet")


def test_at_its_end_a_session_has_expired() -> None:
    using(later(HOUR_MS)).then_rejected("INS-989", "Session has expired")


def test_an_unknown_session_is_invalid() -> None:
    given(configured()).when(request()).then_rejected("INS-989", "Session is invalid")


def test_another_applications_session_is_invalid() -> None:
    foreign = opened(application=ApplicationId("app-2"))
    given(configured(), foreign).when(request()).then_rejected("INS-989", "Session is invalid")


REVOKING = {
    "its application was removed": configured(2, removed=True),
    "a product was switched off": configured(2, products={C2B: ProductScope(on=False)}),
    "a product was taken away": configured(2, products={}),
    "a market was taken away": configured(2, markets=("vodafoneGHA",)),
    "its API key was replaced": configured(2, api_key_hash="another"),
}


@pytest.mark.parametrize("why", REVOKING)
@pytest.mark.parametrize("now", [NOW, later(2 * HOUR_MS)])
def test_a_revoked_session_is_invalid_whatever_the_time(why: str, now: Instant) -> None:
    story = given(configured(), opened(), REVOKING[why]).at(now)
    story.when(request(deadline=later(20_000, now))).then_rejected("INS-989", "Session is invalid")


@pytest.mark.parametrize("why", [why for why in REVOKING if why != "its API key was replaced"])
def test_a_session_does_not_come_back_with_what_was_taken_away(why: str) -> None:
    given(configured(), opened(), REVOKING[why], configured(3)).when(request()).then_rejected(
        "INS-989", "Session is invalid"
    )


def test_a_session_comes_back_with_its_own_api_key() -> None:
    """Whoever sets the old key again trusts it again. The management API makes new ones only."""
    story = given(configured(), opened(), configured(2, api_key_hash="another"), configured(3))
    (event,) = story.when(request()).and_all_is_well().answer
    assert isinstance(event, PaymentAdmitted)


WIDER = {
    "another name": configured(2, name="Other"),
    "another product": configured(2, products={C2B: ProductScope(), "b2c_payment": ProductScope()}),
    "a lower limit": configured(2, products={C2B: ProductScope({"TZS": 60_00})}),
    "every market by name": configured(2, markets=tuple(MARKETS)),
}


@pytest.mark.parametrize("what", WIDER)
def test_a_session_outlives_a_change_that_takes_nothing_away(what: str) -> None:
    (event,) = given(configured(), opened(), WIDER[what]).when(request()).and_all_is_well().answer
    assert isinstance(event, PaymentAdmitted)


def test_a_session_is_told_as_expired_for_a_day_and_then_forgotten() -> None:
    story = given(configured(), opened())
    assert admission.due(story.records[session_key(SESSION)]) == FORGET_AT
    story.at(Instant(FORGET_AT - 1)).when(TimerDue(session_key(SESSION))).then_nothing()
    story.at(FORGET_AT).when(TimerDue(session_key(SESSION))).then(SessionRevoked(APPLICATION, SESSION, "expired"))
    assert session_key(SESSION) not in story.records
    story.when(request(deadline=later(20_000, FORGET_AT))).then_rejected("INS-989", "Session is invalid")


def test_of_all_that_admission_keeps_a_session_has_a_timer() -> None:
    story = given(configured(), opened()).after(request())
    assert [admission.due(record) for record in story.records.values()].count(None) == len(story.records) - 1
