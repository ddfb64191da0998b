"""`mkondo events`: what happens, as events: watch them, keep them in a file, see what they look like.

Read next: event_feed.py, event_file.py; docs/events.md for what a subscriber may rely on.
"""

import asyncio
import json
from collections.abc import Coroutine
from itertools import islice
from pathlib import Path
from typing import Any

import click
import msgspec

from mkondo.contracts.events import BY_NAME
from mkondo.contracts.released import every_event
from mkondo.ports.errors import TryLater
from services.cli.errors import CannotDo
from services.cli.event_feed import Feed, Line, follow_topics
from services.cli.event_file import EventFile
from services.cli.interrupted import heed_interrupts
from services.cli.options import FILE, data_option, environment_option, json_option

LATEST = "latest"


def _types(_: click.Context, __: click.Parameter, text: str) -> tuple[str, ...]:
    named = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in named:
        if name not in BY_NAME or BY_NAME[name].topic is None:
            raise click.BadParameter(f"no public event is called {name!r}: see `mkondo events schema`")
    return named


types_option = click.option(
    "--types", default="", metavar="TYPE,…", callback=_types, help="Only these: see `mkondo events schema`."
)
application_option = click.option("--application", default="", metavar="ID", help="Only this application's.")


@click.group()
def command() -> None:
    """Everything that happens is an event: watch, export, and see the schema of each (docs/events.md).

    \b
    Example:  mkondo events tail
    """


@command.command()
@types_option
@application_option
@click.option("--after", default=LATEST, metavar="CURSOR", help="Begin behind this place; without it, now.")
@click.option("--from-start", is_flag=True, help="Begin with the first event.")
@click.option("--count", type=click.IntRange(1), help="End after so many.")
@click.option("--kafka", default="", metavar="HOST:PORT", help="From the topics, instead of over HTTP.")
@data_option
@environment_option
@json_option
def tail(
    types: tuple[str, ...],
    application: str,
    after: str,
    from_start: bool,
    count: int | None,
    kafka: str,
    data: Path,
    environment: str,
    as_json: bool,
) -> None:
    """What happens, as it happens, until Ctrl-C. A platform that stops is waited for, and nothing is missed meanwhile.

    \b
    Example:  mkondo events tail
              mkondo events tail --types PaymentCompleted,PaymentFailed --json
              mkondo events tail --from-start --count 10
              mkondo events tail --kafka broker:9092
    """
    if kafka and (application or after != LATEST):
        raise click.UsageError("From Kafka there is neither --application nor --after.")
    if from_start and after != LATEST:
        raise click.UsageError("Either --after or --from-start.")
    heed_interrupts()
    if kafka:
        _run(_print_topics(kafka, environment, types, from_start, count, as_json))
        return
    feed = Feed(data, environment, types, application)
    place = "" if from_start else feed.place() if after == LATEST else after
    _print_stream(feed, place, count, as_json)


def _print_stream(feed: Feed, place: str, count: int | None, as_json: bool) -> None:
    try:
        for line in islice(feed.follow(place), count):
            place = line.cursor
            _print(line, as_json)
    except KeyboardInterrupt:
        click.echo(f"Go on from here with --after {place}" if place else "Nothing came.", err=True)


async def _print_topics(
    kafka: str, environment: str, types: tuple[str, ...], from_start: bool, count: int | None, as_json: bool
) -> None:
    left = count
    async for line in follow_topics(kafka, environment, types, from_start):
        _print(line, as_json)
        left = None if left is None else left - 1
        if left == 0:
            return


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except TryLater as trouble:
        raise CannotDo(str(trouble)) from trouble
    except KeyboardInterrupt:
        return


def _print(line: Line, as_json: bool) -> None:
    if as_json:
        click.echo(line.event)
        return
    event = json.loads(line.event)
    data = {name: value for name, value in event["data"].items() if name != "type"}
    kind = event["type"].removeprefix("mkondo.")
    click.echo(f"{event['time']}  {event['id']:<18} {kind:<24} {event['subject']}  {json.dumps(data)}")


@command.command()
@click.argument("file", type=FILE)
@types_option
@application_option
@data_option
@environment_option
@json_option
def export(file: Path, types: tuple[str, ...], application: str, data: Path, environment: str, as_json: bool) -> None:
    """Every event so far into a file, a CloudEvent a line. Run again, it goes on where the file ends.

    \b
    Example:  mkondo events export events.jsonl
              mkondo events export endings.jsonl --types PaymentCompleted,PaymentFailed
    """
    feed = Feed(data, environment, types, application)
    with EventFile(file, environment) as kept:
        before = kept.events
        for events, _ in feed.pages(kept.cursor):
            kept.append(events)
        figures = {
            "file": str(file),
            "events": kept.events,
            "new": kept.events - before,
            "sources": len(kept.positions),
            "until": kept.until,
        }
    if as_json:
        click.echo(json.dumps(figures))
    else:
        click.echo(
            "{file}: {events} events, {new} of them new, from {sources} sources, until {until}".format(**figures)
        )


@command.command()
@click.argument("name", metavar="[TYPE]", default="")
@click.option("--version", type=click.IntRange(1), help="An older version; without it, the one that is written now.")
@json_option
def schema(name: str, version: int | None, as_json: bool) -> None:
    """Which events there are; or the JSON Schema of one.

    \b
    Example:  mkondo events schema
              mkondo events schema PaymentCompleted
    """
    events = every_event()
    if not name:
        for event in events:
            found = {"type": event.type, "version": event.version, "topic": event.topic}
            click.echo(
                json.dumps(found) if as_json else f"{event.topic:<20} {event.name:<28} {_summary(event.description)}"
            )
        return
    for event in events:  # the one that is written now comes first
        if event.type == name and version in (None, event.version):
            click.echo(msgspec.json.format(msgspec.json.encode(event.schema), indent=2))
            return
    raise CannotDo(
        f"no public event {name} {f'version {version} ' if version else ''}is known: see `mkondo events schema`"
    )


def _summary(description: str) -> str:
    return description.partition("\n\n")[0].replace("\n", " ")
