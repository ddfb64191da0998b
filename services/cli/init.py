"""`mkondo init`: prepares the databases, and with Kafka the topics, of both environments. Safe to repeat."""

import asyncio

import click

from mkondo.adapters.postgres.databases import ensure_database, environment_dsn
from mkondo.adapters.postgres.schema import initialise
from mkondo.ports.errors import Incompatible, TryLater
from mkondo.topology import ENVIRONMENTS
from services.cli.errors import CannotDo, without_database
from services.cli.logs import prepare_topics
from services.cli.options import database_option


@click.command()
@database_option
@click.option(
    "--kafka",
    default="",
    metavar="HOST:PORT",
    envvar="MKONDO_KAFKA",
    show_envvar=True,
    help="Also make the topics there.",
)
def command(database_url: str, kafka: str) -> None:
    """Prepare the databases and topics of both environments. What is there is checked and left as it is.

    \b
    Example:  mkondo init --database-url postgresql://mkondo@db/mkondo --kafka broker:9092
    """
    asyncio.run(_init(database_url, kafka))


async def _init(database_url: str, kafka: str) -> None:
    try:
        for environment in ENVIRONMENTS:
            dsn = environment_dsn(database_url, environment)
            await ensure_database(dsn)
            await initialise(dsn, environment)
            click.echo(f"{environment}: database ready")
            if kafka:
                await prepare_topics(kafka, environment)
                click.echo(f"{environment}: topics ready")
    except TryLater as trouble:
        raise without_database(trouble, database_url) from trouble
    except Incompatible as trouble:
        raise CannotDo(str(trouble)) from trouble
