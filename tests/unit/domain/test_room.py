"""Room: reserved in named buckets, confirmed or given back in exactly those, whatever has become of day and session.

And who may ask at all: sessions of API keys that overlap, applications that were removed, organisations.
"""

import pytest
from msgspec.structs import replace

from mkondo.domain import admission
from mkondo.domain.admission import api_key_key, session_key
from mkondo.domain.application import ApiKeyEnded, ProductScope
from mkondo.domain.decider import Send, TimerDue
from mkondo.domain.ids import Instant, SessionHash
from mkondo.domain.organisation import is_enabled
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed, after_ending
from mkondo.domain.request import RequestAdmitted, RequestRejected, after_answered
from mkondo.domain.room import Line, Part, RoomConfirmed, RoomGivenBack, Use, session_room
from mkondo.domain.session import SessionRevoked
from mkondo.testing.builders import (
    API_KEY_HASH,
    APPLICATION,
    C2B,
    HOUR_MS,
    MARKET,
    configure,
    configured,
    enabled,
    enabling,
    opened,
    payment,
    request,
)
from mkondo.testing.given import story_of
from tests.unit.domain.spending import (
    AMINAS,
    EVENING,
    LAST_MOMENT,
    MIDNIGHT,
    MONDAY,
    SESSIONS,
    TUESDAY,
    YEARS_MS,
    Spending,
    ending,
    products,
    spending,
)

HUNDRED = {"TZS": 100}
BOTH: dict[str, object] = {"daily_value": HUNDRED, "customer_daily_value": HUNDRED}


def part(minor: int, day: str = "2026-03-02") -> Part:
    return Part(C2B, "TZS", day, minor)


def day(number: int, **use: int) -> dict[str, Use]:
    return {f"2026-03-{number:02}": Use(**use)}


def rejected_with(till: Spending, code: str) -> None:
    assert isinstance(till.last, RequestRejected), till.last
    assert till.last.code == code


# Reserved, confirmed, given back.


def test_room_is_reserved_with_the_admission_that_names_it() -> None:
    till = spending(**BOTH).pays("p1", 60)
    assert isinstance(till.last, PaymentAdmitted)
    assert (till.last.market_day, till.last.buckets) == ("2026-03-02", (SESSIONS, AMINAS))
    assert till.line_of(SESSIONS) == till.line_of(AMINAS) == Line(day(2, pending_minor=60, pending_count=1))


def test_a_completed_payment_has_used_its_room() -> None:
    till = spending(**BOTH).pays("p1", 60).completes("p1")
    assert till.last == RoomConfirmed(APPLICATION, payment().payment_id, (SESSIONS, AMINAS), part(60))
    assert till.line_of(SESSIONS) == till.line_of(AMINAS) == Line(day(2, minor=60, count=1), 60, 1)


def test_a_failed_payment_gives_its_room_back() -> None:
    till = spending(**BOTH).pays("p1", 60).fails("p1")
    assert till.last == RoomGivenBack(APPLICATION, payment().payment_id, (SESSIONS, AMINAS), part(60))
    assert till.line_of(SESSIONS) == till.line_of(AMINAS) == Line(day(2))


def test_only_what_is_limited_is_counted() -> None:
    for limits, buckets in (
        ({}, ()),
        ({"single_value": HUNDRED}, ()),
        ({"daily_count": 9}, (SESSIONS,)),
        ({"customer_daily_count": 9}, (AMINAS,)),
        (BOTH, (SESSIONS, AMINAS)),
    ):
        till = spending(**limits).pays("p1", 60)
        assert isinstance(till.last, PaymentAdmitted)
        assert till.last.buckets == buckets
        assert till.last.market_day == ("2026-03-02" if buckets else "")


def test_whoever_ends_a_payment_tells_admission_if_room_was_reserved() -> None:
    till = spending(**BOTH).pays("p1", 60)
    assert isinstance(till.last, PaymentAdmitted)
    for well in (True, False):
        ended = ending(till.last, well)
        assert isinstance(ended, PaymentCompleted | PaymentFailed)
        assert after_ending(ended) == (Send("admission", APPLICATION),)
        assert after_ending(replace(ended, buckets=())) == ()


def test_whoever_answers_a_request_tells_admission_if_room_was_reserved() -> None:
    till = spending(daily_count=9).asks("r1", "direct_debit_creation")
    assert isinstance(till.last, RequestAdmitted)
    assert till.last.request.buckets == (SESSIONS,)
    assert after_answered(ending(till.last, True)) == (Send("admission", APPLICATION),)  # type: ignore[arg-type]


@pytest.mark.parametrize("operation", ["direct_debit_creation", "direct_debit_cancel", "update_transaction_status"])
def test_a_request_confirms_and_gives_back_as_a_payment_does(operation: str) -> None:
    line = f"{operation}/TZS"
    till = spending(daily_count=9).asks("r1", operation).asks("r2", operation).completes("r1").fails("r2")
    assert till.line_of(SESSIONS, line) == Line(day(2, count=1), 0, 1)


def test_a_decision_of_a_reservation_succeeds_by_a_code_of_its_own() -> None:
    """INS-GAR-0 is a yes."""
    till = spending(daily_count=9).asks("r1", "update_transaction_status")
    assert isinstance(till.last, RequestAdmitted)
    decided = replace(ending(till.last, True), code="INS-GAR-0")
    assert isinstance(till.told(decided).last, RoomConfirmed)


# Late outcomes.


def test_an_outcome_after_midnight_counts_for_the_day_of_its_admission() -> None:
    till = spending(**BOTH).at(LAST_MOMENT).pays("p1", 60).at(MIDNIGHT).pays("p2", 100).is_admitted()
    assert till.line_of(AMINAS).days == day(2, pending_minor=60, pending_count=1) | day(
        3, pending_minor=100, pending_count=1
    )
    till.completes("p1")
    assert till.last == RoomConfirmed(APPLICATION, payment("p1").payment_id, (SESSIONS, AMINAS), part(60))
    till.fails("p2").pays("p3", 100).is_admitted()


def test_room_of_yesterday_that_is_given_back_makes_no_room_today() -> None:
    till = spending(**BOTH).at(LAST_MOMENT).pays("p1", 100).at(MIDNIGHT).pays("p2", 60).fails("p1")
    till.pays("p3", 41).is_refused("INS-992").pays("p4", 40).is_admitted()


def test_a_day_is_closed_and_dropped_when_nothing_of_it_is_pending() -> None:
    till = spending(**BOTH).pays("p1", 10).pays("p2", 20).completes("p1").at(TUESDAY).pays("p3", 30)
    assert list(till.line_of(AMINAS).days) == ["2026-03-02", "2026-03-03"]
    till.completes("p2")
    assert till.line_of(AMINAS) == Line(day(3, pending_minor=30, pending_count=1), 30, 2)
    till.fails("p3")
    assert till.line_of(AMINAS) == Line(day(3), 30, 2)


def test_a_day_stays_open_for_as_long_as_something_of_it_is_pending() -> None:
    till = spending(customer_daily_value=HUNDRED).pays("p1", 60)
    for number in range(3, 20):
        till.at(Instant(TUESDAY + number * 24 * HOUR_MS)).pays(f"p{number}", 100).is_admitted().completes(f"p{number}")
        assert len(till.line_of(AMINAS).days) == 2
    till.completes("p1")
    assert len(till.line_of(AMINAS).days) == 1


def test_an_outcome_in_a_forgotten_session_still_counts_for_its_customer() -> None:
    till = spending(**BOTH).pays("p1", 60)
    forgotten = Instant(MONDAY + YEARS_MS + 24 * HOUR_MS)
    till.at(forgotten).told(TimerDue(session_key(SessionHash("5e" * 32))))
    assert till.last == SessionRevoked(APPLICATION, SessionHash("5e" * 32), "expired")
    assert SESSIONS not in till.story.records
    till.completes("p1")
    assert till.story.answer == (RoomConfirmed(APPLICATION, payment().payment_id, (SESSIONS, AMINAS), part(60)),)
    assert SESSIONS not in till.story.records
    assert till.line_of(AMINAS) == Line(day(2, minor=60, count=1), 60, 1)


def test_an_outcome_after_its_session_has_ended_counts_there_as_long_as_it_is_known() -> None:
    till = spending(**BOTH).pays("p1", 60).at(Instant(MONDAY + YEARS_MS)).completes("p1")
    assert till.line_of(SESSIONS).peak_minor == 60


# Redelivery: whatever comes twice counts once.


def test_a_payment_that_comes_again_takes_no_more_room() -> None:
    till = spending(**BOTH).pays("p1", 60)
    before = dict(till.story.records)
    for now in (MONDAY, LAST_MOMENT, TUESDAY):
        till.at(now).pays("p1", 60)
        assert till.story.answer == ()
    till.completes("p1").pays("p1", 60)
    assert till.story.answer == () and before.keys() == till.story.records.keys()


def test_a_request_that_comes_again_takes_no_more_room() -> None:
    till = spending(daily_count=9).asks("r1", "direct_debit_creation").asks("r1", "direct_debit_creation")
    assert till.story.answer == ()
    assert till.line_of(SESSIONS, "direct_debit_creation/TZS") == Line(day(2, pending_count=1))


def test_a_refused_payment_that_comes_again_is_not_decided_again() -> None:
    till = spending(daily_count=1).pays("p1", 1).pays("p2", 1).is_refused("INS-993").fails("p1").pays("p2", 1)
    assert till.story.answer == ()


def test_another_payment_under_the_same_reference_takes_no_room() -> None:
    till = spending(daily_count=9).pays("p1", 1).pays("p2", 1, third_party_conversation_id="tp-p1")
    rejected_with(till, "INS-10")
    assert till.line_of(SESSIONS).use("2026-03-02").pending_count == 1


# API keys: two work while they overlap, and each has sessions.

NEW_KEY = "api-key-hash-2"
given = story_of(admission, enabled())


def overlapping(overlap_ms: int = HOUR_MS, **limits: object) -> Spending:
    till = spending(**limits)
    change = configure(products=products(**limits), session_lifetime_ms=YEARS_MS, api_key_hash=NEW_KEY)
    return till.told(replace(change, overlap_ms=overlap_ms))


def test_while_they_overlap_sessions_of_both_keys_work_and_either_opens_new_ones() -> None:
    till = overlapping().pays("p1", 1).is_admitted()
    for number, key in enumerate((API_KEY_HASH, NEW_KEY)):
        session = SessionHash(f"{number:064}")
        till.opens(session, key).pays(f"q{number}", 1, session).is_admitted()


def test_the_old_keys_sessions_end_with_the_overlap_to_the_millisecond() -> None:
    """By the check alone: no timer has been looked at."""
    till = overlapping().opens(EVENING, NEW_KEY).at(Instant(MONDAY + HOUR_MS - 1)).pays("p1", 1).is_admitted()
    till.at(Instant(MONDAY + HOUR_MS)).pays("p2", 1)
    rejected_with(till, "INS-989")
    till.pays("p3", 1, EVENING).is_admitted()
    till.opens(SessionHash("aa" * 32), API_KEY_HASH)
    assert session_key(SessionHash("aa" * 32)) not in till.story.records


def test_a_timer_ends_the_old_key() -> None:
    till = overlapping()
    old = till.story.records[api_key_key(API_KEY_HASH)]
    assert admission.due(old) == MONDAY + HOUR_MS
    till.at(Instant(MONDAY + HOUR_MS - 1)).told(TimerDue(api_key_key(API_KEY_HASH)))
    assert till.story.answer == ()
    till.at(Instant(MONDAY + HOUR_MS)).told(TimerDue(api_key_key(API_KEY_HASH)))
    assert till.last == ApiKeyEnded(APPLICATION, API_KEY_HASH)
    assert api_key_key(API_KEY_HASH) not in till.story.records


def test_without_an_overlap_the_old_key_and_its_sessions_end_at_once() -> None:
    till = overlapping(0).pays("p1", 1)
    rejected_with(till, "INS-989")
    assert api_key_key(API_KEY_HASH) not in till.story.records


def test_no_older_key_works_longer_than_the_overlap_asked_for_last() -> None:
    """A key that has leaked can be ended, though it was replaced already."""
    till = overlapping()
    changed = configure(api_key_hash="third")
    shorter = till.told(replace(changed, overlap_ms=HOUR_MS // 2)).overlaps()
    assert shorter == dict.fromkeys((API_KEY_HASH, NEW_KEY), MONDAY + HOUR_MS // 2)
    longer = till.told(replace(configure(api_key_hash="fourth"), overlap_ms=2 * HOUR_MS)).overlaps()
    assert longer == shorter | {"third": MONDAY + 2 * HOUR_MS}
    assert till.told(configure(api_key_hash="fifth")).overlaps() == {}
    assert [key for key in till.story.records if key.startswith("api-key/")] == ["api-key/fifth"]


def test_a_removed_application_ends_both_keys() -> None:
    till = overlapping().opens(EVENING, NEW_KEY)
    till.told(configure(removed=True, api_key_hash=NEW_KEY))
    for name, session in (("p1", SessionHash("5e" * 32)), ("p2", EVENING)):
        rejected_with(till.pays(name, 1, session), "INS-989")
    assert not [key for key in till.story.records if key.startswith("api-key/")]


def test_what_was_pending_when_the_application_was_removed_is_settled_in_its_buckets() -> None:
    till = spending(**BOTH).pays("p1", 60).told(configure(removed=True)).completes("p1")
    assert till.line_of(AMINAS) == Line(day(2, minor=60, count=1), 60, 1)


def test_narrowing_ends_sessions_and_what_was_counted_for_customers_stays() -> None:
    till = spending(**BOTH).pays("p1", 60).completes("p1")
    fewer = {C2B: products(**BOTH)[C2B]}
    rejected_with(till.told_of(fewer).pays("p2", 1), "INS-989")
    till.opens(EVENING).pays("p3", 41, EVENING).is_refused("INS-990").pays("p4", 40, EVENING).is_admitted()


# Where each call shows the API key, the key is the session.

KEY = SessionHash(API_KEY_HASH)


def by_key(till: Spending, name: str, minor: int) -> Spending:
    return till.pays(name, minor, KEY, by_api_key=True)


def test_a_key_has_a_ceiling_as_a_session_has() -> None:
    till = by_key(spending(daily_value=HUNDRED), "p1", 100).is_admitted(session_room(KEY)).completes("p1")
    by_key(till.at(TUESDAY), "p2", 1).is_refused("INS-994")


def test_a_change_of_something_else_does_not_open_a_keys_ceiling() -> None:
    till = by_key(spending(daily_value=HUNDRED), "p1", 100).completes("p1")
    till.told_of(products(daily_value=HUNDRED), name="Other")
    by_key(till, "p2", 1).is_refused("INS-994")


@pytest.mark.parametrize("well", [True, False])
def test_a_key_that_comes_back_finds_what_it_has_left_pending(well: bool) -> None:
    """Given back to a fresh room, it would have been room for more than the ceiling."""
    till = by_key(spending(daily_value=HUNDRED), "p1", 60)
    till.told(configure(removed=True)).told_of(products(daily_value=HUNDRED))
    by_key(till, "p2", 41).is_refused("INS-994")
    till = till.completes("p1") if well else till.fails("p1")
    if well:
        by_key(till, "p3", 41).is_refused("INS-994")
        by_key(till, "p4", 40).is_admitted()
    else:
        by_key(till, "p3", 101).is_refused("INS-994")
        by_key(till, "p4", 100).is_admitted()


def test_a_key_whose_overlap_is_over_may_be_shown_no_more() -> None:
    till = by_key(overlapping(daily_value=HUNDRED), "p1", 1).is_admitted()
    rejected_with(by_key(till.at(Instant(MONDAY + HOUR_MS)), "p2", 1), "INS-989")


# Organisations.


def test_what_the_organisation_does_not_have_is_not_enabled() -> None:
    story = given(configured(), opened()).after(enabling("b2c_payment"))
    story.when(request()).then_rejected("INS-997", "API Not Enabled")
    story.after(enabling(C2B)).when(request("p2"))
    assert isinstance(story.answer[0], PaymentAdmitted)


def test_an_organisation_without_a_record_has_everything_in_the_sandbox_and_nothing_in_live() -> None:
    story = story_of(admission)(configured(), opened())
    story.when(request("p1", opens_accounts=False)).then_rejected("INS-997", "API Not Enabled")
    story.when(request("p2", opens_accounts=True)).and_all_is_well()
    assert isinstance(story.answer[0], PaymentAdmitted)
    assert not is_enabled(None, C2B, MARKET, sandbox=False)


def test_an_organisation_has_its_products_market_by_market() -> None:
    story = given(configured(), opened())
    story.when(request("p1", market="vodafoneGHA", opens_accounts=True)).then_rejected("INS-997")


def test_what_the_application_has_switched_off_its_organisation_does_not_switch_on() -> None:
    story = given(configured(products={C2B: ProductScope(on=False)}), opened())
    story.when(request()).then_rejected("INS-997")
