"""How commands print what the management API says: JSON for programs, or a line for each field."""

import json
from typing import Any

import click


def tell(said: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(said))
        return
    for name, value in said.items():
        click.echo(f"  {name:28} {plain(value)}")


def plain(value: Any) -> str:
    """Text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
