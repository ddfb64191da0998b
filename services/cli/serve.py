"""`mkondo serve SERVICE…`: some services as a process of their own, over Kafka. Settings come from the environment.

Read next: platform.py; docs/settings.md lists the variables.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import uvloop

from mkondo.adapters.http.open_files import raise_open_files
from services.cli.files import forget_ready, write_ready
from services.cli.logging import configure_logging
from services.cli.options import (
    FOLDER,
    PORT,
    database_option,
    kafka_option,
    loopback_callbacks_option,
    rate_option,
    ready_file_option,
    trusted_proxies_option,
)
from services.cli.platform import ALL_SERVICES, Platform, PlatformSettings
from services.cli.stopping import Stop, drain
from services.cli.web import WebSettings, deadline_option
from services.payments_ingress.settings import Settings as IngressSettings


def _setting(name: str, **more: Any) -> Callable[[Any], Any]:
    """An option with its environment variable."""
    variable = f"MKONDO_{name.removeprefix('--').replace('-', '_').upper()}"
    return click.option(name, envvar=variable, show_envvar=True, **more)


@click.command()
@click.argument("services", nargs=-1, required=True, type=click.Choice(ALL_SERVICES))
@database_option
@kafka_option
@_setting("--keys", type=FOLDER, required=True, help="Directory of keys, the same for all.")
@_setting("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@_setting("--port", default=0, show_default=True, type=PORT, help="HTTP; 0: a free one.")
@_setting("--https-port", default=0, show_default=True, type=PORT, help="HTTPS; 0: a free one.")
@deadline_option
@loopback_callbacks_option(default=False)
@rate_option("address", default=200)
@rate_option("application", default=2_000)
@trusted_proxies_option
@ready_file_option
def command(
    services: tuple[str, ...],
    database_url: str,
    kafka: str,
    keys: Path,
    host: str,
    port: int,
    https_port: int,
    deadline_ms: int,
    loopback_callbacks: bool,
    rate_per_address: int,
    rate_per_application: int,
    trusted_proxies: tuple[str, ...],
    ready_file: Path | None,
) -> None:
    """Run one or more services as a process, until SIGTERM. Start the same one again to share its partitions.

    \b
    Example:  mkondo serve admission ledger
              mkondo serve edge_auth payments_ingress --port 8080
    """
    configure_logging()
    raise_open_files()
    web = WebSettings(
        host,
        port,
        https_port,
        None,
        IngressSettings(deadline_ms=deadline_ms),
        rate_per_address=rate_per_address,
        rate_per_application=rate_per_application,
        trusted_proxies=trusted_proxies,
    )
    settings = PlatformSettings(
        keys, web, database_url, kafka, shared=True, services=services, loopback_callbacks=loopback_callbacks
    )
    uvloop.run(_serve(settings, ready_file))


async def _serve(settings: PlatformSettings, ready_file: Path | None) -> None:
    platform = Platform(settings)
    stop = Stop()
    try:
        await platform.start()
        addresses = {**platform.addresses(), "services": list(settings.services), "pid": os.getpid()}
        if ready_file is not None:
            write_ready(ready_file, addresses)
        click.echo(json.dumps(addresses))
        await platform.run_until(stop.asked)
    finally:
        forget_ready(ready_file)
        await drain(platform)
        await platform.stop()
