"""`mkondo replay`: results once more, with the id and the body of the first time.

Read next: services/portal/api/replays.py.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import click

from services.cli.errors import CannotDo
from services.cli.management import call, step, still
from services.cli.options import data_option, environment_option, json_option

application_option = click.option("--application", default="demo", show_default=True, help="Whose results.")
STATES = ("queued", "retrying", "delivered", "abandoned")
_ONE, _MANY = ("id", "url", "disabled"), ("replayed", "disabled", "under_way")
_DISABLED = "the endpoint is disabled, see `mkondo endpoints enable`"


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
    came = _all(wanted, data, f"{environment}/deliveries/replay?{query}")
    if as_json:
        click.echo(json.dumps(came))
        return
    said = [f"{came['replayed']} replayed"]
    said += [f"{came['under_way']} were on their way already"] if came["under_way"] else []
    said += [f"{came['disabled']} went to the feed only: {_DISABLED}"] if came["disabled"] else []
    click.echo(", ".join(said))


def _these(ids: tuple[str, ...], data: Path, environment: str, query: str, as_json: bool) -> None:
    names = [step(one, "delivery", "its id is the ConversationID of its request") for one in ids]
    for name in names:
        said = call(data, "POST", f"{environment}/deliveries/{name}/replay?{query}", keys=_ONE)
        came = f"went to the feed only: {_DISABLED}" if said["disabled"] else f"replayed, to {said['url']}"
        click.echo(json.dumps(said) if as_json else f"{said['id']} {came}")


def _all(wanted: dict[str, str | None], data: Path, path: str) -> dict[str, int]:
    """Call by call, until there is nothing more."""
    came, after = dict.fromkeys(_MANY, 0), ""
    while True:
        said = call(data, "POST", path, {**wanted, "after": after}, keys=(*_MANY, "next"))
        came, after = {name: number + said[name] for name, number in came.items()}, said["next"]
        if not after:
            return came
        still(came["replayed"], "replayed")


def _time(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CannotDo(
            f"{text!r} is no time: write 2026-11-26T08:00, in UTC, or with an offset such as +03:00"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
