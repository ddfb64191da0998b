"""`mkondo orgs`: which products an organisation's applications may use, market by market."""

import json
from pathlib import Path
from typing import Any

import click

from mkondo.domain.limits import APPLICABLE
from services.cli.errors import CannotDo
from services.cli.management import call, once, step
from services.cli.options import data_option, environment_option, json_option

ALL, NONE = "all", "none"
_NAMES = "names are letters, digits, . _ and -"


@click.group()
def command() -> None:
    """Organisations: show the products that are enabled for one, or set them.

    \b
    Example:  mkondo orgs show demo-shop
              mkondo orgs set demo-shop vodacomTZN=c2b_single_stage,b2c_payment
    """


@command.command()
@click.argument("organisation")
@data_option
@environment_option
@json_option
def show(organisation: str, data: Path, environment: str, as_json: bool) -> None:
    """Its products in each market.

    \b
    Example:  mkondo orgs show demo-shop --environment openapi
    """
    _tell(call(data, "GET", _path(environment, organisation)), as_json)


@command.command("set")
@click.argument("organisation")
@click.argument("markets", nargs=-1, required=True, metavar="MARKET=PRODUCT,PRODUCT…")
@data_option
@environment_option
@json_option
def set_products(organisation: str, markets: tuple[str, ...], data: Path, environment: str, as_json: bool) -> None:
    """From now on these products, or `all` or `none` of them, in these markets. A market that is not named keeps its.

    \b
    Example:  mkondo orgs set demo-shop vodacomTZN=all
              mkondo orgs set demo-shop vodacomTZN=c2b_single_stage,b2c_payment vodafoneGHA=none
    """
    wanted = once([_products(text) for text in markets])
    _tell(call(data, "PATCH", _path(environment, organisation), wanted), as_json)


def _products(text: str) -> tuple[str, list[str]]:
    market, is_there, names = text.partition("=")
    if not is_there or not names:
        raise CannotDo(f"{text!r} sets nothing: write MARKET=PRODUCT,PRODUCT or MARKET={ALL} or MARKET={NONE}")
    known = {ALL: list(APPLICABLE), NONE: []}
    return market, known[names] if names in known else names.split(",")


def _path(environment: str, organisation: str) -> str:
    return f"{environment}/organisations/{step(organisation, 'organisation', _NAMES)}/products"


def _tell(said: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(said))
        return
    for market, products in said["products"].items():
        everything = len(products) == len(APPLICABLE)
        click.echo(f"  {market:14} {ALL if everything else ', '.join(products) or NONE}")
