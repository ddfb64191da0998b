"""`mkondo env`: shell lines that point any unmodified SDK at this platform (interfaces.md)."""

import shlex
from pathlib import Path

import click

from services.cli.files import addresses, demo
from services.cli.options import data_option

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")


@click.command()
@data_option
def command(data: Path) -> None:
    """Print the environment variables that send an SDK's calls here.

    \b
    Example:  eval "$(mkondo env)"
    """
    proxy, ca_file = addresses(data)["proxy"], demo(data)["ca_file"]
    variables = {"HTTPS_PROXY": proxy, **dict.fromkeys(CA_VARIABLES, ca_file)}
    click.echo("export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items()))
