"""What the documents say exists does: commands, options, make targets, files, and where to read next."""

import re
from pathlib import Path

import click
import pytest

from tests.architecture.commands import every_command, named, trouble
from tests.architecture.sources import ROOT, python_files

PAGES = sorted(str(page.relative_to(ROOT)) for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
PYTHON = python_files("libs", "services", "tests")
COMMANDS = dict(every_command())
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
FILE = re.compile(r"`((?:libs|services|tests|deploy|docs|helm|mkondo)/[\w./-]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
NEXT = re.compile(r"\b[\w/-]+(?:\.(?:py|sql|xml)\b|/(?=[\s,.;]))|\b(?:domain|tests|services|mkondo)/[\w/]+")


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_each_command_that_a_page_names_can_be_typed(page: str) -> None:
    assert [said for arguments in named(text_of(page)) if (said := trouble(arguments))] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_an_example_that_can_be_typed(name: str) -> None:
    _, _, shown = COMMANDS[name].get_help(click.Context(COMMANDS[name])).partition("\n\n")
    assert "\\b" not in shown
    calls = named(shown)
    assert calls, shown
    assert [said for arguments in calls if (said := trouble(arguments))] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_says_what_it_is_for(name: str) -> None:
    options = [option for option in COMMANDS[name].params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("page", PAGES)
def test_each_make_target_that_a_page_names_is_there(page: str) -> None:
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text_of(page), re.MULTILINE)) <= TARGETS


@pytest.mark.parametrize("page", PAGES)
def test_each_file_and_link_of_a_page_is_there(page: str) -> None:
    roots = (ROOT, ROOT / "libs", (ROOT / page).parent)
    assert lost([*FILE.findall(text_of(page)), *LINK.findall(text_of(page))], roots) == []


@pytest.mark.parametrize("path", PYTHON)
def test_where_to_read_next_is_there(path: str) -> None:
    _, found, pointer = text_of(path).partition("Read next:")
    folder = (ROOT / path).parent
    names = NEXT.findall(pointer.partition('"""')[0]) if found else []
    assert lost(names, (folder, ROOT, ROOT / "libs", ROOT / "libs/mkondo")) == []


def lost(names: list[str], roots: tuple[Path, ...]) -> list[str]:
    """Names that lead to nothing from any of these folders."""
    return [name for name in names if not any((root / name).exists() for root in roots)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("try `mkondo fly`", "there is no command fly"),
        ("```\nmkondo up --wings 2   # fast\n```", "up has no --wings"),
        ('`eval "$(.venv/bin/mkondo env --fish)"`', "env has no --fish"),
        ("Example:  mkondo pay c2c", "there is no command c2c"),
    ],
)
def test_a_planted_command_is_found(text: str, said: str) -> None:
    assert said in [trouble(arguments) for arguments in named(text)]


def test_a_planted_pointer_is_found() -> None:
    assert lost(NEXT.findall(" nowhere.py, domain/nothing.\n"), (ROOT,)) == ["nowhere.py", "domain/nothing"]
