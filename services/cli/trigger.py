"""`mkondo trigger SCENARIO`: run a named scenario against the running platform (services/cli/scenarios)."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import click
import httpx
import msgspec

from services.cli.errors import CannotDo
from services.cli.files import demo, write_file
from services.cli.options import FILE, data_option, json_option
from services.cli.scenarios.catalogue import BY_NAME, CATALOGUE
from services.cli.scenarios.page import page as render
from services.cli.scenarios.run import Ran, runner_of
from services.cli.scenarios.scenario import Scenario


@click.command()
@click.argument("names", nargs=-1, metavar="SCENARIO…")
@click.option("--list", "lists", is_flag=True, help="Every scenario, a line each.")
@click.option("--all", "every", is_flag=True, help="Run all of them; moves the sandbox's clock by weeks.")
@click.option("--page", type=FILE, help="Write the catalogue with these results as HTML.")
@data_option
@json_option
def command(names: tuple[str, ...], lists: bool, every: bool, page: Path | None, data: Path, as_json: bool) -> None:
    """Run named scenarios: what is asked, what is answered, and what is pushed when the result is to come later.

    \b
    Example:  mkondo trigger success
              mkondo trigger rejected timeout insufficient-balance failed
              mkondo trigger --list
    """
    if lists:
        _list(as_json)
        return
    chosen = CATALOGUE if every else [_named(name) for name in names]
    if not chosen:
        raise click.UsageError("Name a scenario: see `mkondo trigger --list`.")
    results = asyncio.run(_run(data, chosen))
    for ran in results:
        _tell(ran, as_json)
    if page is not None:
        write_file(page, render(results))
    if any(ran.troubles for ran in results):
        raise SystemExit(1)


def _list(as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(CATALOGUE).decode())
        return
    for scenario in CATALOGUE:
        click.echo(f"{scenario.name:44} {scenario.says}")


def _named(name: str) -> Scenario:
    if name not in BY_NAME:
        raise CannotDo(f"no scenario {name!r}: see `mkondo trigger --list`")
    return BY_NAME[name]


async def _run(data: Path, chosen: Sequence[Scenario]) -> list[Ran]:
    try:
        async with runner_of(demo(data)) as runner:
            return await runner.run_all(chosen)
    except httpx.TransportError as trouble:
        raise CannotDo(f"nobody answers: {trouble}. Is `mkondo up` running?") from trouble


def _tell(ran: Ran, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(ran)))
        return
    click.echo(f"{'✗' if ran.troubles else '✓'} {ran.scenario.name}: {ran.scenario.says}")
    for exchange in ran.exchanges:
        click.echo(f"  {ran.scenario.operation} {json.dumps(exchange.request)}")
        click.echo(f"    answered HTTP {exchange.status} {json.dumps(exchange.answer)}")
        if exchange.callback is not None:
            click.echo(f"    pushed {json.dumps(exchange.callback)}")
    for trouble in ran.troubles:
        click.echo(f"  ✗ {trouble}")
