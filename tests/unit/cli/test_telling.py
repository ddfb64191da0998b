"""What others wrote, as commands print it: to be read, and obeyed by no terminal."""

import pytest

from services.cli.management import in_one_line
from services.cli.telling import plain, shown


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Duka la Asha, 👨‍👩‍👧 \u0645\u062a\u062c\u0631", "Duka la Asha, 👨‍👩‍👧 \u0645\u062a\u062c\u0631"),
        ("\x1b[2J\x1b]0;gone\x07", r"\x1b[2J\x1b]0;gone\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("a\n  version                      99", r"a\n  version                      99"),
        ("kept\rover", r"kept\rover"),
        ("shop\u202eelpmaxe", r"shop\u202eelpmaxe"),
    ],
)
def test_a_developers_text_cannot_command_an_operators_terminal(text: str, printed: str) -> None:
    assert plain(text) == shown(text) == printed


def test_a_refusal_is_one_line_whatever_it_names() -> None:
    said = {"error": "no such product: \x1b[2J\nError: x\u2028y", "mend": "Use another."}
    assert in_one_line(said, "http://mkondo").isprintable()


def test_what_is_no_text_is_json() -> None:
    assert plain({"a": ["\x1b"]}) == r'{"a": ["\u001b"]}'
