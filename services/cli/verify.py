"""`mkondo verify`: audits both environments on one snapshot each, beside a running platform or a stopped one.

Read next: mkondo/runtime/audit.
"""

import asyncio
import json
from pathlib import Path

import click
import msgspec

from mkondo.adapters.keys.ed25519 import is_signed, load_signer
from mkondo.adapters.keys.rsa import UnusableKey
from mkondo.adapters.postgres.audit import connect_audit
from mkondo.adapters.postgres.databases import environment_dsn
from mkondo.adapters.postgres.trouble import CannotServe
from mkondo.contracts.digest import StoredDigest, body_of
from mkondo.ports.errors import Incompatible, TryLater
from mkondo.runtime.audit import Report, Trust, verify_store
from services.cli.database import database_of
from services.cli.errors import CannotDo, without_database
from services.cli.files import DIGEST_KEY
from services.cli.kept import digest_of, key_of, key_option
from services.cli.options import FILE, data_option, environments_option, json_option


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
@click.option("--digest", "digests", type=FILE, multiple=True, help="A digest you keep: the books must still give it.")
@key_option
@json_option
def command(
    data: Path,
    database_url: str,
    environments: tuple[str, ...],
    digests: tuple[Path, ...],
    key: str | None,
    as_json: bool,
) -> None:
    """Audit the books: sequences, hash chain, digests, double entry, balances, holds, outcomes, views against a replay.

    Exit 0 and one line of figures for each environment, or 1 and what is wrong where; also 1 and "the books were not
    audited" with the reason when that can't be done now.

    \b
    Example:  mkondo verify
              mkondo verify --database-url postgresql://mkondo@db/mkondo --json
              mkondo verify --digest digest-1.json --key platform.key
    """
    kept, trusted = tuple(digest_of(file) for file in digests), key_of(key) or _own_key(data, database_url)
    try:
        reports = asyncio.run(_verify(data, database_url, environments, kept, trusted))
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


def _own_key(data: Path, database_url: str) -> bytes | None:
    """The public half of the directory's own key, if it has one: the newest digest has to be signed with it."""
    file = data / DIGEST_KEY
    if database_url or not file.exists():
        return None
    try:
        return load_signer(file).public_key()
    except OSError as trouble:
        raise CannotDo(f"{file}: {trouble.strerror}. Run as the user who ran `mkondo up`, or give --key") from trouble
    except UnusableKey as trouble:
        raise CannotDo(f"{trouble}, or give --key") from trouble


async def _verify(
    data: Path,
    database_url: str,
    environments: tuple[str, ...],
    kept: tuple[StoredDigest, ...],
    trusted: bytes | None,
) -> dict[str, Report]:
    trust = {
        environment: Trust(
            environment, is_signed, trusted, tuple(one for one in kept if body_of(one).environment == environment)
        )
        for environment in environments
    }
    async with database_of(data, database_url) as base:
        return {environment: await _audit(base, trust[environment]) for environment in environments}


async def _audit(base: str, trust: Trust) -> Report:
    audit = await connect_audit(environment_dsn(base, trust.environment), trust.environment)
    try:
        return await verify_store(audit, trust=trust)
    finally:
        await audit.close()
