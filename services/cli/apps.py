"""`mkondo apps`: applications, as the management API shows and changes them. Read next: apps_making.py."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from services.cli.apps_making import create, duplicate, new_key, path_of, remove, settings_from, webhook_secret
from services.cli.management import call, listed
from services.cli.options import data_option, environment_option, json_option
from services.cli.telling import plain, shown, tell

_LISTED = ("id", "version", "products", "name")


@click.group()
def command() -> None:
    """Applications: make, duplicate, change and remove them, give them new API keys, see what was done.

    \b
    Example:  mkondo apps create "Duka la Asha"
              mkondo apps set demo response_url=http://127.0.0.1:9000/ asynchronous='["c2b_single_stage"]'
    """


for made in (create, duplicate, new_key, webhook_secret, remove):
    command.add_command(made)


@command.command("list")
@data_option
@environment_option
@json_option
def list_applications(data: Path, environment: str, as_json: bool) -> None:
    """All of them, a line each.

    \b
    Example:  mkondo apps list --environment openapi
    """
    found = listed(data, f"{environment}/applications", "applications", _LISTED)
    if as_json:
        click.echo(json.dumps(found))
        return
    if not found:
        click.echo(f"{environment}: no applications")
    for one in found:
        click.echo(f"{one['id']:20} version {one['version']:<4} {len(one['products'])} products  {shown(one['name'])}")


@command.command()
@click.argument("application")
@data_option
@environment_option
@json_option
def show(application: str, data: Path, environment: str, as_json: bool) -> None:
    """Everything that is configured of one.

    \b
    Example:  mkondo apps show demo
    """
    tell(call(data, "GET", path_of(environment, application), keys=_LISTED), as_json)


@command.command("set")
@click.argument("application")
@click.argument("settings", nargs=-1, required=True, metavar="NAME=VALUE…")
@data_option
@environment_option
@json_option
def set_values(application: str, settings: tuple[str, ...], data: Path, environment: str, as_json: bool) -> None:
    """Change settings: VALUE is JSON, or plain text.

    \b
    Example:  mkondo apps set demo session_lifetime_minutes=30
              mkondo apps set demo 'products={"b2c_payment": false}'
              mkondo apps set demo 'limits={"c2b_single_stage": {"daily_value": {"TZS": "500.00"}}}' expected=7
    """
    tell(call(data, "PATCH", path_of(environment, application), settings_from(settings), keys=_LISTED), as_json)


@command.command()
@click.argument("application")
@click.option("--after", default=0, show_default=True, type=click.IntRange(0), help="Only behind this version.")
@data_option
@environment_option
@json_option
def history(application: str, after: int, data: Path, environment: str, as_json: bool) -> None:
    """Each change of one: when, by whom, and every setting before and after. Of one that was removed too.

    \b
    Example:  mkondo apps history demo
    """
    path = f"{path_of(environment, application)}/history"
    found = listed(data, path, "history", ("version", "changes"), str(after))
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found:
        click.echo(f"version {one['version']}  {_time(one['at'])}  by {one['by'] or 'nobody'}")
        for change in one["changes"]:
            before = "" if change["before"] is None else f"{plain(change['before'])} -> "
            click.echo(f"  {change['field']:28} {before}{plain(change['after'])}")


@command.command()
@click.argument("application")
@data_option
@environment_option
@json_option
def limits(application: str, data: Path, environment: str, as_json: bool) -> None:
    """What sessions and customers have used of its limits today, and what is left.

    \b
    Example:  mkondo apps limits demo
    """
    found = listed(data, f"{path_of(environment, application)}/limits", "limits", ("limit", "used"))
    if as_json:
        click.echo(json.dumps(found))
        return
    if not found:
        click.echo(f"{application}: nothing used of any limit")
    for one in found:
        used = f"{one['used']} used, {one['pending']} pending, {one['left']} left of {one['ceiling']} {one['currency']}"
        click.echo(f"{one['day']}  {one['of']} {one['who']:15} {one['product']}, {one['limit']}: {used}")


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(sep=" ", timespec="seconds")
