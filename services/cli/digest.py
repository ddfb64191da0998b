"""`mkondo digest`: the signed digests of an environment, through the management API. Read next: kept.py, receipt.py."""

import json
from pathlib import Path

import click

from services.cli.kept import output_option, write
from services.cli.management import Row, call, listed, text
from services.cli.options import data_option, environment_option, json_option

KEYS = ("number", "id", "day", "closed_at", "key")


@click.group()
def command() -> None:
    """A digest stands for everything sealed since the one before, and is signed: kept elsewhere, it proves what was.

    One is closed at the turn of each UTC day by the environment's clock. See docs/proofs.md.

    \b
    Example:  mkondo digest list
              mkondo digest show 1 -o digest-1.json
    """


@command.command("list")
@click.option("--after", default=0, show_default=True, help="Only those with a higher number.")
@data_option
@environment_option
@json_option
def list_digests(after: int, data: Path, environment: str, as_json: bool) -> None:
    """The digests, the oldest first.

    \b
    Example:  mkondo digest list --after 100
    """
    found = listed(data, f"{environment}/digests", "digests", KEYS, str(after))
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found:
        click.echo(_line(one))
    click.echo(f"{environment}: {len(found)} digests")


@command.command()
@click.argument("number", type=click.IntRange(1))
@output_option
@data_option
@environment_option
def show(number: int, output: Path | None, data: Path, environment: str) -> None:
    """One digest as a text to keep: what was signed, the signature, and where to look when a journal differs.

    \b
    Example:  mkondo digest show 1 -o digest-1.json
    """
    write(text(data, f"{environment}/digests/{number}"), output)


@command.command()
@click.option("--new-key", is_flag=True, help="The key of the digest before is lost: go on with this platform's.")
@data_option
@environment_option
@json_option
def close(new_key: bool, data: Path, environment: str, as_json: bool) -> None:
    """Close a digest now instead of at the end of the day. Where nothing new was sealed, the last one is shown.

    \b
    Example:  mkondo digest close
    """
    said = call(data, "POST", f"{environment}/digests", {"new_key": new_key}, KEYS)
    click.echo(json.dumps(said) if as_json else _line(said))


@command.command()
@data_option
@environment_option
@json_option
def key(data: Path, environment: str, as_json: bool) -> None:
    """The public key with which digests are signed. Give it to whoever shall check receipts.

    \b
    Example:  mkondo digest key
    """
    said = call(data, "GET", f"{environment}/digests/key", keys=("id", "public_key"))
    click.echo(json.dumps(said) if as_json else said["public_key"])


def _line(one: Row) -> str:
    return f"{one['number']:>5}  {one['day']}  closed {one['closed_at']}  id {one['id']}  key {one['key']}"
