"""Options that several commands share: one name, one variable, one sentence each."""

import os
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import click

from mkondo.topology import ENVIRONMENTS

PORT = click.IntRange(0, 65535)
DEFAULT_DATA = Path(".mkondo")


class Named(click.Path):
    """A path that names something: an empty one, of an unset variable perhaps, would be the current directory."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        if not os.fspath(value):
            self.fail("it is empty: name a path, such as .mkondo.", param, ctx)
        return super().convert(value, param, ctx)


FOLDER = Named(path_type=Path)
FILE = Named(path_type=Path, dir_okay=False)

data_option = click.option("--data", type=FOLDER, default=DEFAULT_DATA, show_default=True, help="Data directory.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
market_option = click.option("--market", default="", help="Market path value, such as vodacomTZN; the demo's if unset.")
environment_option = click.option(
    "--environment", type=click.Choice(ENVIRONMENTS), default=ENVIRONMENTS[0], show_default=True, help="Which."
)
environments_option = click.option(
    "--environment",
    "environments",
    multiple=True,
    type=click.Choice(ENVIRONMENTS),
    default=ENVIRONMENTS,
    help="Only this one.",
)
database_option = click.option(
    "--database-url",
    required=True,
    metavar="DSN",
    envvar="MKONDO_DATABASE_URL",
    show_envvar=True,
    help="Postgres 15 to 18.",
)
kafka_option = click.option(
    "--kafka", required=True, metavar="HOST:PORT", envvar="MKONDO_KAFKA", show_envvar=True, help="Any of its brokers."
)


def loopback_callbacks_option(default: bool) -> Callable[[Any], Any]:
    """On where the whole platform is on its user's machine; off where others share it. Live never does it."""
    return click.option(
        "--loopback-callbacks/--no-loopback-callbacks",
        default=default,
        show_default=True,
        envvar="MKONDO_LOOPBACK_CALLBACKS",
        show_envvar=True,
        help="The sandbox pushes results to this machine's own ports too.",
    )


def rate_option(of: str, default: int) -> Callable[[Any], Any]:
    """How often one address or one application may ask one process. Off on the laptop of whoever runs the platform."""
    return click.option(
        f"--rate-per-{of}",
        default=default,
        show_default=True,
        type=click.IntRange(0, 1_000_000),
        envvar=f"MKONDO_RATE_PER_{of.upper()}",
        show_envvar=True,
        help=f"Requests a second that one {of} may send to this process; 0: as many as it likes.",
    )


def _networks(_: click.Context, __: click.Parameter, text: str) -> tuple[str, ...]:
    networks = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in networks:
        try:
            ip_network(name, strict=False)
        except ValueError as trouble:
            raise click.BadParameter(f"{name!r} is no address and no network such as 10.0.0.0/8") from trouble
    return networks


trusted_proxies_option = click.option(
    "--trusted-proxies",
    default="",
    metavar="NETWORK,…",
    callback=_networks,
    envvar="MKONDO_TRUSTED_PROXIES",
    show_envvar=True,
    help="Load balancers in front: addresses or networks whose X-Forwarded-For is believed.",
)
ready_file_option = click.option("--ready-file", type=FILE, help="Write the addresses here when ready.")
