"""`mkondo demo`: shows what `mkondo up` made on an empty data directory."""

import json
from pathlib import Path

import click

from services.cli.files import demo
from services.cli.options import data_option, json_option

_SHOWN = (
    ("http", "HTTP"),
    ("https", "HTTPS"),
    ("market", "market"),
    ("api_key", "API key"),
    ("service_provider_code", "shortcode"),
    ("customer_msisdn", "customer"),
    ("poor_customer_msisdn", "poor customer"),
)


@click.command()
@data_option
@json_option
def command(data: Path, as_json: bool) -> None:
    """What the demo made: keys, shortcodes, customers. `mkondo up` makes it on an empty data directory.

    \b
    Example:  mkondo demo
              mkondo demo --json | jq -r .api_key
    """
    found = demo(data)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for key, label in _SHOWN:
        click.echo(f"{label:14} {found[key]}")
