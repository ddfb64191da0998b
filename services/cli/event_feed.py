"""Events for the command line, as lines of CloudEvents JSON: from the management API, or from Kafka's topics.

Read next: events.py, which prints them; services/portal/api/events.py, which serves them.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from mkondo.adapters.client.wire import UNANSWERED, trouble_with
from services.cli.errors import CannotDo
from services.cli.files import addresses
from services.cli.management import authorization, call, is_for_now, said_by
from services.cli.patience import Away, Patience, platform_away, platform_busy

PAGE = 1_000
SILENCE_SECONDS_MAX = 40.0
"""A stream has a heartbeat every 15 seconds: after so long without, the connection is dead."""


class Line(msgspec.Struct, frozen=True):
    """One event: its JSON, and the cursor behind it (none from Kafka, whose consumers keep offsets)."""

    event: bytes
    cursor: str = ""


class Feed(msgspec.Struct, frozen=True):
    """What to read of one environment of the platform whose data directory this is."""

    data: Path
    environment: str
    types: tuple[str, ...] = ()
    application: str = ""

    @property
    def path(self) -> str:
        return f"{self.environment}/events"

    def _asked(self, after: str) -> dict[str, str]:
        asked = {"after": after, "types": ",".join(self.types), "application": self.application}
        return {name: value for name, value in asked.items() if value}

    def pages(self, after: str) -> Iterator[tuple[list[Any], str]]:
        """Everything up to now, page by page, with the cursor behind each."""
        more = True
        while more:
            query = httpx.QueryParams(self._asked(after) | {"limit": str(PAGE)})
            page = call(self.data, "GET", f"{self.path}?{query}", keys=("events", "next", "more"))
            after, more = page["next"], page["more"]
            yield page["events"], after

    def place(self) -> str:
        """The cursor behind everything there is."""
        return str(call(self.data, "GET", f"{self.path}?after=latest&limit=1", keys=("next",))["next"])

    def follow(self, after: str) -> Iterator[Line]:
        """What comes, without end. Nobody there at first is an error; a platform that goes away later is waited for,
        and this goes on where it was."""
        address, patience = str(addresses(self.data)["http"]), Patience()
        connected = False
        while True:
            try:
                with self._open(address, after, patient=connected) as answer:
                    connected = True
                    patience.is_over()
                    for line in events_of(lines_of(answer.iter_bytes())):
                        after = line.cursor
                        if line.event:
                            yield line
                patience.wait(Away("the platform has ended the stream"))
            except UNANSWERED as trouble:
                if not connected:
                    raise trouble_with(address, trouble, SILENCE_SECONDS_MAX) from trouble
                patience.wait(platform_away(trouble))
            except Away as away:
                patience.wait(away)
            address = self._address_again(patience)

    def _address_again(self, patience: Patience) -> str:
        """Where the platform answers when it is there again: not always where it did."""
        while True:
            try:
                return str(addresses(self.data)["http"])
            except CannotDo as trouble:  # an error at the start; now it is only not there yet
                patience.wait(platform_away(trouble))

    @contextmanager
    def _open(self, address: str, after: str, *, patient: bool) -> Iterator[httpx.Response]:
        """With `patient`, one that is busy or has lost its store is Away."""
        headers = authorization(self.data) | {"Accept": "text/event-stream"}
        url, timeout = f"{address}/api/v1/{self.path}", httpx.Timeout(SILENCE_SECONDS_MAX)
        asked = self._asked(after)
        with httpx.stream("GET", url, params=asked, headers=headers, timeout=timeout, trust_env=False) as answer:
            if not answer.is_success:
                answer.read()
                if patient and is_for_now(answer):
                    raise platform_busy(answer)
                said_by(answer, address)
            yield answer


def lines_of(pieces: Iterable[bytes]) -> Iterator[str]:
    """The lines of a stream, in whatever pieces it comes. They end with a line feed and nothing else: what Python and
    httpx take for an end as well (U+2028, say) may stand in an event, where a merchant wrote it."""
    left = b""
    for piece in pieces:
        *whole, left = (left + piece).split(b"\n")
        yield from (line.decode() for line in whole)


def events_of(lines: Iterable[str]) -> Iterator[Line]:
    """The events of a stream of server-sent events. One without data only moves the cursor on."""
    event, cursor = b"", ""
    for text in lines:
        field, _, value = text.partition(": ")
        if field == "data":
            event = value.encode()
        elif field == "id":
            cursor = value
        elif not text and cursor:
            yield Line(event, cursor)
            event = b""


async def follow_topics(
    bootstrap: str, environment: str, types: Collection[str], from_start: bool
) -> AsyncIterator[Line]:
    """The same from the topics: what comes, without end. TryLater when no broker answers."""
    from mkondo.adapters.kafka.connection import Connection
    from mkondo.adapters.kafka.public import follow

    async for event in follow(Connection(bootstrap), environment, types, from_start=from_start):
        yield Line(event)
