"""`mkondo listen`: results to a program on this machine, without an address that the platform could reach.

It follows the feed of results (services/portal/api/results.py) and keeps its place in the data directory, written after
each result that the program has answered: killed at any moment, it goes on with the first one that it may have missed.
Read next: listen_place.py.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import click
import httpx

from mkondo.adapters.client.address import is_address
from mkondo.adapters.client.wire import UNANSWERED
from services.cli.errors import CannotDo
from services.cli.files import addresses
from services.cli.interrupted import heed_interrupts
from services.cli.listen_place import Place
from services.cli.management import authorization, checked, is_for_now, said_by
from services.cli.options import data_option, environment_option
from services.cli.patience import Away, Patience, platform_away, platform_busy
from services.cli.replay import application_option

WAIT_SECONDS = 20
"""How long the platform holds an empty answer back."""
ANSWER_SECONDS_MAX = 30.0
BODY_READ, BODY_SECONDS_MAX = 64 << 10, 2.0
_FEED = ("results", "next")
_Answer = TypeVar("_Answer")
_RESULT = ("cursor", "id", "operation", "body", "headers")


@click.command()
@click.option("--forward-to", "url", required=True, metavar="URL", help="Your program, such as http://127.0.0.1:9000/.")
@click.option("--from-start", is_flag=True, help="From the very first result, whatever was forwarded before.")
@application_option
@data_option
@environment_option
def command(url: str, from_start: bool, application: str, data: Path, environment: str) -> None:
    """Forward every result of an application to a program on this machine, until Ctrl-C. What is replayed comes too.

    The first time it begins with the results that are still to come; afterwards where it was.

    \b
    Example:  mkondo listen --forward-to http://127.0.0.1:9000/mpesa
    """
    if not is_address(url):
        raise CannotDo(f"{url[:80]!r} is no address: write --forward-to http://127.0.0.1:9000/")
    heed_interrupts()
    try:
        with Place(data, environment, application) as place:
            Listener(url, data, f"{environment}/results?application={quote(application, safe='')}", place).run(
                from_start
            )
    except KeyboardInterrupt:
        click.echo("stopped; the next `mkondo listen` goes on from here")


class Listener:
    """One run. What is away is waited for: the platform, and the program."""

    def __init__(self, url: str, data: Path, feed: str, place: Place) -> None:
        self._url, self._data, self._feed, self._place = url, data, feed, place
        self._http = httpx.Client(trust_env=False, timeout=ANSWER_SECONDS_MAX)
        self._patience = Patience()

    def run(self, from_start: bool) -> None:
        """Until it is interrupted, or the platform refuses: CannotDo."""
        known = "" if from_start else self._place.read()
        cursor = known if known is not None else self._ask("newest", 0)["next"]
        self._place.write(cursor)
        click.echo(f"listening; forwarding to {self._url}")
        while True:
            for result in self._ask(cursor, WAIT_SECONDS)["results"]:
                said = checked(result, _RESULT, "the platform")
                self._forward(said)
                cursor = said["cursor"]
                self._place.write(cursor)

    # Where it comes from ------------------------------------------------------------------------------------------

    def _ask(self, after: str, wait: int) -> dict[str, Any]:
        return self._until_answered(lambda: self._page(after, wait))

    def _page(self, after: str, wait: int) -> dict[str, Any]:
        """The address and the token are read each time: a platform that has started again may have other ones."""
        try:
            address, headers = addresses(self._data)["http"], authorization(self._data)
        except CannotDo as trouble:
            raise platform_away(trouble) from trouble
        try:
            answer = self._http.get(f"{address}/api/v1/{self._feed}&after={after}&wait={wait}", headers=headers)
        except UNANSWERED as trouble:
            raise platform_away(trouble) from trouble
        if is_for_now(answer):
            raise platform_busy(answer)
        return checked(said_by(answer, address), _FEED, address)

    # Where it goes ------------------------------------------------------------------------------------------------

    def _forward(self, result: dict[str, Any]) -> None:
        began = time.monotonic()
        status = self._until_answered(lambda: self._post(result))
        took = round((time.monotonic() - began) * 1_000)
        click.echo(f"{result['operation']} {result['id']} -> HTTP {status} in {took} ms")

    def _post(self, result: dict[str, Any]) -> int:
        """Whatever it answers counts: a program that says 500 can have the result again by `mkondo replay`."""
        headers = {"content-type": "application/json", "user-agent": "Mkondo", **result["headers"]}
        try:
            with self._http.stream("POST", self._url, content=result["body"].encode(), headers=headers) as answer:
                _read_past(answer)
                return answer.status_code
        except UNANSWERED as trouble:
            raise Away(f"{self._url} does not answer ({type(trouble).__name__})") from trouble

    # Patience -----------------------------------------------------------------------------------------------------

    def _until_answered(self, ask: Callable[[], _Answer]) -> _Answer:
        while True:
            try:
                answer = ask()
            except Away as away:
                self._patience.wait(away)
            else:
                self._patience.is_over()
                return answer


def _read_past(answer: httpx.Response) -> None:
    """The body of an answer whose status has been heard, so that its connection can be used again. One that is long,
    never ends, breaks off or can't be unpacked ends its connection, and neither the listener nor the result."""
    read, until = 0, time.monotonic() + BODY_SECONDS_MAX
    with suppress(httpx.HTTPError):
        for piece in answer.iter_raw():
            read += len(piece)
            if read > BODY_READ or time.monotonic() > until:
                return
