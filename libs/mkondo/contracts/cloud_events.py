"""A row of a journal as a CloudEvent 1.0, whichever way it travels: Kafka headers, or JSON over HTTP.

The attributes are the same in both. `source` and `id` name an event for ever; `sequence` counts the events of a source
from 1 without gaps, over all topics; whoever keeps the highest one of each source, topic by topic, drops repeats. Read
next: adapters/kafka/wire.py, runtime/event_stream.py.
"""

from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from mkondo.contracts.journal import JournalRow
from mkondo.domain.ids import Instant

SEQUENCE_DIGITS = 19
"""Zeros in front, so that texts sort as numbers do (the CloudEvents sequence extension asks for it)."""

ATTRIBUTES: dict[str, str] = {
    "specversion": "1.0",
    "id": "The source's short name and the sequence, such as `ledger/3/17`: the same in every delivery.",
    "source": "The journal that the event is a row of: `/mkondo/{environment}/{decider}/{partition}`.",
    "type": "`mkondo.{type}.v{version}`; each has a JSON Schema.",
    "time": "The environment's clock, in UTC with milliseconds. It never goes back within a source.",
    "subject": "What the event is about: the key of the processor that wrote it, such as the debited account.",
    "partitionkey": "The same once more, under the name that says that it orders; the key of the Kafka record.",
    "sequence": f"The place in the source, from 1 without gaps; {SEQUENCE_DIGITS} digits, zeros in front.",
    "datacontenttype": "`application/json`; in Kafka it is the header `content-type`.",
}
"""Each attribute in words, for people."""


def attributes(environment: str, row: JournalRow) -> dict[str, str]:
    """All but the content type, which each way of travelling calls by another name."""
    return {
        "specversion": "1.0",
        "id": f"{row.source}/{row.sequence}",
        "source": f"/mkondo/{environment}/{row.source}",
        "type": f"mkondo.{row.type}.v{row.version}",
        "time": f"{second_of(row.time)}.{row.time % 1000:03d}Z",
        "subject": row.key,
        "partitionkey": row.key,
        "sequence": f"{row.sequence:0{SEQUENCE_DIGITS}d}",
    }


def structured(environment: str, row: JournalRow) -> bytes:
    """The event as one line of JSON (application/cloudevents+json). Its data are the journal's own bytes."""
    about = attributes(environment, row) | {"datacontenttype": "application/json"}
    return msgspec.json.encode(about | {"data": msgspec.Raw(row.data)})


def second_of(time: Instant) -> str:
    """RFC 3339 up to the seconds, which many events share."""
    return _second(time // 1000)


@lru_cache(maxsize=256)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
