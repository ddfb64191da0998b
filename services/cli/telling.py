"""How commands print what the management API says: JSON for programs, or a line for each field."""

import json
import re
from typing import Any

import click

_COMMANDING = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What a terminal obeys instead of showing it: control characters, and those that turn the direction of text."""


def tell(said: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(said))
        return
    for name, value in said.items():
        click.echo(f"  {name:28} {plain(value)}")


def plain(value: Any) -> str:
    """Text as it can be read, anything else as JSON. A developer's text must not command an operator's terminal, nor
    look like a line of ours."""
    return shown(value) if isinstance(value, str) else json.dumps(value)


def shown(text: str) -> str:
    """The text, with characters that would not show written out: `\\x1b`."""
    return _COMMANDING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
