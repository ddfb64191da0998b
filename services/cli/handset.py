"""`mkondo handset`: the sandbox's virtual handset, for scripts."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from mkondo.domain.handset import ASK, SCRIPTS
from services.cli.management import call, step
from services.cli.options import data_option, json_option

_application_option = click.option("--application", default="demo", show_default=True, help="Whose test number.")


@click.group()
def command() -> None:
    """Test handsets: register one, see what it shows, answer as its customer would.

    \b
    Example:  mkondo handset register 255700000001
              mkondo handset answer 255700000001 approve --pin 1234
    """


@command.command()
@click.argument("msisdn")
@click.option("--behaviour", type=click.Choice(SCRIPTS), default=ASK, show_default=True, help="When it is asked.")
@data_option
@_application_option
@json_option
def register(msisdn: str, behaviour: str, data: Path, application: str, as_json: bool) -> None:
    """A C2B payment of this number then waits for its approval.

    \b
    Example:  mkondo handset register 255700000001 --behaviour cancel
    """
    _tell(call(data, "PUT", _path(msisdn, application), {"behaviour": behaviour}), as_json)


@command.command()
@click.argument("msisdn")
@data_option
@_application_option
@json_option
def show(msisdn: str, data: Path, application: str, as_json: bool) -> None:
    """What is on its screen.

    \b
    Example:  mkondo handset show 255700000001
    """
    _tell(call(data, "GET", _path(msisdn, application), keys=("msisdn", "prompts")), as_json)


@command.command()
@click.argument("msisdn")
@click.argument("action", type=click.Choice(["approve", "cancel", "ignore", "off"]))
@click.option("--pin", default="1234", show_default=True, help="The sandbox's right PIN is 1234.")
@click.option("--payment", default="", help="Which, where several wait.")
@data_option
@_application_option
@json_option
def answer(msisdn: str, action: str, pin: str, payment: str, data: Path, application: str, as_json: bool) -> None:
    """Do what the customer does.

    \b
    Example:  mkondo handset answer 255700000001 cancel
    """
    body = {"action": action, "pin": pin, "payment_id": payment}
    _tell(call(data, "POST", _path(msisdn, application, "/answers"), body), as_json)


def _path(msisdn: str, application: str, below: str = "") -> str:
    number = step(msisdn, "number", "write the full international number as digits")
    return f"sandbox/handsets/{number}{below}?application={quote(application, safe='')}"


def _tell(said: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(said))
        return
    for name, value in said.items():
        click.echo(f"  {name:14} {value if isinstance(value, str) else json.dumps(value)}")
