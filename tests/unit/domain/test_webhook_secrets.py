"""Webhook secrets of an application: one replaces another, and both sign until the overlap asked for last is over."""

from typing import Any

from msgspec.structs import replace

from mkondo.domain import admission
from mkondo.domain.admission import application_key
from mkondo.domain.admission.applications import OVERLAPS_MAX
from mkondo.domain.application import Application, ConfigureApplication
from mkondo.domain.ids import Instant
from mkondo.testing.builders import APPLICATION, NOW, configure, later
from mkondo.testing.given import Story, story_of

given = story_of(admission)
HOUR = 3_600_000


def secret(name: str, overlap_ms: int = 0, **more: Any) -> ConfigureApplication:
    return replace(configure(webhook_secret=name, **more), overlap_ms=overlap_ms)


def signing(story: Story, now: Instant = NOW) -> tuple[str, ...]:
    record = story.records[application_key(APPLICATION)]
    assert isinstance(record, Application)
    return record.signing_secrets(now)


def test_an_application_without_one_does_not_sign() -> None:
    assert signing(given().after(configure())) == ()


def test_the_first_one_replaces_nothing() -> None:
    assert signing(given().after(configure(), secret("s1", HOUR))) == ("s1",)


def test_both_sign_until_the_overlap_is_over() -> None:
    story = given().after(secret("s1"), secret("s2", HOUR))
    assert signing(story, later(HOUR - 1)) == ("s2", "s1")
    assert signing(story, later(HOUR)) == ("s2",)


def test_without_an_overlap_every_older_one_ends_at_once() -> None:
    assert signing(given().after(secret("s1"), secret("s2", HOUR), secret("s3"))) == ("s3",)


def test_no_older_one_outlives_the_overlap_asked_for_last() -> None:
    story = given().after(secret("s1"), secret("s2", 24 * HOUR), secret("s3", HOUR))
    assert set(signing(story, later(HOUR - 1))) == {"s1", "s2", "s3"}
    assert signing(story, later(HOUR)) == ("s3",)


def test_a_change_of_something_else_keeps_those_that_still_sign_and_the_api_keys_their_own_overlap() -> None:
    story = given().after(secret("s1"), secret("s2", HOUR), secret("s2", description="Other"))
    assert signing(story) == ("s2", "s1")
    story.after(secret("s2", 5 * HOUR, api_key_hash="api-key-hash-2"))
    assert signing(story, later(HOUR)) == ("s2",)


def test_there_are_not_many_at_once() -> None:
    story = given().after(*(secret(f"s{number}", HOUR) for number in range(OVERLAPS_MAX + 1)))
    assert len(signing(story)) == OVERLAPS_MAX + 1
    story.when(secret("one more", HOUR)).then_rejected("INVALID")
