"""Wrong use that no command needs to know of: refused where the command line begins, with exit status 2."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli.main import main

NOT_UTF_8 = "\udcff"
"""The byte FF as Python has it from a command line."""


@pytest.mark.parametrize(
    "typed",
    [
        ("pay", "c2b", "--amount", NOT_UTF_8),
        ("apps", "show", NOT_UTF_8),
        ("apps", "set", "demo", f"name={NOT_UTF_8}"),
        ("handset", "show", NOT_UTF_8),
        ("status", NOT_UTF_8),
        (NOT_UTF_8,),
    ],
    ids=lambda typed: " ".join(typed[:-1]),
)
def test_what_is_not_utf_8_is_refused_by_every_command(typed: tuple[str, ...]) -> None:
    said = CliRunner().invoke(main, typed)
    assert (said.exit_code, "is not UTF-8" in said.stderr) == (2, True), said


@pytest.mark.parametrize(
    "typed",
    [
        ("up", "--data", ""),
        ("env", "--data", ""),
        ("verify", "--data", ""),
        ("pay", "c2b", "--data", ""),
        ("serve", "admission", "--database-url", "x", "--kafka", "x", "--keys", ""),
        ("up", "--ready-file", ""),
        ("conformance", "--junit", ""),
    ],
    ids=" ".join,
)
def test_an_empty_path_is_not_taken_for_the_current_directory(typed: tuple[str, ...]) -> None:
    said = CliRunner().invoke(main, typed)
    assert (said.exit_code, "it is empty" in said.stderr) == (2, True), said


def test_a_directory_for_a_ready_file_is_refused_before_anything_starts(tmp_path: Path) -> None:
    said = CliRunner().invoke(main, ("up", "--data", str(tmp_path / "data"), "--ready-file", str(tmp_path)))
    assert (said.exit_code, "is a directory" in said.stderr, list(tmp_path.iterdir())) == (2, True, []), said


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
@pytest.mark.parametrize(
    ("typed", "mend"),
    [(("apps", "show"), "apps list"), (("orgs", "show"), "names are"), (("handset", "show"), "international number")],
)
def test_a_name_that_would_lead_elsewhere_is_refused_in_words(typed: tuple[str, ...], mend: str, name: str) -> None:
    said = CliRunner().invoke(main, (*typed, name))
    assert (said.exit_code, f" {name!r}: " in said.stderr, mend in said.stderr) == (1, True, True), said


@pytest.mark.parametrize(
    "typed",
    [
        ("apps", "set", "demo", "release=1", "name=Duka", "release=2"),
        ("apps", "create", "Duka", "release=1", "release=2"),
        ("orgs", "set", "shop", "release=all", "release=none"),
    ],
    ids=" ".join,
)
def test_two_values_for_one_name_are_refused(typed: tuple[str, ...]) -> None:
    said = CliRunner().invoke(main, typed)
    assert (said.exit_code, said.stderr) == (1, "Error: release: set twice, so leave one of them out\n"), said
