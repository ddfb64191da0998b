"""`mkondo relay`: publish from the store again, and after a lost topic begin a new incarnation of the internal ones."""

import asyncio
from collections.abc import Iterable

import click
from msgspec.structs import replace

from mkondo.adapters.postgres.databases import environment_dsn
from mkondo.adapters.postgres.store import PostgresStore, connect_store
from mkondo.contracts import codec
from mkondo.contracts.journal import PartitionBatch
from mkondo.ports.errors import Fenced, Incompatible, TryLater
from mkondo.ports.log import COMMANDS, Log
from services.cli.errors import CannotDo, without_database
from services.cli.logs import connect_kafka_log, prepare_topics, renew_internal_topics
from services.cli.options import database_option, environments_option, kafka_option

PAGE = 1_000
OPERATOR = "operator"


@click.command()
@database_option
@kafka_option
@environments_option
@click.option("--new-incarnation", is_flag=True, help="A topic was lost or truncated: make the internal ones again.")
def command(database_url: str, kafka: str, environments: Iterable[str], new_incarnation: bool) -> None:
    """Publish every committed event again, from the store. Subscribers drop what they have by source and sequence.

    With --new-incarnation the internal topics are made again first, empty, and partitions that had stopped go on with
    their next command. Commands that stood unread in a lost topic had not been acknowledged to anybody. Stop the
    processors before.

    \b
    Example:  mkondo relay --database-url postgresql://mkondo@db/mkondo --kafka broker:9092 --new-incarnation
    """
    asyncio.run(_relay(database_url, kafka, environments, new_incarnation))


async def _relay(database_url: str, kafka: str, environments: Iterable[str], new_incarnation: bool) -> None:
    try:
        for environment in environments:
            store = await connect_store(environment_dsn(database_url, environment), environment)
            if new_incarnation:
                await renew_internal_topics(kafka, environment)
                await forget_command_positions(store)
                click.echo(f"{environment}: internal topics made again")
            await prepare_topics(kafka, environment)
            log = await connect_kafka_log(kafka, environment)
            click.echo(f"{environment}: {await publish_all(store, log)} events published")
            await log.close()
            await store.close()
    except Fenced as trouble:
        raise CannotDo(f"a processor is running: stop it first ({trouble})") from trouble
    except TryLater as trouble:
        raise without_database(trouble, database_url) from trouble
    except Incompatible as trouble:
        raise CannotDo(str(trouble)) from trouble


async def forget_command_positions(store: PostgresStore) -> None:
    """By the ordinary fenced transaction: a processor that still runs is thrown out, not overtaken."""
    for state in await store.states():
        before = await store.acquire(state.partition, OPERATOR)
        positions = {source: at for source, at in before.positions.items() if source != COMMANDS}
        await store.commit([PartitionBatch(before, replace(before, positions=positions))])


async def publish_all(store: PostgresStore, log: Log) -> int:
    """Every row of every journal, in order. Returns how many."""
    published = 0
    for state in await store.states():
        source, position = str(state.partition), 0
        while rows := await store.read_journal(source, position, PAGE):
            await log.publish(rows, [codec.decode(row.type, row.version, row.data) for row in rows])
            position, published = rows[-1].sequence, published + len(rows)
    return published
