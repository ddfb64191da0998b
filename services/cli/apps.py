"""`mkondo apps`: applications, as the management API shows and changes them."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from mkondo.topology import ENVIRONMENTS
from services.cli.errors import CannotDo
from services.cli.management import call, listed
from services.cli.options import data_option, json_option

_LISTED = ("id", "version", "products", "name")
_environment_option = click.option(
    "--environment", type=click.Choice(ENVIRONMENTS), default=ENVIRONMENTS[0], show_default=True, help="Which."
)


@click.group()
def command() -> None:
    """Applications: list them, look at one, change one.

    \b
    Example:  mkondo apps list
              mkondo apps set demo response_url=http://127.0.0.1:9000/ asynchronous='["c2b_single_stage"]'
    """


@command.command("list")
@data_option
@_environment_option
@json_option
def list_applications(data: Path, environment: str, as_json: bool) -> None:
    """All of them, a line each.

    \b
    Example:  mkondo apps list --environment openapi
    """
    found = listed(data, f"{environment}/applications", _LISTED)
    if as_json:
        click.echo(json.dumps(found))
        return
    if not found:
        click.echo(f"{environment}: no applications")
    for one in found:
        click.echo(f"{one['id']:20} version {one['version']:<4} {len(one['products'])} products  {one['name']}")


@command.command()
@click.argument("application")
@data_option
@_environment_option
@json_option
def show(application: str, data: Path, environment: str, as_json: bool) -> None:
    """Everything that is configured of one.

    \b
    Example:  mkondo apps show demo
    """
    _tell(call(data, "GET", _path(environment, application), keys=_LISTED), as_json)


@command.command("set")
@click.argument("application")
@click.argument("settings", nargs=-1, required=True, metavar="NAME=VALUE…")
@data_option
@_environment_option
@json_option
def set_values(application: str, settings: tuple[str, ...], data: Path, environment: str, as_json: bool) -> None:
    """Change settings: VALUE is JSON, or plain text.

    \b
    Example:  mkondo apps set demo session_lifetime_minutes=30
              mkondo apps set demo 'switches={"voucher_in_answer": false}'
    """
    change = dict(_setting(text) for text in settings)
    _tell(call(data, "PATCH", _path(environment, application), change, keys=_LISTED), as_json)


def _path(environment: str, application: str) -> str:
    """What has a slash, or is a step of a path, would lead elsewhere."""
    if "/" in application or application in ("", ".", ".."):
        raise CannotDo(f"no application {application!r}: see `mkondo apps list --environment {environment}`")
    return f"{environment}/applications/{quote(application, safe='')}"


def _setting(text: str) -> tuple[str, Any]:
    name, is_there, value = text.partition("=")
    if not is_there:
        raise CannotDo(f"{text!r} sets nothing: write NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _tell(said: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(said))
        return
    for name, value in said.items():
        click.echo(f"  {name:28} {value if isinstance(value, str) else json.dumps(value)}")
