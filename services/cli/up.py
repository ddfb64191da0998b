"""`mkondo up`: the whole platform on one machine, until Ctrl-C or SIGTERM. Read next: platform.py, first_payment.py."""

import json
import logging
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click
import uvloop

from mkondo.adapters.http.open_files import raise_open_files
from mkondo.domain.environments import LIVE, SANDBOX
from services.cli import demo_data
from services.cli.files import UP, forget_ready, write_ready
from services.cli.first_payment import pay_and_tell
from services.cli.logging import configure_logging
from services.cli.options import (
    DEFAULT_DATA,
    PORT,
    data_option,
    json_option,
    loopback_callbacks_option,
    rate_option,
    ready_file_option,
    trusted_proxies_option,
)
from services.cli.platform import Platform, PlatformSettings
from services.cli.stopping import Stop, drain
from services.cli.web import WebSettings, deadline_option, mozambique_ports_option
from services.payments_ingress.settings import Settings as IngressSettings
from services.portal.api.grants import OPERATOR

LOGS = ("postgres", "kafka")

log = logging.getLogger(__name__)


@click.command()
@data_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=PORT, help="HTTP; 0: a free one.")
@click.option("--https-port", default=8443, show_default=True, type=PORT, help="HTTPS; 0: a free one.")
@click.option("--proxy-port", default=0, show_default=True, type=PORT, help="For `mkondo env`; 0: a free one.")
@mozambique_ports_option
@click.option(
    "--log",
    "log_kind",
    type=click.Choice(LOGS),
    default="postgres",
    show_default=True,
    help="What carries messages: the journals themselves, or Apache Kafka.",
)
@click.option("--kafka", default="localhost:9092", show_default=True, metavar="HOST:PORT", help="With --log kafka.")
@click.option("--database-url", default="", metavar="DSN", help="Use this Postgres instead of our own.")
@ready_file_option
@click.option("--demo/--no-demo", default=True, show_default=True, help="Make the demo on an empty data directory.")
@deadline_option
@loopback_callbacks_option(default=True)
@rate_option("address", default=0)
@rate_option("application", default=0)
@trusted_proxies_option
@click.option("--first-payment", is_flag=True, help="Make one payment over HTTP and tell what happened.")
@json_option
def command(**options: Any) -> None:
    """The whole platform on one machine.

    \b
    Example:  mkondo up
              mkondo up --port 0 --https-port 0 --ready-file ready.json
              mkondo up --log kafka --kafka localhost:9092
    """
    configure_logging()
    raise_open_files()
    uvloop.run(_up(options))


async def _up(options: dict[str, Any]) -> None:
    platform = Platform(_settings(options))
    stop = Stop()
    try:
        if not options["as_json"]:
            click.echo("Starting: store, log, processors, front …", err=True)
        await platform.start()
        if options["demo"]:
            await write_demo(platform)
        try:
            announce(platform, options["ready_file"], options["as_json"])
            if options["first_payment"]:
                await pay_and_tell(platform)
            await platform.run_until(stop.asked)
        finally:
            forget_ready(options["ready_file"])
            announce_end(platform)
            await drain(platform)
            platform.directory.remove(UP)
    finally:
        await platform.stop()


def _settings(options: dict[str, Any]) -> PlatformSettings:
    ingress = IngressSettings(deadline_ms=options["deadline_ms"])
    web = WebSettings(
        options["host"],
        options["port"],
        options["https_port"],
        options["proxy_port"],
        ingress,
        options["mozambique_ports"],
        options["rate_per_address"],
        options["rate_per_application"],
        options["trusted_proxies"],
    )
    kafka = options["kafka"] if options["log_kind"] == "kafka" else ""
    return PlatformSettings(
        options["data"],
        web,
        options["database_url"],
        kafka,
        makes_topics=True,
        loopback_callbacks=options["loopback_callbacks"],
    )


async def write_demo(platform: Platform) -> None:
    """demo.json, with today's addresses and public keys. The demo is made once per data directory, and anew when its
    applications are lost; the file is written last, so that a crash in between makes it again."""
    demo = platform.directory.read("demo.json")
    parts = {name: hosted.parts for name, hosted in platform.hosted.items()}
    lost = [] if demo is None else await demo_data.lost(parts)
    if lost:
        log.warning(
            "demo.json names applications that the store has lost: the demo is made anew, with new API keys",
            extra={"lost": lost, "data": str(platform.directory.path)},
        )
    if demo is None or lost:
        ids = parts[SANDBOX].ids
        credentials = demo_data.Credentials(ids.api_key(), ids.api_key(), ids.api_key(), ids.webhook_secret())
        await demo_data.make_sandbox(parts[SANDBOX], credentials)
        await demo_data.make_live(parts[LIVE], credentials)
        demo = demo_data.demo_file(credentials, platform.public_keys)
    addresses = platform.addresses()
    demo["tokens"] = hand_out_tokens(platform)
    demo |= {"http": addresses["http"], "https": addresses["https"], "ca_file": platform.ca_file()}
    refresh_public_keys(demo, platform)
    platform.directory.write("demo.json", demo, 0o600)


def refresh_public_keys(demo: dict[str, Any], platform: Platform) -> None:
    """A private key that is gone was made anew at the start: who goes on with its old public half is refused."""
    for environment, said in ((SANDBOX, demo), (LIVE, demo["live"])):
        now = platform.public_keys[environment]
        if said["public_key"] != now:
            log.warning(
                f"keys/{environment}.pem is another one than before: whoever encrypts needs the new public key, which "
                "demo.json has now",
                extra={"data": str(platform.directory.path)},
            )
            said["public_key"] = now


def hand_out_tokens(platform: Platform) -> dict[str, str]:
    """The tokens of demo.json."""
    if platform.tokens is None:
        raise TypeError("a platform that has started has tokens")
    subjects = {"operator": OPERATOR, "application": f"application/{demo_data.DEMO}"}
    return {role: platform.tokens.issue(subject) for role, subject in subjects.items()}


def announce(platform: Platform, ready_file: Path | None, as_json: bool) -> None:
    """The addresses: to people, to scripts (`--json`, `--ready-file`) and to the other commands (up.json)."""
    addresses = {**platform.addresses(), "data": str(platform.directory.path), "pid": os.getpid()}
    platform.directory.write(UP, {**addresses, "database_url": platform.database_url}, 0o600)
    if ready_file is not None:
        write_ready(ready_file, addresses)
    if as_json:
        click.echo(json.dumps(addresses))
        return
    click.echo(f"Mkondo is up. Data in {addresses['data']}, process {addresses['pid']}.")
    for name in ("http", "https", "metrics"):
        click.echo(f"  {name:8} {addresses[name]}")
    for operation, port in addresses["mozambique"].items():
        click.echo(f"  Mozambique, {operation}: port {port}")
    click.echo(f"  docs     {addresses['http']}/docs/")
    click.echo(f'  Any SDK: eval "$({_env_command(platform.directory.path)})"   ·   stop: Ctrl-C')


def announce_end(platform: Platform) -> None:
    """The management API still answers at these addresses; the database is soon gone. Only whoever announced them
    takes them back."""
    up = platform.directory.read(UP)
    if up is not None:
        platform.directory.write(UP, up | {"stopping": True}, 0o600)


def _env_command(data: Path) -> str:
    """`mkondo env` as it can be typed here: the program by the path it was called by, and this data directory."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "mkondo" else "mkondo"
    elsewhere = [] if data == DEFAULT_DATA.absolute() else ["--data", str(data)]
    return shlex.join([program, "env", *elsewhere])
