"""Applications: configured in versions, unchanged, in conflict, removed, with another API key."""

import pytest
from msgspec.structs import replace

from mkondo.domain import admission
from mkondo.domain.admission import api_key_key, application_key
from mkondo.domain.application import (
    ApiKey,
    Application,
    ApplicationChanged,
    Configuration,
    ConfigurationRejected,
    ConfigurationUnchanged,
)
from mkondo.domain.ids import ApplicationId
from mkondo.testing.builders import APPLICATION, asking, configuration, configure, configured, opened, request
from mkondo.testing.given import story_of

given = story_of(admission)


def changed(version: int, before: Configuration | None = None, /, **changes: object) -> ApplicationChanged:
    return ApplicationChanged(APPLICATION, version, configuration(**changes), asking(APPLICATION), before)


NOW_SO = configuration()


def test_a_new_application_is_version_1_and_found_by_its_api_key() -> None:
    story = given().when(configure()).then(changed(1))
    assert story.records == {
        application_key(APPLICATION): Application(APPLICATION, 1, configuration()),
        api_key_key("api-key-hash-1"): ApiKey(APPLICATION),
    }


def test_each_change_is_the_next_version() -> None:
    given(configured(4)).when(configure(name="Other")).then(changed(5, NOW_SO, name="Other"))


def test_asking_for_what_is_already_so_changes_nothing() -> None:
    given(configured(4)).when(configure()).then(
        ConfigurationUnchanged(asking(APPLICATION), "INS-0", "nothing to change", 4)
    )


def test_whoever_saw_the_current_version_may_change_it() -> None:
    given(configured(4)).when(configure(expected=4, name="Other")).then(changed(5, NOW_SO, name="Other"))
    given().when(configure(expected=0)).then(changed(1))


@pytest.mark.parametrize("name", ["a/b", "app#1", "", "a b", "../app", "a\n", "x" * 65, "\u0661"])
def test_a_name_that_could_be_taken_for_another_key_is_refused(name: str) -> None:
    """`reference/a/b/c` would be c of a/b or b/c of a; `wallet/app#1/…` would choose its partition."""
    rejected = ConfigurationRejected(asking(APPLICATION), "INVALID", "a name holds what no name may hold", 0)
    given().when(replace(configure(), application=ApplicationId(name))).then(rejected)
    given().when(configure(shortcodes=("171717", name))).then(rejected)


def test_whoever_saw_an_older_version_is_told_and_changes_nothing() -> None:
    rejected = ConfigurationRejected(asking(APPLICATION), "CONFLICT", "the application was changed meanwhile", 4)
    given(configured(4)).when(configure(expected=3, name="Other")).then(rejected)


def test_an_application_that_exists_is_not_created_again() -> None:
    given(configured(4)).when(configure(expected=0, name="Other")).then_rejected("CONFLICT")


def test_after_a_change_of_the_api_key_only_the_new_one_is_known() -> None:
    story = given(configured()).when(configure(api_key_hash="api-key-hash-2")).and_all_is_well()
    assert api_key_key("api-key-hash-1") not in story.records
    assert story.records[api_key_key("api-key-hash-2")] == ApiKey(APPLICATION)


def test_a_change_of_something_else_keeps_the_api_key() -> None:
    story = given(configured()).when(configure(name="Other")).and_all_is_well()
    assert story.records[api_key_key("api-key-hash-1")] == ApiKey(APPLICATION)


def test_a_removed_applications_api_key_is_not_known_and_its_sessions_are_worth_nothing() -> None:
    story = given(configured(), opened()).when(configure(removed=True)).and_all_is_well()
    assert api_key_key("api-key-hash-1") not in story.records
    story.when(request()).then_rejected("INS-989", "Session is invalid")


def test_a_removed_application_may_come_back() -> None:
    gone = configuration(removed=True)
    story = given(configured(), configured(2, removed=True)).when(configure()).then(changed(3, gone))
    assert story.records[api_key_key("api-key-hash-1")] == ApiKey(APPLICATION)


def test_every_event_of_an_application_belongs_to_its_key() -> None:
    assert admission.key(configured()) == admission.key(configure()) == ApplicationId("app-1")
    assert admission.react(configured()) == ()
