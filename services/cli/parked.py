"""`mkondo parked`: what could not be decided, and an operator's word about it (architecture rule 14).

Works beside a running platform, which notices, and on one that is stopped. Read next: mkondo/runtime/operator.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from mkondo.adapters.postgres.clock import connect_clock_setting
from mkondo.adapters.postgres.databases import environment_dsn
from mkondo.adapters.postgres.store import PostgresStore, connect_store
from mkondo.adapters.postgres.trouble import CannotServe
from mkondo.adapters.system.clock import SystemClock
from mkondo.contracts.parking import DiscardParked, RetryParked
from mkondo.ports.errors import Incompatible, TryLater
from mkondo.runtime import operator
from mkondo.runtime.operator import Waiting
from mkondo.topology import DECIDERS, ENVIRONMENTS
from services.cli.database import database_of
from services.cli.errors import CannotDo, without_database
from services.cli.options import data_option, json_option

Result = TypeVar("Result")

_url_option = click.option(
    "--database-url",
    default="",
    metavar="DSN",
    envvar="MKONDO_DATABASE_URL",
    show_envvar=True,
    help="Instead of --data.",
)
_environment_option = click.option(
    "--environment", type=click.Choice(ENVIRONMENTS), default=ENVIRONMENTS[0], show_default=True, help="Whose messages."
)


@click.group()
def command() -> None:
    """Messages that nobody could decide: list them, try them again, or forget one for good.

    \b
    Example:  mkondo parked list
              mkondo parked retry parked/ledger/3/000000000001
    """


@command.command("list")
@data_option
@_url_option
@_environment_option
@json_option
def list_parked(data: Path, database_url: str, environment: str, as_json: bool) -> None:
    """Each with its name, what it is, and why it could not be decided.

    \b
    Example:  mkondo parked list --environment openapi
    """
    found = _run(_waiting(data, database_url, environment), database_url)
    if as_json:
        click.echo(
            json.dumps([{"name": one.key, "type": one.parked.type, "reason": one.parked.reason} for one in found])
        )
        return
    for one in found:
        click.echo(f"{one.key}  {one.parked.type}  {one.parked.reason}")
    click.echo(f"{environment}: {len(found)} parked")


@command.command()
@click.argument("name")
@data_option
@_url_option
@_environment_option
def retry(name: str, data: Path, database_url: str, environment: str) -> None:
    """Decide this message again, and in their order those about the same record; stop at the first that fails again.

    \b
    Example:  mkondo parked retry parked/ledger/3/000000000001
    """
    _tell(*_run(_say(name, data, database_url, environment, again=True), database_url))


@command.command()
@click.argument("name")
@data_option
@_url_option
@_environment_option
@click.confirmation_option(prompt="Its money stays where it is now, and nothing will ever finish it. Forget it?")
def discard(name: str, data: Path, database_url: str, environment: str) -> None:
    """Forget this message for good. Those that wait behind it still wait to be retried.

    \b
    Example:  mkondo parked discard parked/ledger/3/000000000001
    """
    _tell(*_run(_say(name, data, database_url, environment, again=False), database_url))


def _run(work: Coroutine[Any, Any, Result], database_url: str) -> Result:
    try:
        return asyncio.run(work)
    except TryLater as trouble:
        raise without_database(trouble, database_url) from trouble
    except (CannotServe, Incompatible) as trouble:
        raise CannotDo(str(trouble)) from trouble


async def _waiting(data: Path, database_url: str, environment: str) -> list[Waiting]:
    async with _store(data, database_url, environment) as (store, _):
        return list(await operator.waiting(store))


async def _say(name: str, data: Path, database_url: str, environment: str, again: bool) -> tuple[str, bool, int]:
    """The message's name, whether it is still parked, and how many of its partition are."""
    async with _store(data, database_url, environment) as (store, clock):
        asked = _named(name, await operator.waiting(store))
        decider = DECIDERS[asked.partition.decider]
        word = RetryParked(asked.parked.about) if again else DiscardParked(asked.key)
        left = await operator.say(store, decider, asked.partition, word, clock.now())
        return name, any(one.key == asked.key for one in await operator.waiting(store)), left


def _named(name: str, found: Sequence[Waiting]) -> Waiting:
    for one in found:
        if one.key == name:
            return one
    raise CannotDo(f"{name} is not parked: see `mkondo parked list`")


def _tell(name: str, still: bool, left: int) -> None:
    if still:
        raise CannotDo(f"{name} could not be decided again: see `mkondo parked list` for why")
    click.echo(f"{name} is not parked any more; {left} in its partition are")


@asynccontextmanager
async def _store(data: Path, database_url: str, environment: str) -> AsyncIterator[tuple[PostgresStore, SystemClock]]:
    """The store, and the environment's own time: in the sandbox it may be ahead of this machine's."""
    async with database_of(data, database_url) as base, AsyncExitStack() as opened:
        dsn = environment_dsn(base, environment)
        store = await connect_store(dsn, environment)
        opened.push_async_callback(store.close)
        setting = await connect_clock_setting(dsn)
        opened.push_async_callback(setting.close)
        yield store, SystemClock(await setting.ahead_ms())
