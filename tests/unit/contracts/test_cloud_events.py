"""An event is the same CloudEvent over Kafka and over HTTP, and its sequence sorts as text."""

import msgspec

from mkondo.adapters.kafka.public import structured as from_record
from mkondo.adapters.kafka.wire import row_records
from mkondo.contracts.cloud_events import ATTRIBUTES, attributes, structured
from mkondo.contracts.codec import encode
from mkondo.contracts.journal import JournalRow
from mkondo.domain.ids import ApplicationId, Instant, SessionHash
from mkondo.domain.session import SessionRevoked

EVENT = SessionRevoked(ApplicationId("app-1"), SessionHash("ab" * 32), "the operator said so")


def row(sequence: int) -> JournalRow:
    return JournalRow("admission/3", sequence, Instant(1_700_000_000_042), "SessionRevoked", 1, "app-1", encode(EVENT))


def test_kafka_and_http_tell_the_same() -> None:
    (record,) = row_records("sandbox", [row(17)])
    over_http = msgspec.json.decode(structured("sandbox", row(17)))
    assert msgspec.json.decode(from_record(record.headers, record.value)) == over_http
    assert over_http == {
        "specversion": "1.0",
        "id": "admission/3/17",
        "source": "/mkondo/sandbox/admission/3",
        "type": "mkondo.SessionRevoked.v1",
        "time": "2023-11-14T22:13:20.042Z",
        "subject": "app-1",
        "partitionkey": "app-1",
        "sequence": "0000000000000000017",
        "datacontenttype": "application/json",
        "data": msgspec.json.decode(encode(EVENT)),
    }
    assert over_http.keys() - {"data"} == ATTRIBUTES.keys()


def test_data_are_the_journals_own_bytes() -> None:
    assert encode(EVENT) in structured("sandbox", row(1))


def test_sequences_sort_as_texts() -> None:
    texts = [attributes("sandbox", row(sequence))["sequence"] for sequence in (1, 9, 10, 2**62)]
    assert texts == sorted(texts)
