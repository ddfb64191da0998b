"""`mkondo apps create|duplicate|new-key|webhook-secret|remove`: how an application begins, is repeated, re-keyed, ends.

What prints an API key or webhook secret prints it once. Read next: services/portal/api/making.py.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from services.cli.errors import CannotDo
from services.cli.management import call, once, step
from services.cli.options import data_option, environment_option, json_option
from services.cli.telling import tell

_TEXTS = ("name", "description", "release", "response_url")
"""Settings that are text whatever they look like: release 2 is no number."""
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _seconds(_: click.Context, __: click.Parameter, text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,9})([smhd]?)", text, re.ASCII)
    if found is None:
        raise CannotDo(f"{text!r} is no length of time: write 90s, 10m, 24h or 30d")
    return int(found[1]) * _SECONDS[found[2]]


def overlap_option(old_works: str) -> Callable[[Any], Any]:
    """For how many seconds the old one works beside the new."""
    text = f"How long the {old_works}: 90s, 10m, 24h, 30d."
    return click.option("--overlap", default="0", show_default=True, callback=_seconds, help=text)


@click.command()
@click.argument("name")
@click.argument("settings", nargs=-1, metavar="[SETTING=VALUE…]")
@click.option("--id", "named", default="", help="Made from the name if it is left out.")
@click.option("--organisation", default="", help="Whose it is.")
@data_option
@environment_option
@json_option
def create(
    name: str,
    settings: tuple[str, ...],
    named: str,
    organisation: str,
    data: Path,
    environment: str,
    as_json: bool,
) -> None:
    """Make an application and show its API key, once. VALUE is JSON, or plain text, as with set.

    \b
    Example:  mkondo apps create "Duka la Asha" --id duka --organisation demo-shop
              mkondo apps create Duka session_lifetime_minutes=30 'markets=["vodacomTZN"]'
    """
    wanted = {**settings_from(settings), "name": name, "id": named, "organisation": organisation}
    tell(call(data, "POST", f"{environment}/applications", wanted), as_json)


@click.command()
@click.argument("application")
@click.option("--id", "named", default="", help="Made from the application's and the release if it is left out.")
@click.option("--release", default=None, help="What you call this version of it.")
@data_option
@environment_option
@json_option
def duplicate(application: str, named: str, release: str | None, data: Path, environment: str, as_json: bool) -> None:
    """Another version of one, to live beside it: the same settings, an API key and a history of its own.

    \b
    Example:  mkondo apps duplicate demo --release 2.0
    """
    wanted = {"id": named, "release": release}
    tell(call(data, "POST", f"{path_of(environment, application)}/duplicate", wanted), as_json)


@click.command("new-key")
@click.argument("application")
@overlap_option("old API key works on")
@data_option
@environment_option
@json_option
def new_key(application: str, overlap: int, data: Path, environment: str, as_json: bool) -> None:
    """A new API key, shown once. Without an overlap the old one and its sessions end at once.

    \b
    Example:  mkondo apps new-key demo --overlap 24h
    """
    wish = {"overlap_seconds": overlap}
    tell(call(data, "POST", f"{path_of(environment, application)}/keys", wish), as_json)


@click.command("webhook-secret")
@click.argument("application")
@overlap_option("old secret signs too")
@data_option
@environment_option
@json_option
def webhook_secret(application: str, overlap: int, data: Path, environment: str, as_json: bool) -> None:
    """A new secret that signs its results, shown once. With an overlap they carry a signature by the old one too.

    \b
    Example:  mkondo apps webhook-secret demo --overlap 24h
    """
    wish = {"overlap_seconds": overlap}
    tell(call(data, "POST", f"{path_of(environment, application)}/webhook-secret", wish), as_json)


@click.command()
@click.argument("application")
@data_option
@environment_option
@json_option
@click.confirmation_option(prompt="Its API keys and sessions end, and its id is never used again. Remove it?")
def remove(application: str, data: Path, environment: str, as_json: bool) -> None:
    """End one for good, with its API keys and sessions. Its history and what it moved stay.

    \b
    Example:  mkondo apps remove duka --yes
    """
    tell(call(data, "DELETE", path_of(environment, application)), as_json)


def path_of(environment: str, application: str) -> str:
    mend = f"see `mkondo apps list --environment {environment}`"
    return f"{environment}/applications/{step(application, 'application', mend)}"


def settings_from(texts: Sequence[str]) -> dict[str, Any]:
    """What was typed as NAME=VALUE."""
    return once([_setting(text) for text in texts])


def _setting(text: str) -> tuple[str, Any]:
    name, is_there, value = text.partition("=")
    if not is_there:
        raise CannotDo(f"{text!r} sets nothing: write NAME=VALUE")
    try:
        read = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # NaN too: no JSON, so it can't be sent as such
        return name, value
    return name, value if name in _TEXTS and not isinstance(read, str) else read
