"""`mkondo clock`: the sandbox's clock. It only moves forward."""

import json
import re
from pathlib import Path

import click

from services.cli.errors import CannotDo
from services.cli.management import CLOCK, CLOCK_KEYS, call
from services.cli.options import data_option, json_option

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
SECONDS_MAX = 10 * 366 * 86_400
"""Ten years, the most that the management API takes at once."""
_LENGTH = re.compile(r"([0-9]{1,9})([smhdw])")


def seconds_of(text: str) -> int:
    """`90s`, `15m`, `6h`, `1d`, `2w`, or several of them: `1d12h`."""
    if text.startswith("-"):
        raise CannotDo(f"{text!r} is in the past, and the clock only moves forward: name a length of time such as 1d")
    parts = _LENGTH.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise CannotDo(f"{text!r} is no length of time: write 90s, 15m, 6h, 1d, 2w or 1d12h")
    seconds = sum(int(number) * SECONDS[unit] for number, unit in parts)
    if seconds > SECONDS_MAX:
        raise CannotDo(f"{text!r} is more than ten years: the clock moves on by ten years at most, so ask in steps")
    return seconds


@click.group()
def command() -> None:
    """The sandbox's clock: sessions end, days turn, mandates fall due and reservations expire when it is moved on.

    \b
    Example:  mkondo clock advance 1d
    """


@command.command()
@data_option
@json_option
def show(data: Path, as_json: bool) -> None:
    """What time it is in the sandbox.

    \b
    Example:  mkondo clock show
    """
    _tell(call(data, "GET", CLOCK, keys=CLOCK_KEYS), as_json)


@command.command(context_settings={"ignore_unknown_options": True})
@click.argument("by")
@data_option
@json_option
def advance(by: str, data: Path, as_json: bool) -> None:
    """Move it on, and return when every process has taken it and done what fell due. It never moves back.

    \b
    Example:  mkondo clock advance 1d
              mkondo clock advance 90s
    """
    _tell(call(data, "POST", f"{CLOCK}/advance", {"seconds": seconds_of(by)}, keys=CLOCK_KEYS), as_json)


def _tell(said: dict[str, object], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(said))
    else:
        click.echo(f"{said['now']}  ({said['ahead_ms']} ms ahead of this machine)")
