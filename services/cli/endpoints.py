"""`mkondo endpoints`: addresses to which nothing is pushed any more. Read next: services/portal/api/endpoints.py."""

import json
from pathlib import Path
from urllib.parse import quote

import click

from services.cli.management import call, listed
from services.cli.options import data_option, environment_option, json_option
from services.cli.replay import application_option


@click.group()
def command() -> None:
    """Addresses that were disabled, because they answered 410 or failed for three days.

    \b
    Example:  mkondo endpoints list
              mkondo endpoints enable https://merchant.example/mpesa
    """


@command.command("list")
@application_option
@data_option
@environment_option
@json_option
def list_endpoints(application: str, data: Path, environment: str, as_json: bool) -> None:
    """Those that were ever disabled, and why.

    \b
    Example:  mkondo endpoints list --application demo
    """
    path = f"{environment}/endpoints?application={quote(application, safe='')}"
    found = listed(data, path, "endpoints", ("url", "disabled"))
    if as_json:
        click.echo(json.dumps(found))
        return
    if not found:
        click.echo("none was ever disabled")
    for one in found:
        click.echo(f"{one['url']}  {one['disabled'] or 'enabled again by ' + one['enabled_by']}")


@command.command()
@click.argument("url")
@application_option
@data_option
@environment_option
@json_option
def enable(url: str, application: str, data: Path, environment: str, as_json: bool) -> None:
    """Push results there again. What was given up meanwhile is for `mkondo replay`.

    \b
    Example:  mkondo endpoints enable https://merchant.example/mpesa
    """
    path = f"{environment}/endpoints/enable?application={quote(application, safe='')}"
    said = call(data, "POST", path, {"url": url}, keys=("url", "enabled"))
    click.echo(json.dumps(said) if as_json else f"{said['url']} enabled")
