"""`mkondo verify`: audits both environments on one snapshot each, beside a running platform or a stopped one.

Read next: mkondo/runtime/audit.
"""

import asyncio
import json
from pathlib import Path

import click
import msgspec

from mkondo.adapters.postgres.audit import connect_audit
from mkondo.adapters.postgres.databases import environment_dsn
from mkondo.adapters.postgres.trouble import CannotServe
from mkondo.ports.errors import Incompatible, TryLater
from mkondo.runtime.audit import Report, verify_store
from services.cli.database import database_of
from services.cli.errors import CannotDo, without_database
from services.cli.options import data_option, environments_option, json_option


@click.command()
@data_option
@click.option(
    "--database-url",
    default="",
    metavar="DSN",
    envvar="MKONDO_DATABASE_URL",
    show_envvar=True,
    help="Instead of --data.",
)
@environments_option
@json_option
def command(data: Path, database_url: str, environments: tuple[str, ...], as_json: bool) -> None:
    """Audit the books: sequences, hash chain, double entry, balances, holds, outcomes, and views against a replay.

    Exit 0 and one line of figures for each environment, or 1 and what is wrong where; also 1 and "the books were not
    audited" with the reason when that can't be done now.

    \b
    Example:  mkondo verify
              mkondo verify --database-url postgresql://mkondo@db/mkondo --json
    """
    try:
        reports = asyncio.run(_verify(data, database_url, environments))
    except TryLater as trouble:
        raise CannotDo(f"the books were not audited: {without_database(trouble, database_url)}") from trouble
    except (CannotDo, CannotServe, Incompatible) as trouble:
        raise CannotDo(f"the books were not audited: {trouble}") from trouble
    for environment, report in reports.items():
        if not as_json:
            click.echo(f"{environment}: {report.line()}")
            for problem in report.problems:
                click.echo(f"  {problem.where}: {problem.what}")
    if as_json:
        click.echo(json.dumps({environment: msgspec.to_builtins(report) for environment, report in reports.items()}))
    if not all(report.clean for report in reports.values()):
        raise SystemExit(1)


async def _verify(data: Path, database_url: str, environments: tuple[str, ...]) -> dict[str, Report]:
    async with database_of(data, database_url) as base:
        return {environment: await _audit(base, environment) for environment in environments}


async def _audit(base: str, environment: str) -> Report:
    audit = await connect_audit(environment_dsn(base, environment), environment)
    try:
        return await verify_store(audit)
    finally:
        await audit.close()
