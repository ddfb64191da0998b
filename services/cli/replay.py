"""`mkondo replay`: results once more, with the id and the body of the first time.

Read next: services/portal/api/replays.py.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import click

from services.cli.errors import CannotDo
from services.cli.management import call, step
from services.cli.options import data_option, environment_option, json_option

application_option = click.option("--application", default="demo", show_default=True, help="Whose results.")
STATES = ("queued", "retrying", "delivered", "abandoned")


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID…]")
@click.option("--from", "since", default="", metavar="TIME", help="All that were queued from then on, in UTC.")
@click.option("--until", default="", metavar="TIME", help="And before then.")
@click.option("--state", type=click.Choice(STATES), help="Only those; abandoned are the dead letters.")
@application_option
@data_option
@environment_option
@json_option
def command(
    ids: tuple[str, ...],
    since: str,
    until: str,
    state: str | None,
    application: str,
    data: Path,
    environment: str,
    as_json: bool,
) -> None:
    """Push results again: these ones, or all of a time.

    \b
    Example:  mkondo replay 0197f0c2a3b4c5d6e7f8091a2b3c4d5e
              mkondo replay --from 2026-11-26T08:00 --until 2026-11-26T09:30 --state abandoned
    """
    if bool(ids) == bool(since or until) or bool(since) != bool(until):
        raise click.UsageError("Name ids, or both --from and --until.")
    if ids and state:
        raise click.UsageError("--state goes with --from and --until.")
    query = f"application={quote(application, safe='')}"
    if ids:
        _these(ids, data, environment, query, as_json)
        return
    wanted = {"from": _time(since), "until": _time(until), "state": state}
    replayed, under_way = _all(wanted, data, f"{environment}/deliveries/replay?{query}")
    if as_json:
        click.echo(json.dumps({"replayed": replayed, "under_way": under_way}))
        return
    click.echo(f"{replayed} replayed" + (f", {under_way} were on their way already" if under_way else ""))


def _these(ids: tuple[str, ...], data: Path, environment: str, query: str, as_json: bool) -> None:
    names = [step(one, "delivery", "its id is the ConversationID of its request") for one in ids]
    for name in names:
        said = call(data, "POST", f"{environment}/deliveries/{name}/replay?{query}", keys=("id", "url"))
        click.echo(json.dumps(said) if as_json else f"{said['id']} replayed, to {said['url']}")


def _all(wanted: dict[str, str | None], data: Path, path: str) -> tuple[int, int]:
    """Call by call, until there is nothing more."""
    replayed = under_way = after = 0
    while True:
        said = call(data, "POST", path, {**wanted, "after": after}, keys=("replayed", "under_way", "next"))
        replayed, under_way, after = replayed + said["replayed"], under_way + said["under_way"], said["next"]
        if not after:
            return replayed, under_way


def _time(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CannotDo(
            f"{text!r} is no time: write 2026-11-26T08:00, in UTC, or with an offset such as +03:00"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
